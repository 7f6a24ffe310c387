"""Many bad clients at once: the broker's memory stays bounded, and another client hardly notices."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cluster.protocol.api import ApiKey
from cluster.protocol.frames import encode_request
from cluster.protocol.messages.handshake import ApiVersionsRequest
from cluster.protocol.messages.metadata import MetadataRequest
from tests.broker.data_path.requests import batch, fetch, position, produce
from tests.hostile.bystander import p99
from tests.hostile.company import crowd, raise_own_limit
from tests.hostile.conftest import MEBIBYTE, QUEUED, Scene
from tests.support.patience import seconds, until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

BEFORE_S, DURING_S = 2.0, 6.0
FACTOR, GRACE_S = 8.0, 0.2
"""So much longer may another client's p99 become: the attackers use the same two cores."""
API_VERSIONS = b"".join(encode_request(ApiKey.API_VERSIONS, 0, 1, "a-test", ApiVersionsRequest()))


def framed(api: ApiKey, version: int, message: object) -> bytes:
    return b"".join(encode_request(api, version, 1, "a-test", message))


@contextmanager
def unnoticed(scene: Scene, growth: int) -> Iterator[None]:
    """What is done inside makes neither the other client slow nor the broker large."""
    before, memory = p99(scene.bystander.watch(BEFORE_S)), scene.memory()
    began = time.monotonic()
    yield
    during, grown = p99(scene.bystander.latencies(began)), scene.memory() - memory
    print(f"p99 {before * 1000:.1f} ms before, {during * 1000:.1f} ms during; grew by {grown / MEBIBYTE:.1f} MiB")
    assert during <= FACTOR * before + seconds(GRACE_S)
    assert grown <= growth


def test_ten_thousand_idle_connections(scene: Scene) -> None:
    count = 10_000
    raise_own_limit(count + 1_000)
    with crowd(scene.port) as people, unnoticed(scene, growth=count * 12 * 1024):
        people.join(count, API_VERSIONS)
        for one in people.sockets[:: count // 20]:
            assert people.read(one, 4)
        until(lambda: scene.connections() > count, "all are there")
        scene.bystander.watch(DURING_S)
    until(lambda: scene.connections() < 50, "they are gone")


def test_a_thousand_connects_a_second_of_which_none_is_kafkas(scene: Scene) -> None:
    log = len(scene.log())
    words = (
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"\xff" * 100,
        b"\x00\x00\x00\x08" * 3,
        b"",
    )
    with unnoticed(scene, growth=16 * MEBIBYTE):
        began = time.monotonic()
        for number in range(3000):
            with crowd(scene.port) as people:
                people.join(1, words[number % len(words)])
        rate = 3000 / (time.monotonic() - began)
        scene.bystander.watch(DURING_S)
    said = scene.log()[log:]
    print(f"{rate:.0f} connects a second, {len(said.splitlines())} lines")
    assert "Traceback" not in said
    assert len(said.splitlines()) < 150


def test_two_thousand_that_promise_a_hundred_megabytes(scene: Scene) -> None:
    with crowd(scene.port) as people, unnoticed(scene, growth=2_000 * 20 * 1024):
        people.join(2_000, (100 * MEBIBYTE - 10).to_bytes(4, "big") + API_VERSIONS[4:])
        scene.bystander.watch(DURING_S)


def test_twenty_that_send_a_hundred_megabytes_and_do_not_finish(scene: Scene) -> None:
    size = 100 * MEBIBYTE - 4
    request = size.to_bytes(4, "big") + framed(ApiKey.METADATA, 12, MetadataRequest(topics=[]))[4:] + bytes(size // 2)
    with crowd(scene.port) as people, unnoticed(scene, growth=QUEUED + 130 * MEBIBYTE):
        people.join(20)
        taken = people.send(request, DURING_S)
        print("taken:", [each // MEBIBYTE for each in taken])
        assert sum(taken) < 20 * len(request)
    until(lambda: scene.connections() < 50, "they are gone")


def test_forty_that_fetch_much_and_never_read(scene: Scene) -> None:
    topic = "much"
    scene.cluster.create_topic(topic, 1)
    scene.cluster.leader((topic, 0))
    with crowd(scene.port) as writers:
        writers.join(1)
        (writer,) = writers.sockets
        writer.settimeout(30)
        for _ in range(60):
            writer.sendall(framed(ApiKey.PRODUCE, 12, produce(topic=topic, records=batch(bytes(900_000)), acks=1)))
            size = int.from_bytes(writers.read(writer, 4), "big")
            assert len(writers.read(writer, size)) == size
    asked = framed(ApiKey.FETCH, 12, fetch(position(partition_max_bytes=1 << 30), topic=topic, max_bytes=1 << 30))
    with crowd(scene.port) as people, unnoticed(scene, growth=500 * MEBIBYTE):
        people.join(40, asked * 50)
        scene.bystander.watch(DURING_S)
    until(lambda: scene.connections() < 50, "they are gone")
