package matrix;

import static matrix.Json.list;
import static matrix.Json.text;
import static matrix.Json.values;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;

/** Administration of the cluster: its brokers, their folders, and the configurations that it keeps. */
final class Cluster {
    private final Supplier<Admin> admin;

    Cluster(Supplier<Admin> admin) {
        this.admin = admin;
    }

    Map<String, Driver.Call> calls() {
        Map<String, Driver.Call> calls = new HashMap<>();
        calls.put("configs", this::configs);
        calls.put("alter_configs", this::alterConfigs);
        calls.put("log_dirs", this::logDirs);
        calls.put("cluster", given -> {
            DescribeClusterResult found = admin.get().describeCluster();
            Map<String, Object> told = new HashMap<>();
            told.put("id", found.clusterId().get());
            told.put("controller", found.controller().get().id());
            told.put("brokers", found.nodes().get().stream().map(Node::id).collect(Collectors.toList()));
            return told;
        });
        return calls;
    }

    private static ConfigResource resource(JsonNode given) {
        return new ConfigResource(ConfigResource.Type.valueOf(text(given, "kind").toUpperCase()), text(given, "of"));
    }

    private Object configs(JsonNode given) throws Exception {
        ConfigResource resource = resource(given);
        Map<String, String> found = new HashMap<>();
        for (ConfigEntry entry :
                admin.get().describeConfigs(Collections.singleton(resource)).all().get().get(resource).entries()) {
            found.put(entry.name(), entry.value());
        }
        return found;
    }

    private Object alterConfigs(JsonNode given) throws Exception {
        List<AlterConfigOp> operations = new ArrayList<>();
        values(given.get("values")).forEach((name, value) ->
            operations.add(new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET)));
        admin.get().incrementalAlterConfigs(Collections.singletonMap(resource(given), operations)).all().get();
        return null;
    }

    private Object logDirs(JsonNode given) throws Exception {
        List<Integer> brokers =
            admin.get().describeCluster().nodes().get().stream().map(Node::id).collect(Collectors.toList());
        Map<String, Object> told = new HashMap<>();
        for (Map.Entry<Integer, Map<String, LogDirDescription>> broker :
                admin.get().describeLogDirs(brokers).allDescriptions().get().entrySet()) {
            List<List<Object>> replicas = new ArrayList<>();
            for (LogDirDescription folder : broker.getValue().values()) {
                folder.replicaInfos().forEach((part, info) -> {
                    if (part.topic().equals(text(given, "topic"))) replicas.add(list(part.partition(), info.size()));
                });
            }
            replicas.sort((one, other) -> (Integer) one.get(0) - (Integer) other.get(0));
            told.put(String.valueOf(broker.getKey()), replicas);
        }
        return told;
    }
}
