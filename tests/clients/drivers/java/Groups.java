package matrix;

import static matrix.Json.list;
import static matrix.Json.offsets;
import static matrix.Json.parts;
import static matrix.Json.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.common.TopicPartition;

/** Administration of groups and of their offsets. */
final class Groups {
    private final Supplier<Admin> admin;

    Groups(Supplier<Admin> admin) {
        this.admin = admin;
    }

    Map<String, Driver.Call> calls() {
        Map<String, Driver.Call> calls = new HashMap<>();
        calls.put("groups", given -> admin.get().listConsumerGroups().all().get().stream()
            .map(one -> one.groupId()).collect(Collectors.toList()));
        calls.put("describe_group", this::describe);
        calls.put("delete_group", given -> {
            admin.get().deleteConsumerGroups(Collections.singleton(text(given, "group"))).all().get();
            return null;
        });
        calls.put("group_offsets", this::committed);
        calls.put("set_group_offsets", given -> {
            admin.get().alterConsumerGroupOffsets(text(given, "group"), offsets(given.get("offsets"))).all().get();
            return null;
        });
        calls.put("delete_group_offsets", given -> {
            Set<TopicPartition> parts = new HashSet<>(parts(given.get("parts")));
            admin.get().deleteConsumerGroupOffsets(text(given, "group"), parts).all().get();
            return null;
        });
        return calls;
    }

    private Object describe(JsonNode given) throws Exception {
        String group = text(given, "group");
        ConsumerGroupDescription found =
            admin.get().describeConsumerGroups(Collections.singleton(group)).all().get().get(group);
        Map<String, Object> told = new HashMap<>();
        told.put("state", String.valueOf(found.state()));
        told.put("members", found.members().size());
        return told;
    }

    private Object committed(JsonNode given) throws Exception {
        List<Object> found = new ArrayList<>();
        admin.get().listConsumerGroupOffsets(text(given, "group")).partitionsToOffsetAndMetadata().get()
            .forEach((part, at) -> found.add(list(part.topic(), part.partition(), at.offset())));
        return found;
    }
}
