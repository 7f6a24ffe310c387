"""The administration of confluent-kafka."""

from functools import cached_property

from confluent_kafka import ConsumerGroupTopicPartitions, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
)

WAIT_S = 30


class Administration:
    def __init__(self, bootstrap):
        self.bootstrap = bootstrap

    @cached_property
    def admin(self):
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def create_topic(self, topic, partitions, replication, configs):
        new = NewTopic(topic, partitions, replication, config=configs)
        self.admin.create_topics([new])[topic].result(WAIT_S)

    def topics(self):
        return list(self.admin.list_topics(timeout=WAIT_S).topics)

    def describe_topic(self, topic):
        found = self.admin.describe_topics(TopicCollection([topic]))[topic].result(WAIT_S)
        return [
            {"partition": part.id, "leader": part.leader.id, "replicas": [node.id for node in part.replicas]}
            for part in found.partitions
        ]

    def add_partitions(self, topic, total):
        self.admin.create_partitions([NewPartitions(topic, total)])[topic].result(WAIT_S)

    def delete_topic(self, topic):
        self.admin.delete_topics([topic])[topic].result(WAIT_S)

    def configs(self, kind, of):
        resource = ConfigResource(ConfigResource.Type[kind.upper()], of)
        (future,) = self.admin.describe_configs([resource]).values()
        return {key: entry.value for key, entry in future.result(WAIT_S).items()}

    def alter_configs(self, kind, of, values):
        entries = [
            ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in values.items()
        ]
        resource = ConfigResource(ConfigResource.Type[kind.upper()], of, incremental_configs=entries)
        (future,) = self.admin.incremental_alter_configs([resource]).values()
        future.result(WAIT_S)

    def groups(self):
        return [group.group_id for group in self.admin.list_consumer_groups().result(WAIT_S).valid]

    def describe_group(self, group):
        found = self.admin.describe_consumer_groups([group])[group].result(WAIT_S)
        return {"state": found.state.name, "members": len(found.members)}

    def delete_group(self, group):
        self.admin.delete_consumer_groups([group])[group].result(WAIT_S)

    def ends(self, topic, partition):
        part = TopicPartition(topic, partition)
        return [
            self.admin.list_offsets({part: spec})[part].result(WAIT_S).offset
            for spec in (OffsetSpec.earliest(), OffsetSpec.latest())
        ]

    def offset_at(self, topic, partition, timestamp):
        part = TopicPartition(topic, partition)
        return self.admin.list_offsets({part: OffsetSpec.for_timestamp(timestamp)})[part].result(WAIT_S).offset

    def group_offsets(self, group):
        asked = ConsumerGroupTopicPartitions(group)
        found = self.admin.list_consumer_group_offsets([asked])[group].result(WAIT_S)
        return [[part.topic, part.partition, part.offset] for part in found.topic_partitions]

    def set_group_offsets(self, group, offsets):
        wanted = ConsumerGroupTopicPartitions(group, [TopicPartition(*one) for one in offsets])
        self.admin.alter_consumer_group_offsets([wanted])[group].result(WAIT_S)

    def delete_records(self, topic, partition, before):
        part = TopicPartition(topic, partition, before)
        (future,) = self.admin.delete_records([part]).values()
        return future.result(WAIT_S).low_watermark

    def cluster(self):
        found = self.admin.describe_cluster().result(WAIT_S)
        return {"id": found.cluster_id, "controller": found.controller.id, "brokers": [node.id for node in found.nodes]}
