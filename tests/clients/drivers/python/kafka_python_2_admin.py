"""The administration of kafka-python 2.0.2."""

from functools import cached_property

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.errors import for_code


def checked(code):
    if code:
        raise for_code(code)()


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
            {"partition": part["partition"], "leader": part["leader"], "replicas": part["replicas"]}
            for part in found["partitions"]
        ]

    def add_partitions(self, topic, total):
        self.admin.create_partitions({topic: NewPartitions(total)})

    def delete_topic(self, topic):
        self.admin.delete_topics([topic])

    def configs(self, kind, of):
        answers = self.admin.describe_configs([ConfigResource(ConfigResourceType[kind.upper()], of)])
        (resource,) = [resource for answer in answers for resource in answer.resources]
        checked(resource[0])
        return {entry[0]: entry[1] for entry in resource[4]}

    def alter_configs(self, kind, of, values):
        answer = self.admin.alter_configs([ConfigResource(ConfigResourceType[kind.upper()], of, configs=values)])
        for resource in answer.resources:
            checked(resource[0])

    def groups(self):
        return [group for group, _ in self.admin.list_consumer_groups()]

    def describe_group(self, group):
        (found,) = self.admin.describe_consumer_groups([group])
        checked(found.error_code)
        return {"state": found.state, "members": len(found.members)}

    def delete_group(self, group):
        ((_, error),) = self.admin.delete_consumer_groups([group])
        checked(error.errno)

    def ends(self, topic, partition):
        consumer, part = KafkaConsumer(bootstrap_servers=self.bootstrap), TopicPartition(topic, partition)
        try:
            return [consumer.beginning_offsets([part])[part], consumer.end_offsets([part])[part]]
        finally:
            consumer.close()

    def group_offsets(self, group):
        found = self.admin.list_consumer_group_offsets(group)
        return [[part.topic, part.partition, at.offset] for part, at in found.items()]

    def cluster(self):
        found = self.admin.describe_cluster()
        brokers = [broker["node_id"] for broker in found["brokers"]]
        return {"id": found["cluster_id"], "controller": found["controller_id"], "brokers": brokers}
