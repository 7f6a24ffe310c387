"""Producers of every implementation keep their promise while the leader is killed under them."""

import asyncio
import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError as AioKafkaError

from tests.faults.conftest import Case
from tests.support import apache_kafka
from tests.support.evidence.history import Acknowledged, Sent
from tests.support.evidence.load import read_all
from tests.support.patience import seconds

pytestmark = [pytest.mark.faults, pytest.mark.slow]

SETTLED = 200


def test_an_aiokafka_producer_keeps_its_promise(case: Case) -> None:
    stopping = threading.Event()
    writing = threading.Thread(target=lambda: asyncio.run(aio_producer(case, stopping.is_set)), daemon=True)
    writing.start()
    case.acknowledged(SETTLED)
    case.cluster.kill(case.cluster.leader(case.partitions[0]))
    case.acknowledged(SETTLED)
    stopping.set()
    writing.join(seconds(60))
    assert not writing.is_alive()
    case.judge()


async def aio_producer(case: Case, stopped: Callable[[], bool]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=case.cluster.bootstrap, enable_idempotence=True)
    await producer.start()
    (topic, number), sequence = case.partitions[0], 0
    try:
        while not stopped():
            value = b"aiokafka-%d" % sequence
            sequence += 1
            case.history.add(Sent(producer="aiokafka", partition=(topic, number), value=value))
            try:
                told = await producer.send_and_wait(topic, value, partition=number)
            except AioKafkaError as error:
                raise AssertionError(f"{value!r} was refused") from error
            case.history.add(
                Acknowledged(
                    producer="aiokafka",
                    partition=(topic, number),
                    offset=told.offset,
                    value=value,
                    at=asyncio.get_running_loop().time(),
                )
            )
    finally:
        await producer.stop()


def test_the_java_producer_keeps_its_promise(case: Case, tmp_path: Path) -> None:
    apache_kafka.needed()
    topic = case.partitions[0][0]
    # By itself this tool sets no retries, and so gives up idempotence: these are the producer's own defaults.
    (tmp_path / "producer.properties").write_text(f"retries={2**31 - 1}\nenable.idempotence=true\n")
    command = apache_kafka.java(
        "org.apache.kafka.tools.VerifiableProducer",
        *("--bootstrap-server", case.cluster.bootstrap, "--topic", topic, "--acks", "-1"),
        *("--max-messages", "6000", "--throughput", "1000"),
        *("--command-config", str(tmp_path / "producer.properties")),
    )
    acknowledged: dict[str, tuple[int, int]] = {}
    refused: list[object] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["name"] == "producer_send_error":
                refused.append(event)
            elif event["name"] == "producer_send_success":
                acknowledged[event["value"]] = (event["partition"], event["offset"])
                if len(acknowledged) == 1500:
                    case.cluster.kill(case.cluster.leader(case.partitions[0]))
    assert refused == []
    assert len(acknowledged) == 6000
    case.cluster.wait_ready()
    stored = {partition: read_all(case.cluster.bootstrap, partition) for partition in case.partitions}
    found = {value.decode(): (number, offset) for (_, number), log in stored.items() for offset, value in log}
    assert found == acknowledged
    assert sum(map(len, stored.values())) == 6000
