package matrix;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;

/** How the client's own things are written in calls and answers. */
final class Json {
    private Json() {}

    // -- what is given

    static String text(JsonNode given, String name) {
        return given.get(name).asText();
    }

    static byte[] unpack(JsonNode text) {
        return text == null || text.isNull() ? null : Base64.getDecoder().decode(text.asText());
    }

    static TopicPartition part(JsonNode given) {
        return given.isArray()
            ? new TopicPartition(given.get(0).asText(), given.get(1).asInt())
            : new TopicPartition(text(given, "topic"), given.get("partition").asInt());
    }

    static List<TopicPartition> parts(JsonNode given) {
        List<TopicPartition> found = new ArrayList<>();
        for (JsonNode one : given) found.add(part(one));
        return found;
    }

    static Map<TopicPartition, OffsetAndMetadata> offsets(JsonNode given) {
        Map<TopicPartition, OffsetAndMetadata> found = new HashMap<>();
        for (JsonNode one : given) found.put(part(one), new OffsetAndMetadata(one.get(2).asLong()));
        return found;
    }

    static Map<String, String> values(JsonNode given) {
        Map<String, String> found = new HashMap<>();
        given.fields().forEachRemaining(one -> found.put(one.getKey(), one.getValue().asText()));
        return found;
    }

    // -- what is told

    static List<Object> list(Object... members) {
        return new ArrayList<>(Arrays.asList(members));
    }

    static String pack(byte[] data) {
        return data == null ? null : Base64.getEncoder().encodeToString(data);
    }

    static List<Object> shown(Collection<TopicPartition> parts) {
        return parts.stream().map(one -> list(one.topic(), one.partition())).collect(Collectors.toList());
    }

    static Map<String, Object> told(Throwable error) {
        Throwable cause = error instanceof ExecutionException ? error.getCause() : error;
        Map<String, Object> answer = new HashMap<>();
        answer.put("name", cause.getClass().getSimpleName());
        answer.put("message", String.valueOf(cause.getMessage()));
        answer.put("code", (int) Errors.forException(cause).code());
        return answer;
    }
}
