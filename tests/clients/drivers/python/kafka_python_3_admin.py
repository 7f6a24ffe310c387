"""The administration of kafka-python 3."""

from functools import cached_property

from kafka import KafkaAdminClient, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, NewTopic
from serving import ClientError

EARLIEST, LATEST = -2, -1


def checked(results):
    """Results that name an error instead of raising it."""
    for name, result in results.items():
        if result != "OK" and getattr(result, "errno", None) != 0:
            raise ClientError(str(result), f"{name}: {result}", getattr(result, "errno", None))


class Administration:
    def __init__(self, bootstrap):
        self.bootstrap = bootstrap.split(",")

    @cached_property
    def admin(self):
        return KafkaAdminClient(bootstrap_servers=self.bootstrap)

    def create_topic(self, topic, partitions, replication, configs):
        self.admin.create_topics([NewTopic(topic, partitions, replication, topic_configs=configs)])

    def topics(self):
        return self.admin.list_topics()

    def describe_topic(self, topic):
        (found,) = self.admin.describe_topics([topic])
        return [
            {"partition": part["partition_index"], "leader": part["leader_id"], "replicas": part["replica_nodes"]}
            for part in found["partitions"]
        ]

    def add_partitions(self, topic, total):
        self.admin.create_partitions({topic: total})

    def delete_topic(self, topic):
        self.admin.delete_topics([topic])

    def configs(self, kind, of):
        found = self.admin.describe_configs([ConfigResource(kind, of)], config_filter="all")
        return {key: entry["value"] for key, entry in found[kind][of].items()}

    def alter_configs(self, kind, of, values):
        checked(self.admin.alter_configs([ConfigResource(kind, of, values)])[kind])

    def groups(self):
        return [group["group_id"] for group in self.admin.list_groups()]

    def describe_group(self, group):
        found = self.admin.describe_groups([group])[group]
        return {"state": found["group_state"], "members": len(found["members"])}

    def delete_group(self, group):
        answer = self.admin.delete_groups([group])[group]
        if answer != "OK":
            raise ClientError(answer, f"{group}: {answer}")

    def ends(self, topic, partition):
        part = TopicPartition(topic, partition)
        return [self.admin.list_partition_offsets({part: spec})[part].offset for spec in (EARLIEST, LATEST)]

    def offset_at(self, topic, partition, timestamp):
        part = TopicPartition(topic, partition)
        return self.admin.list_partition_offsets({part: timestamp})[part].offset

    def group_offsets(self, group):
        found = self.admin.list_group_offsets(group)[group]
        return [[part.topic, part.partition, at.offset] for part, at in found.items()]

    def set_group_offsets(self, group, offsets):
        wanted = {TopicPartition(topic, part): OffsetAndMetadata(at, "", -1) for topic, part, at in offsets}
        checked(self.admin.alter_group_offsets(group, wanted))

    def delete_group_offsets(self, group, parts):
        checked(self.admin.delete_group_offsets(group, [TopicPartition(*part) for part in parts]))

    def delete_records(self, topic, partition, before):
        part = TopicPartition(topic, partition)
        return self.admin.delete_records({part: before})[part]["low_watermark"]

    def log_dirs(self, topic):
        return {
            told["broker"]: sorted(
                [part["partition_index"], part["partition_size"]]
                for folder in told["log_dirs"]
                for found in folder["topics"]
                if found["name"] == topic
                for part in found["partitions"]
            )
            for told in self.admin.describe_log_dirs([topic])
        }

    def cluster(self):
        found = self.admin.describe_cluster()
        brokers = [broker["broker_id"] for broker in found["brokers"]]
        return {"id": found["cluster_id"], "controller": found["controller_id"], "brokers": brokers}
