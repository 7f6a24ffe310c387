package matrix;

import static matrix.Json.told;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;

/**
 * Driver of Apache Kafka's Java client, compiled against each version of it: calls as JSON lines on standard input,
 * answers on standard output.
 */
public final class Driver {
    interface Call {
        Object answer(JsonNode given) throws Exception;
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    private final String bootstrap;
    private final Map<String, Call> calls = new HashMap<>();
    private Admin connectedAdmin;

    private Driver(String bootstrap) {
        this.bootstrap = bootstrap;
        calls.putAll(new Producing(bootstrap).calls());
        calls.putAll(new Consuming(bootstrap).calls());
        calls.putAll(new Topics(this::admin).calls());
        calls.putAll(new Groups(this::admin).calls());
        calls.putAll(new Cluster(this::admin).calls());
    }

    public static void main(String[] arguments) throws Exception {
        // The library's own prints must not come between the answers.
        PrintStream answers = System.out;
        System.setOut(System.err);
        Driver driver = new Driver(arguments[0]);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            answers.println(JSON.writeValueAsString(driver.answer(JSON.readTree(line))));
            answers.flush();
        }
        System.exit(0);
    }

    private Map<String, Object> answer(JsonNode given) {
        Map<String, Object> reply = new HashMap<>();
        try {
            reply.put("ok", calls.get(given.get("call").asText()).answer(given));
        } catch (Throwable error) {
            reply.put("error", told(error));
        }
        return reply;
    }

    private Admin admin() {
        if (connectedAdmin == null) {
            Properties named = new Properties();
            named.put("bootstrap.servers", bootstrap);
            connectedAdmin = Admin.create(named);
        }
        return connectedAdmin;
    }
}
