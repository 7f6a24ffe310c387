package matrix;

import static matrix.Json.offsets;
import static matrix.Json.part;
import static matrix.Json.parts;
import static matrix.Json.shown;
import static matrix.Json.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;

/** Reading in groups: polled, and in the background. */
final class Consuming {
    private final String bootstrap;
    private final Map<String, Held> consumers = new ConcurrentHashMap<>();
    private final Map<String, Reading> readings = new HashMap<>();

    Consuming(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    Map<String, Driver.Call> calls() {
        Map<String, Driver.Call> calls = new HashMap<>();
        polling(calls);
        positions(calls);
        reading(calls);
        return calls;
    }

    private void polling(Map<String, Driver.Call> calls) {
        calls.put("open", this::open);
        calls.put("poll", given -> held(given).poll(given.get("timeout_ms").asLong()));
        calls.put("rebalances", given -> held(given).events);
        calls.put("assignment", given -> shown(held(given).consumer.assignment()));
        calls.put("pause", given -> {
            held(given).consumer.pause(parts(given.get("parts")));
            return null;
        });
        calls.put("resume", given -> {
            held(given).consumer.resume(parts(given.get("parts")));
            return null;
        });
        calls.put("close", given -> {
            consumers.remove(text(given, "name")).consumer.close();
            return null;
        });
    }

    private void positions(Map<String, Driver.Call> calls) {
        calls.put("commit", given -> {
            if (given.get("offsets").isNull()) held(given).consumer.commitSync();
            else held(given).consumer.commitSync(offsets(given.get("offsets")));
            return null;
        });
        calls.put("committed", given -> {
            OffsetAndMetadata found = held(given).consumer.committed(Collections.singleton(part(given))).get(part(given));
            return found == null ? null : found.offset();
        });
        calls.put("seek", this::seek);
        calls.put("offset_for_time", given -> held(given).consumer
            .offsetsForTimes(Collections.singletonMap(part(given), given.get("timestamp").asLong()))
            .get(part(given)).offset());
    }

    private void reading(Map<String, Driver.Call> calls) {
        calls.put("start_reading", given -> {
            open(given);
            readings.put(text(given, "name"), new Reading(held(given)));
            return null;
        });
        calls.put("read_ends", given -> {
            Reading reading = readings.get(text(given, "name"));
            reading.broken();
            return reading.read;
        });
        calls.put("stop_reading", given -> {
            Reading reading = readings.remove(text(given, "name"));
            reading.end();
            return reading.events;
        });
    }

    private Held held(JsonNode given) {
        return consumers.get(text(given, "name"));
    }

    private Object open(JsonNode given) {
        Held held = new Held(named(given.get("settings")));
        consumers.put(text(given, "name"), held);
        if (given.hasNonNull("pattern")) {
            held.consumer.subscribe(Pattern.compile(text(given, "pattern")), held);
        } else {
            List<String> topics = new ArrayList<>();
            for (JsonNode topic : given.get("topics")) topics.add(topic.asText());
            held.consumer.subscribe(topics, held);
        }
        return null;
    }

    private Properties named(JsonNode settings) {
        Properties named = new Properties();
        named.put("bootstrap.servers", bootstrap);
        named.put("group.id", text(settings, "group"));
        named.put("auto.offset.reset", settings.path("reset").asText("earliest"));
        named.put("enable.auto.commit", String.valueOf(settings.path("auto_commit").asBoolean(false)));
        named.put("auto.commit.interval.ms", "300");
        named.put("session.timeout.ms", settings.path("session_ms").asInt(10_000));
        named.put("heartbeat.interval.ms", "300");
        named.put("metadata.max.age.ms", "500");
        named.put("partition.assignment.strategy", settings.path("assignor").asText("eager").equals("eager")
            ? "org.apache.kafka.clients.consumer.RangeAssignor"
            : "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
        if (settings.hasNonNull("instance")) named.put("group.instance.id", text(settings, "instance"));
        return named;
    }

    private Object seek(JsonNode given) {
        KafkaConsumer<byte[], byte[]> consumer = held(given).consumer;
        JsonNode to = given.get("to");
        if (to.isInt()) consumer.seek(part(given), to.asLong());
        else if (to.asText().equals("beginning")) consumer.seekToBeginning(Collections.singleton(part(given)));
        else consumer.seekToEnd(Collections.singleton(part(given)));
        return null;
    }
}
