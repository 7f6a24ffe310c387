package matrix;

import static matrix.Json.list;
import static matrix.Json.pack;
import static matrix.Json.shown;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** A consumer with what was said to it in rebalances. */
final class Held implements ConsumerRebalanceListener {
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
