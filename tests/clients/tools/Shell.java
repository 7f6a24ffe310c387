// Runs Apache Kafka's command-line tools one after the other in one JVM: a start costs a second, a tool a few hundredths.
// A line in is a call, a line out is its outcome, both JSON. A tool sees what it would see in a process of its own:
// its arguments, standard input, output and error, and exit by Kafka's own door, which is there to be replaced in tests.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.kafka.common.utils.Exit;

public class Shell {
    /** A stream that libraries may keep: what it writes goes to the call of the moment, or nowhere. */
    static class Current extends OutputStream {
        ByteArrayOutputStream taken = new ByteArrayOutputStream();
        boolean muted;

        @Override public synchronized void write(int octet) {
            if (!muted)
                taken.write(octet);
        }

        @Override public synchronized void write(byte[] octets, int offset, int length) {
            if (!muted)
                taken.write(octets, offset, length);
        }

        synchronized void begin() {
            taken = new ByteArrayOutputStream();
            muted = false;
        }

        synchronized void mute(boolean silent) {
            muted = silent;
        }

        synchronized String text() {
            return taken.toString(StandardCharsets.UTF_8);
        }
    }

    /** Leads out of a tool that has ended. */
    static class Exited extends Error {
        Exited() {
            super(null, null, false, false);
        }
    }

    static final Current out = new Current();
    static final Current err = new Current();
    static final List<Thread> hooks = Collections.synchronizedList(new ArrayList<>());
    static Integer status;

    public static void main(String[] unused) throws Exception {
        var calls = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var outcomes = System.out;
        var json = new ObjectMapper();
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        Exit.setExitProcedure((code, message) -> exit(code));
        Exit.setHaltProcedure((code, message) -> exit(code));
        Exit.setShutdownHookAdder((name, hook) -> hooks.add(new Thread(hook)));
        for (String line; (line = calls.readLine()) != null; ) {
            run(json.readTree(line));
            var outcome = json.createObjectNode().put("status", status).put("out", out.text()).put("err", err.text());
            outcomes.println(json.writeValueAsString(outcome));
            outcomes.flush();
        }
        Runtime.getRuntime().halt(0);
    }

    static void run(JsonNode call) throws Exception {
        status = null;
        out.begin();
        err.begin();
        hooks.clear();
        System.setIn(new ByteArrayInputStream(call.get("stdin").asText().getBytes(StandardCharsets.UTF_8)));
        var arguments = StreamSupport.stream(call.get("arguments").spliterator(), false).map(JsonNode::asText);
        var tool = Class.forName(call.get("tool").asText()).getMethod("main", String[].class);
        try {
            tool.invoke(null, (Object) arguments.toArray(String[]::new));
        } catch (InvocationTargetException thrown) {
            if (!(thrown.getCause() instanceof Exited))
                thrown.getCause().printStackTrace();
            if (status == null)
                status = 1;
        }
        if (status == null)
            status = 0;
        shutDown();
    }

    /** The first exit counts, and nothing is heard of the way out: some tools catch even this, and exit once more. */
    static void exit(int code) {
        if (status == null)
            status = code;
        out.mute(true);
        err.mute(true);
        throw new Exited();
    }

    /** What a JVM does at its end: the producer of the console sends what it still has there. */
    static void shutDown() throws InterruptedException {
        out.mute(false);
        err.mute(false);
        hooks.forEach(Thread::start);
        for (Thread hook : hooks)
            hook.join();
    }
}
