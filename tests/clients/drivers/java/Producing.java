package matrix;

import static matrix.Json.list;
import static matrix.Json.text;
import static matrix.Json.told;
import static matrix.Json.unpack;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Sending: given records, and numbers in the background. */
final class Producing {
    private final String bootstrap;
    private final Map<String, Load> loads = new HashMap<>();

    Producing(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    Map<String, Driver.Call> calls() {
        Map<String, Driver.Call> calls = new HashMap<>();
        calls.put("produce", this::produce);
        calls.put("start_load", given -> {
            loads.put(text(given, "name"), new Load(given));
            return null;
        });
        calls.put("load_count", given -> {
            Load load = loads.get(text(given, "name"));
            load.broken();
            return load.answers.size();
        });
        calls.put("stop_load", given -> loads.remove(text(given, "name")).answered());
        return calls;
    }

    private KafkaProducer<byte[], byte[]> producer(JsonNode settings) {
        Properties named = new Properties();
        named.put("bootstrap.servers", bootstrap);
        named.put("enable.idempotence", String.valueOf(settings.path("idempotence").asBoolean(true)));
        named.put("acks", "all");
        named.put("compression.type", settings.path("compression").asText("none"));
        named.put("max.request.size", settings.path("max_request_bytes").asInt(1_048_576));
        named.put("linger.ms", "5");
        return new KafkaProducer<>(named, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static ProducerRecord<byte[], byte[]> record(String topic, JsonNode one) {
        Integer partition = one.get("p").isNull() ? null : (Integer) one.get("p").asInt();
        Long timestamp = one.get("ts").isNull() ? null : (Long) one.get("ts").asLong();
        ProducerRecord<byte[], byte[]> record =
            new ProducerRecord<>(topic, partition, timestamp, unpack(one.get("k")), unpack(one.get("v")));
        for (JsonNode header : one.get("h")) record.headers().add(header.get(0).asText(), unpack(header.get(1)));
        return record;
    }

    private Object produce(JsonNode given) {
        JsonNode records = given.get("records");
        Object[] answers = new Object[records.size()];
        try (KafkaProducer<byte[], byte[]> producer = producer(given.get("settings"))) {
            for (int i = 0; i < answers.length; i++) {
                int index = i;
                producer.send(record(text(given, "topic"), records.get(i)), (placed, error) ->
                    answers[index] = error == null ? list(placed.partition(), placed.offset()) : told(error));
            }
        }
        return answers;
    }

    private final class Load extends Background {
        final List<Object> answers = Collections.synchronizedList(new ArrayList<>());
        final JsonNode given;
        int sent;

        Load(JsonNode given) {
            this.given = given;
            start();
        }

        void work() throws InterruptedException {
            try (KafkaProducer<byte[], byte[]> producer = producer(given.get("settings"))) {
                while (!stopping) {
                    int number = sent++;
                    byte[] value = String.valueOf(number).getBytes(StandardCharsets.UTF_8);
                    int partition = number % given.get("partitions").asInt();
                    producer.send(new ProducerRecord<>(text(given, "topic"), partition, null, value), (placed, error) ->
                        answers.add(list(
                            number,
                            error == null ? list(placed.partition(), placed.offset()) : told(error),
                            System.currentTimeMillis() / 1000.0)));
                    Thread.sleep(given.get("interval_ms").asLong());
                }
            }
        }

        Object answered() throws InterruptedException, ExecutionException {
            end();
            Map<String, Object> told = new HashMap<>();
            told.put("sent", sent);
            told.put("answers", answers);
            return told;
        }
    }
}
