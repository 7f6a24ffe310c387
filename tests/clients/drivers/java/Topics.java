package matrix;

import static matrix.Json.part;
import static matrix.Json.text;
import static matrix.Json.values;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;

/** Administration of topics, and of what is in their partitions. */
final class Topics {
    private final Supplier<Admin> admin;

    Topics(Supplier<Admin> admin) {
        this.admin = admin;
    }

    Map<String, Driver.Call> calls() {
        Map<String, Driver.Call> calls = new HashMap<>();
        calls.put("create_topic", this::create);
        calls.put("topics", given -> admin.get().listTopics().names().get());
        calls.put("describe_topic", this::describe);
        calls.put("add_partitions", given -> {
            NewPartitions wanted = NewPartitions.increaseTo(given.get("total").asInt());
            admin.get().createPartitions(Collections.singletonMap(text(given, "topic"), wanted)).all().get();
            return null;
        });
        calls.put("delete_topic", given -> {
            admin.get().deleteTopics(Collections.singleton(text(given, "topic"))).all().get();
            return null;
        });
        calls.put("ends", given -> {
            List<Object> found = new ArrayList<>();
            for (OffsetSpec spec : Arrays.asList(OffsetSpec.earliest(), OffsetSpec.latest())) {
                found.add(offset(part(given), spec));
            }
            return found;
        });
        calls.put("offset_at", given -> offset(part(given), OffsetSpec.forTimestamp(given.get("timestamp").asLong())));
        calls.put("delete_records", given -> admin.get()
            .deleteRecords(Collections.singletonMap(part(given), RecordsToDelete.beforeOffset(given.get("before").asLong())))
            .lowWatermarks().get(part(given)).get().lowWatermark());
        return calls;
    }

    private Object create(JsonNode given) throws Exception {
        NewTopic topic = new NewTopic(
            text(given, "topic"), given.get("partitions").asInt(), (short) given.get("replication").asInt());
        topic.configs(values(given.get("configs")));
        admin.get().createTopics(Collections.singleton(topic)).all().get();
        return null;
    }

    private Object describe(JsonNode given) throws Exception {
        return described(text(given, "topic")).partitions().stream().map(one -> {
            Map<String, Object> told = new HashMap<>();
            told.put("partition", one.partition());
            told.put("leader", one.leader().id());
            told.put("replicas", one.replicas().stream().map(Node::id).collect(Collectors.toList()));
            return told;
        }).collect(Collectors.toList());
    }

    /** Its name was `all` before 3.1 and is `allTopicNames` since; 4.0 has only that. */
    @SuppressWarnings("unchecked")
    private TopicDescription described(String topic) throws Exception {
        Object result = admin.get().describeTopics(Collections.singleton(topic));
        Method all;
        try {
            all = result.getClass().getMethod("allTopicNames");
        } catch (NoSuchMethodException error) {
            all = result.getClass().getMethod("all");
        }
        return ((KafkaFuture<Map<String, TopicDescription>>) all.invoke(result)).get().get(topic);
    }

    private long offset(TopicPartition part, OffsetSpec spec) throws Exception {
        return admin.get().listOffsets(Collections.singletonMap(part, spec)).partitionResult(part).get().offset();
    }
}
