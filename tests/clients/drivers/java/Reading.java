package matrix;

import static matrix.Json.list;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** Reads in the background: each batch is committed before the next. */
final class Reading extends Background {
    final List<Object> events = Collections.synchronizedList(new ArrayList<>());
    final Map<String, Long> read = new ConcurrentHashMap<>();
    private final Held held;

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

    private void commit(Map<TopicPartition, OffsetAndMetadata> ends) {
        try {
            held.consumer.commitSync(ends);
            ends.forEach((part, end) -> events.add(list("committed", part.partition(), end.offset())));
        } catch (RuntimeException error) {
            events.add(list("refused", error.getClass().getSimpleName(), String.valueOf(error.getMessage())));
        }
    }
}
