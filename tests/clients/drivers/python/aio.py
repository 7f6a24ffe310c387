"""Driver of aiokafka: the same vocabulary, on one event loop."""

import asyncio
import json
import pkgutil
import sys
import time

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.coordinator import assignors
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import for_code
from serving import ClientError, ends_of, pack, told, unpack


class Listener(ConsumerRebalanceListener):
    def __init__(self, events):
        self.events = events

    def on_partitions_assigned(self, assigned):
        self.events.append(["assigned", [list(part) for part in assigned]])

    def on_partitions_revoked(self, revoked):
        self.events.append(["revoked", [list(part) for part in revoked]])


def checked(code):
    if code:
        raise for_code(code)()


class AioKafka:
    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.consumers = {}
        self.events = {}
        self.background = {}
        self._admin = None

    async def admin(self):
        if self._admin is None:
            self._admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
            await self._admin.start()
        return self._admin

    # -- producing

    async def producer(self, settings):
        codec = settings.get("compression", "none")
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap,
            enable_idempotence=settings.get("idempotence", True),
            compression_type=None if codec == "none" else codec,
            max_request_size=settings.get("max_request_bytes", 1_048_576),
        )
        await producer.start()
        return producer

    async def send(self, producer, topic, record):
        return await producer.send(
            topic,
            unpack(record["v"]),
            unpack(record["k"]),
            partition=record["p"],
            timestamp_ms=record["ts"],
            headers=[(name, unpack(value)) for name, value in record["h"]],
        )

    async def produce(self, topic, records, settings):
        producer = await self.producer(settings)
        try:
            sent = [await self.sent(producer, topic, record) for record in records]
            return [await self.place(one) for one in sent]
        finally:
            await producer.stop()

    async def sent(self, producer, topic, record):
        try:
            return await self.send(producer, topic, record)
        except Exception as error:
            return error

    async def place(self, sent):
        """Where a record went, or what the library said against it."""
        if isinstance(sent, Exception):
            return told(sent)
        try:
            placed = await sent
        except Exception as error:
            return told(error)
        return [placed.partition, placed.offset]

    async def start_load(self, name, topic, partitions, interval_ms, settings):
        self.start(name, lambda load: self.load(load, topic, partitions, interval_ms, settings))

    async def load(self, load, topic, partitions, interval_ms, settings):
        producer, waiting = await self.producer(settings), []
        while not load.stopping.is_set():
            number = load.sent
            record = {"k": None, "v": pack(b"%d" % number), "h": [], "p": number % partitions, "ts": None}
            sent = await self.sent(producer, topic, record)
            waiting.append(asyncio.ensure_future(self.numbered(load, number, sent)))
            load.sent += 1
            await asyncio.sleep(interval_ms / 1000)
        await asyncio.gather(*waiting)
        await producer.stop()

    async def numbered(self, load, number, sent):
        load.events.append([number, await self.place(sent), time.time()])

    def start(self, name, work):
        background = self.background[name] = Background()
        background.task = asyncio.ensure_future(work(background))

    async def load_count(self, name):
        return len(self.background[name].so_far())

    async def stop_load(self, name):
        load = self.background.pop(name)
        await load.end()
        return {"sent": load.sent, "answers": load.events}

    # -- reading in the background

    async def start_reading(self, name, topics, settings):
        await self.open(name, topics, None, settings)
        self.start(name + "/reading", lambda reading: self.read(reading, name))

    async def read(self, reading, name):
        while not reading.stopping.is_set():
            records = await self.poll(name, 500, 500)
            reading.events += [["read", record[1], record[2]] for record in records]
            if records:
                await self.commit_read(reading, name, records)
        await self.close(name)

    async def commit_read(self, reading, name, records):
        ends = {(record[0], record[1]): record[2] + 1 for record in records}
        try:
            await self.commit(name, [[topic, partition, offset] for (topic, partition), offset in ends.items()])
            reading.events += [["committed", partition, offset] for (_, partition), offset in ends.items()]
        except Exception as error:
            reading.events.append(["refused", type(error).__name__, str(error)])

    async def read_ends(self, name):
        return ends_of(self.background[name + "/reading"].so_far())

    async def stop_reading(self, name):
        reading = self.background.pop(name + "/reading")
        await reading.end()
        return reading.events

    # -- consuming

    async def open(self, name, topics, pattern, settings):
        self.events[name] = []
        consumer = self.consumers[name] = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap,
            group_id=settings["group"],
            group_instance_id=settings.get("instance"),
            auto_offset_reset=settings.get("reset", "earliest"),
            enable_auto_commit=settings.get("auto_commit", False),
            auto_commit_interval_ms=300,
            session_timeout_ms=settings.get("session_ms", 10_000),
            heartbeat_interval_ms=300,
            metadata_max_age_ms=500,
            partition_assignment_strategy=[RangePartitionAssignor],
        )
        listener = Listener(self.events[name])
        if pattern is None:
            consumer.subscribe(topics, listener=listener)
        else:
            consumer.subscribe(pattern=pattern, listener=listener)
        await consumer.start()

    async def poll(self, name, timeout_ms, most):
        fetched = await self.consumers[name].getmany(timeout_ms=timeout_ms, max_records=most)
        return [self.shown(record) for part in fetched.values() for record in part]

    def shown(self, record):
        headers = [[key, pack(value)] for key, value in record.headers]
        place = [record.topic, record.partition, record.offset]
        return [*place, pack(record.key), pack(record.value), headers, record.timestamp]

    async def rebalances(self, name):
        return self.events[name]

    async def assignment(self, name):
        return [list(part) for part in self.consumers[name].assignment()]

    async def commit(self, name, offsets):
        given = {TopicPartition(topic, part): offset for topic, part, offset in offsets or []}
        await self.consumers[name].commit(given or None)

    async def committed(self, name, topic, partition):
        return await self.consumers[name].committed(TopicPartition(topic, partition))

    async def seek(self, name, topic, partition, to):
        consumer, part = self.consumers[name], TopicPartition(topic, partition)
        if to == "beginning":
            await consumer.seek_to_beginning(part)
        elif to == "end":
            await consumer.seek_to_end(part)
        else:
            consumer.seek(part, to)

    async def offset_for_time(self, name, topic, partition, timestamp):
        part = TopicPartition(topic, partition)
        return (await self.consumers[name].offsets_for_times({part: timestamp}))[part].offset

    async def pause(self, name, parts):
        self.consumers[name].pause(*[TopicPartition(*part) for part in parts])

    async def resume(self, name, parts):
        self.consumers[name].resume(*[TopicPartition(*part) for part in parts])

    async def close(self, name):
        await self.consumers.pop(name).stop()

    async def offers(self):
        modules = pkgutil.walk_packages(assignors.__path__)
        return {"admin": dir(AIOKafkaAdminClient), "assignors": [module.name for module in modules]}

    # -- administration

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


class Background:
    def __init__(self):
        self.stopping = asyncio.Event()
        self.events = []
        self.sent = 0
        self.task = None

    def so_far(self):
        """The events up to now; raises what ended the work early, which would else look like standing still."""
        if self.task.done():
            self.task.result()
        return self.events

    async def end(self):
        self.stopping.set()
        await self.task


async def answered(driver, call):
    name = call.pop("call")
    try:
        return {"ok": await getattr(driver, name)(**call)}
    except ClientError as error:
        return {"error": error.answer}
    except Exception as error:
        return {"error": told(error)}


async def main():
    answers, sys.stdout = sys.stdout, sys.stderr
    driver = AioKafka(sys.argv[1])
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await answered(driver, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
