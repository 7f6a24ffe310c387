import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Driver of Apache Kafka's Java client: compiled against each version of it. */
public final class Driver {
    interface Call {
        Object answer(JsonNode given) throws Exception;
    }

    static final ObjectMapper JSON = new ObjectMapper();

    final String bootstrap;
    final Map<String, Call> calls = new HashMap<>();
    final Map<String, Load> loads = new HashMap<>();
    final Map<String, Reading> readings = new HashMap<>();
    final Map<String, Held> consumers = new ConcurrentHashMap<>();
    private Admin connectedAdmin;

    Driver(String bootstrap) {
        this.bootstrap = bootstrap;
        producing();
        consuming();
        administration();
    }

    public static void main(String[] arguments) throws Exception {
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

    Map<String, Object> answer(JsonNode given) {
        Map<String, Object> reply = new HashMap<>();
        try {
            reply.put("ok", calls.get(given.get("call").asText()).answer(given));
        } catch (Throwable error) {
            reply.put("error", told(error));
        }
        return reply;
    }

    static Map<String, Object> told(Throwable error) {
        Throwable cause = error instanceof ExecutionException ? error.getCause() : error;
        Map<String, Object> answer = new HashMap<>();
        answer.put("name", cause.getClass().getSimpleName());
        answer.put("message", String.valueOf(cause.getMessage()));
        answer.put("code", (int) Errors.forException(cause).code());
        return answer;
    }

    static String pack(byte[] data) {
        return data == null ? null : Base64.getEncoder().encodeToString(data);
    }

    static byte[] unpack(JsonNode text) {
        return text == null || text.isNull() ? null : Base64.getDecoder().decode(text.asText());
    }

    static String text(JsonNode given, String name) {
        return given.get(name).asText();
    }

    static List<Object> list(Object... members) {
        return new ArrayList<>(Arrays.asList(members));
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

    static List<Object> shown(Collection<TopicPartition> parts) {
        return parts.stream().map(one -> list(one.topic(), one.partition())).collect(Collectors.toList());
    }

    // -- producing

    void producing() {
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
    }

    KafkaProducer<byte[], byte[]> producer(JsonNode settings) {
        Properties named = new Properties();
        named.put("bootstrap.servers", bootstrap);
        named.put("enable.idempotence", String.valueOf(settings.path("idempotence").asBoolean(true)));
        named.put("acks", "all");
        named.put("compression.type", settings.path("compression").asText("none"));
        named.put("max.request.size", settings.path("max_request_bytes").asInt(1_048_576));
        named.put("linger.ms", "5");
        return new KafkaProducer<>(named, new ByteArraySerializer(), new ByteArraySerializer());
    }

    static ProducerRecord<byte[], byte[]> record(String topic, JsonNode one) {
        Integer partition = one.get("p").isNull() ? null : (Integer) one.get("p").asInt();
        Long timestamp = one.get("ts").isNull() ? null : (Long) one.get("ts").asLong();
        ProducerRecord<byte[], byte[]> record =
            new ProducerRecord<>(topic, partition, timestamp, unpack(one.get("k")), unpack(one.get("v")));
        for (JsonNode header : one.get("h")) record.headers().add(header.get(0).asText(), unpack(header.get(1)));
        return record;
    }

    Object produce(JsonNode given) {
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

    /** Work in a thread of its own until it is stopped. */
    abstract static class Background {
        private final Thread thread = new Thread(this::run);
        private volatile Throwable error;
        volatile boolean stopping;

        abstract void work() throws Exception;

        void start() {
            thread.setDaemon(true);
            thread.start();
        }

        private void run() {
            try {
                work();
            } catch (Throwable thrown) {
                error = thrown;
            }
        }

        /** Throws what ended the work early, which would else look like standing still. */
        void broken() throws ExecutionException {
            if (error != null) throw new ExecutionException(error);
        }

        void end() throws InterruptedException, ExecutionException {
            stopping = true;
            thread.join();
            broken();
        }
    }

    final class Load extends Background {
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

    // -- consuming

    static final class Held implements ConsumerRebalanceListener {
        final KafkaConsumer<byte[], byte[]> consumer;
        final List<Object> events = Collections.synchronizedList(new ArrayList<>());

        Held(Properties named) {
            consumer = new KafkaConsumer<>(named, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        }

        public void onPartitionsAssigned(Collection<TopicPartition> parts) {
            events.add(list("assigned", shown(parts)));
        }

        public void onPartitionsRevoked(Collection<TopicPartition> parts) {
            events.add(list("revoked", shown(parts)));
        }

        List<Object> poll(long timeoutMs) {
            List<Object> records = new ArrayList<>();
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(timeoutMs))) {
                List<Object> headers = new ArrayList<>();
                for (Header header : record.headers()) headers.add(list(header.key(), pack(header.value())));
                records.add(list(record.topic(), record.partition(), record.offset(), pack(record.key()),
                    pack(record.value()), headers, record.timestamp()));
            }
            return records;
        }
    }

    void consuming() {
        calls.put("open", this::open);
        calls.put("poll", given -> held(given).poll(given.get("timeout_ms").asLong()));
        calls.put("rebalances", given -> held(given).events);
        calls.put("assignment", given -> shown(held(given).consumer.assignment()));
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

    Held held(JsonNode given) {
        return consumers.get(text(given, "name"));
    }

    Object open(JsonNode given) {
        JsonNode settings = given.get("settings");
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
        Held held = new Held(named);
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

    Object seek(JsonNode given) {
        KafkaConsumer<byte[], byte[]> consumer = held(given).consumer;
        JsonNode to = given.get("to");
        if (to.isInt()) consumer.seek(part(given), to.asLong());
        else if (to.asText().equals("beginning")) consumer.seekToBeginning(Collections.singleton(part(given)));
        else consumer.seekToEnd(Collections.singleton(part(given)));
        return null;
    }

    /** Reads in the background: each batch is committed before the next. */
    static final class Reading extends Background {
        final List<Object> events = Collections.synchronizedList(new ArrayList<>());
        final Held held;
        final Map<String, Long> read = new ConcurrentHashMap<>();

        Reading(Held held) {
            this.held = held;
            start();
        }

        void work() {
            while (!stopping) {
                Map<TopicPartition, OffsetAndMetadata> ends = new HashMap<>();
                for (ConsumerRecord<byte[], byte[]> record : held.consumer.poll(Duration.ofMillis(500))) {
                    events.add(list("read", record.partition(), record.offset()));
                    ends.put(new TopicPartition(record.topic(), record.partition()),
                        new OffsetAndMetadata(record.offset() + 1));
                    read.put(String.valueOf(record.partition()), record.offset() + 1);
                }
                if (!ends.isEmpty()) commit(ends);
            }
            held.consumer.close();
        }

        void commit(Map<TopicPartition, OffsetAndMetadata> ends) {
            try {
                held.consumer.commitSync(ends);
                ends.forEach((part, end) -> events.add(list("committed", part.partition(), end.offset())));
            } catch (RuntimeException error) {
                events.add(list("refused", error.getClass().getSimpleName(), String.valueOf(error.getMessage())));
            }
        }
    }

    // -- administration

    Admin admin() {
        if (connectedAdmin == null) {
            Properties named = new Properties();
            named.put("bootstrap.servers", bootstrap);
            connectedAdmin = Admin.create(named);
        }
        return connectedAdmin;
    }

    void administration() {
        topics();
        configs();
        groups();
        calls.put("ends", given -> {
            List<Object> found = new ArrayList<>();
            for (OffsetSpec spec : Arrays.asList(OffsetSpec.earliest(), OffsetSpec.latest())) {
                ListOffsetsResult result = admin().listOffsets(Collections.singletonMap(part(given), spec));
                found.add(result.partitionResult(part(given)).get().offset());
            }
            return found;
        });
        calls.put("offset_at", given -> {
            OffsetSpec spec = OffsetSpec.forTimestamp(given.get("timestamp").asLong());
            return admin().listOffsets(Collections.singletonMap(part(given), spec)).partitionResult(part(given)).get().offset();
        });
        calls.put("delete_records", given -> admin()
            .deleteRecords(Collections.singletonMap(part(given), RecordsToDelete.beforeOffset(given.get("before").asLong())))
            .lowWatermarks().get(part(given)).get().lowWatermark());
        calls.put("log_dirs", this::logDirs);
        calls.put("cluster", given -> {
            DescribeClusterResult found = admin().describeCluster();
            Map<String, Object> told = new HashMap<>();
            told.put("id", found.clusterId().get());
            told.put("controller", found.controller().get().id());
            told.put("brokers", found.nodes().get().stream().map(Node::id).collect(Collectors.toList()));
            return told;
        });
    }

    void topics() {
        calls.put("create_topic", given -> {
            NewTopic topic = new NewTopic(
                text(given, "topic"), given.get("partitions").asInt(), (short) given.get("replication").asInt());
            topic.configs(values(given.get("configs")));
            admin().createTopics(Collections.singleton(topic)).all().get();
            return null;
        });
        calls.put("topics", given -> admin().listTopics().names().get());
        calls.put("describe_topic", given -> {
            String topic = text(given, "topic");
            return described(topic).partitions().stream().map(one -> {
                Map<String, Object> told = new HashMap<>();
                told.put("partition", one.partition());
                told.put("leader", one.leader().id());
                told.put("replicas", one.replicas().stream().map(Node::id).collect(Collectors.toList()));
                return told;
            }).collect(Collectors.toList());
        });
        calls.put("add_partitions", given -> {
            NewPartitions wanted = NewPartitions.increaseTo(given.get("total").asInt());
            admin().createPartitions(Collections.singletonMap(text(given, "topic"), wanted)).all().get();
            return null;
        });
        calls.put("delete_topic", given -> {
            admin().deleteTopics(Collections.singleton(text(given, "topic"))).all().get();
            return null;
        });
    }

    /** Its name was `all` before 3.1 and is `allTopicNames` since; 4.0 has only that. */
    @SuppressWarnings("unchecked")
    TopicDescription described(String topic) throws Exception {
        Object result = admin().describeTopics(Collections.singleton(topic));
        Method all;
        try {
            all = result.getClass().getMethod("allTopicNames");
        } catch (NoSuchMethodException error) {
            all = result.getClass().getMethod("all");
        }
        return ((KafkaFuture<Map<String, TopicDescription>>) all.invoke(result)).get().get(topic);
    }

    static Map<String, String> values(JsonNode given) {
        Map<String, String> found = new HashMap<>();
        given.fields().forEachRemaining(one -> found.put(one.getKey(), one.getValue().asText()));
        return found;
    }

    static ConfigResource resource(JsonNode given) {
        return new ConfigResource(ConfigResource.Type.valueOf(text(given, "kind").toUpperCase()), given.get("of").asText());
    }

    void configs() {
        calls.put("configs", given -> {
            ConfigResource resource = resource(given);
            Map<String, String> found = new HashMap<>();
            for (ConfigEntry entry : admin().describeConfigs(Collections.singleton(resource)).all().get().get(resource).entries()) {
                found.put(entry.name(), entry.value());
            }
            return found;
        });
        calls.put("alter_configs", given -> {
            List<AlterConfigOp> operations = new ArrayList<>();
            values(given.get("values")).forEach((name, value) ->
                operations.add(new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET)));
            admin().incrementalAlterConfigs(Collections.singletonMap(resource(given), operations)).all().get();
            return null;
        });
    }

    void groups() {
        calls.put("groups", given -> admin().listConsumerGroups().all().get().stream()
            .map(one -> one.groupId()).collect(Collectors.toList()));
        calls.put("describe_group", given -> {
            String group = text(given, "group");
            ConsumerGroupDescription found =
                admin().describeConsumerGroups(Collections.singleton(group)).all().get().get(group);
            Map<String, Object> told = new HashMap<>();
            told.put("state", String.valueOf(found.state()));
            told.put("members", found.members().size());
            return told;
        });
        calls.put("delete_group", given -> {
            admin().deleteConsumerGroups(Collections.singleton(text(given, "group"))).all().get();
            return null;
        });
        calls.put("group_offsets", given -> {
            List<Object> found = new ArrayList<>();
            admin().listConsumerGroupOffsets(text(given, "group")).partitionsToOffsetAndMetadata().get()
                .forEach((part, at) -> found.add(list(part.topic(), part.partition(), at.offset())));
            return found;
        });
        calls.put("set_group_offsets", given -> {
            admin().alterConsumerGroupOffsets(text(given, "group"), offsets(given.get("offsets"))).all().get();
            return null;
        });
        calls.put("delete_group_offsets", given -> {
            Set<TopicPartition> parts = new HashSet<>(parts(given.get("parts")));
            admin().deleteConsumerGroupOffsets(text(given, "group"), parts).all().get();
            return null;
        });
    }

    Object logDirs(JsonNode given) throws Exception {
        List<Integer> brokers = admin().describeCluster().nodes().get().stream().map(Node::id).collect(Collectors.toList());
        Map<String, Object> told = new HashMap<>();
        for (Map.Entry<Integer, Map<String, LogDirDescription>> broker :
                admin().describeLogDirs(brokers).allDescriptions().get().entrySet()) {
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
