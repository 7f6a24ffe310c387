"""Driver of aiokafka: the same vocabulary, on one event loop. Its administration is in a file of its own."""

import asyncio
import json
import pkgutil
import sys
import time

from aio_admin import Administration
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator import assignors
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from owning import OwningAssignor
from serving import ClientError, answering, ends_of, pack, told, unpack

ASSIGNORS = {"eager": RangePartitionAssignor, "cooperative": OwningAssignor}
"""What a member owns changes nothing in how it joins again (test_cooperation.py)."""


class Background:
    """Work in a task of its own until it is stopped."""

    def __init__(self, work):
        self.stopping = asyncio.Event()
        self.events = []
        self.sent = 0
        self.task = asyncio.ensure_future(work(self))

    def so_far(self):
        """The events up to now; raises what ended the work early, which would else look like standing still."""
        if self.task.done():
            self.task.result()
        return self.events

    async def end(self):
        self.stopping.set()
        await self.task


class Producing:
    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.loads = {}

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
        self.loads[name] = Background(lambda load: self.load(load, topic, partitions, interval_ms, settings))

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

    async def load_count(self, name):
        return len(self.loads[name].so_far())

    async def stop_load(self, name):
        load = self.loads.pop(name)
        await load.end()
        return {"sent": load.sent, "answers": load.events}


class Listener(ConsumerRebalanceListener):
    def __init__(self, events):
        self.events = events

    def on_partitions_assigned(self, assigned):
        self.events.append(["assigned", [list(part) for part in assigned]])

    def on_partitions_revoked(self, revoked):
        self.events.append(["revoked", [list(part) for part in revoked]])


class Consuming:
    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.consumers = {}
        self.events = {}
        self.readings = {}

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
            partition_assignment_strategy=[ASSIGNORS[settings.get("assignor", "eager")]()],
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

    # -- reading in the background: each batch is committed before the next

    async def start_reading(self, name, topics, settings):
        await self.open(name, topics, None, settings)
        self.readings[name] = Background(lambda reading: self.read(reading, name))

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
        return ends_of(self.readings[name].so_far())

    async def stop_reading(self, name):
        reading = self.readings.pop(name)
        await reading.end()
        return reading.events


async def answered(parts, call):
    name = call.pop("call")
    try:
        return {"ok": await answering(parts, name)(**call)}
    except ClientError as error:
        return {"error": error.answer}
    except Exception as error:
        return {"error": told(error)}


async def main():
    answers, sys.stdout = sys.stdout, sys.stderr
    parts = [part(sys.argv[1]) for part in (Producing, Consuming, Administration)]
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await answered(parts, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
