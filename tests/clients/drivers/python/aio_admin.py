"""The administration of aiokafka."""

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code


def checked(code):
    if code:
        raise for_code(code)()


class Administration:
    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self._admin = None

    async def admin(self):
        if self._admin is None:
            self._admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
            await self._admin.start()
        return self._admin

    async def create_topic(self, topic, partitions, replication, configs):
        new = NewTopic(topic, partitions, replication, topic_configs=configs)
        answer = await (await self.admin()).create_topics([new])
        checked(answer.topic_errors[0][1])

    async def topics(self):
        return await (await self.admin()).list_topics()

    async def describe_topic(self, topic):
        (found,) = await (await self.admin()).describe_topics([topic])
        return [
            {"partition": part["partition"], "leader": part["leader"], "replicas": part["replicas"]}
            for part in found["partitions"]
        ]

    async def add_partitions(self, topic, total):
        answer = await (await self.admin()).create_partitions({topic: NewPartitions(total)})
        checked(answer.topic_errors[0][1])

    async def delete_topic(self, topic):
        answer = await (await self.admin()).delete_topics([topic])
        checked(answer.topic_error_codes[0][1])

    async def configs(self, kind, of):
        resource = ConfigResource(ConfigResourceType[kind.upper()], of)
        answers = await (await self.admin()).describe_configs([resource])
        (found,) = [resource for answer in answers for resource in answer.resources]
        checked(found[0])
        return {entry[0]: entry[1] for entry in found[4]}

    async def alter_configs(self, kind, of, values):
        resource = ConfigResource(ConfigResourceType[kind.upper()], of, configs=values)
        for answer in await (await self.admin()).alter_configs([resource]):
            for found in answer.resources:
                checked(found[0])

    async def groups(self):
        return [group[0] for group in await (await self.admin()).list_consumer_groups()]

    async def describe_group(self, group):
        (answer,) = await (await self.admin()).describe_consumer_groups([group])
        code, _, state, _, _, members = answer.groups[0][:6]
        checked(code)
        return {"state": state, "members": len(members)}

    async def ends(self, topic, partition):
        consumer, part = AIOKafkaConsumer(bootstrap_servers=self.bootstrap), TopicPartition(topic, partition)
        await consumer.start()
        try:
            beginning = await consumer.beginning_offsets([part])
            return [beginning[part], (await consumer.end_offsets([part]))[part]]
        finally:
            await consumer.stop()

    async def group_offsets(self, group):
        found = await (await self.admin()).list_consumer_group_offsets(group)
        return [[part.topic, part.partition, at.offset] for part, at in found.items()]

    async def delete_records(self, topic, partition, before):
        part = TopicPartition(topic, partition)
        return (await (await self.admin()).delete_records({part: RecordsToDelete(before)}))[part]

    async def cluster(self):
        found = await (await self.admin()).describe_cluster()
        brokers = [broker["node_id"] for broker in found["brokers"]]
        return {"id": found["cluster_id"], "controller": found["controller_id"], "brokers": brokers}
