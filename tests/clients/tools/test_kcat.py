"""kcat over the distribution's librdkafka, the oldest that many machines have."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.tools.conftest import BEGAN_MS, MINUTE_MS
from tests.support.cluster import Cluster
from tests.support.patience import seconds

pytestmark = pytest.mark.cluster
KCAT = "kcat"
Made = Callable[..., str]
Kcat = Callable[..., str]
COMPRESSIONS = ("none", "gzip", "snappy", "lz4", "zstd")
ALL = "partition %p offset %o key %k (%K) headers %h payload %s (%S)\n"


def run(bootstrap: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = ["kcat", "-b", bootstrap, *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=seconds(30), check=False)


@pytest.fixture
def kcat(brokers: Cluster) -> Kcat:
    """What kcat prints, which must have ended well."""
    if shutil.which("kcat") is None:
        pytest.skip("no kcat on this machine")

    def call(*arguments: str, stdin: str = "") -> str:
        done = run(brokers.bootstrap, *arguments, stdin=stdin)
        assert done.returncode == 0, f"kcat {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    return call


def read(kcat: Kcat, topic: str, *options: str) -> list[dict[str, Any]]:
    """The whole topic with what JSON tells of each record."""
    shown = kcat("-C", "-t", topic, "-e", "-q", "-J", *options)
    return sorted(map(json.loads, shown.splitlines()), key=lambda record: (record["partition"], record["offset"]))


@pytest.mark.cell(KCAT, "keys and headers")
def test_keys_and_headers_come_back(kcat: Kcat, made: Made) -> None:
    topic = made()
    headers = ("-H", "a=1", "-H", "a=2", "-H", "ü=ö")
    kcat("-P", "-t", topic, "-K", ":", *headers, stdin="k1:one\nk2:two\n")
    kcat("-P", "-t", topic, "-k", "fixed", stdin="three\n")
    expected = [
        "partition 0 offset 0 key k1 (2) headers a=1,a=2,ü=ö payload one (3)",
        "partition 0 offset 1 key k2 (2) headers a=1,a=2,ü=ö payload two (3)",
        "partition 0 offset 2 key fixed (5) headers  payload three (5)",
    ]
    assert kcat("-C", "-t", topic, "-e", "-q", "-f", ALL).splitlines() == expected


@pytest.mark.cell(KCAT, "keys and headers")
def test_the_same_key_keeps_its_partition_and_order(kcat: Kcat, made: Made) -> None:
    topic = made(4)
    lines = [f"key-{number % 11}:{number}" for number in range(10_000)]
    kcat("-P", "-t", topic, "-K", ":", stdin="\n".join(lines) + "\n")
    records = read(kcat, topic)
    assert sorted(int(record["payload"]) for record in records) == list(range(10_000))
    for key in range(11):
        own = [record for record in records if record["key"] == f"key-{key}"]
        assert len({record["partition"] for record in own}) == 1
        assert [int(record["payload"]) for record in own] == list(range(key, 10_000, 11))


@pytest.mark.cell(KCAT, "compressions")
@pytest.mark.parametrize("codec", COMPRESSIONS)
def test_every_compression_comes_back(kcat: Kcat, made: Made, codec: str) -> None:
    topic = made()
    lines = [f"{codec} {number} {'x' * 100}" for number in range(1000)]
    kcat("-P", "-t", topic, "-z", codec, stdin="\n".join(lines) + "\n")
    records = read(kcat, topic)
    assert [record["payload"] for record in records] == lines


@pytest.mark.cell(KCAT, "sizes")
@pytest.mark.parametrize("size", [0, 1, 900_000])
def test_records_of_any_size_come_back(kcat: Kcat, made: Made, size: int) -> None:
    topic = made()
    kcat("-P", "-t", topic, "-K", ":", stdin=f"key:{'x' * size}\n")
    (record,) = read(kcat, topic)
    assert record["payload"] == "x" * size


@pytest.mark.cell(KCAT, "sizes")
def test_a_record_just_over_the_limit_is_refused(brokers: Cluster, kcat: Kcat, made: Made) -> None:
    topic = made(max_message_bytes="2000")
    done = run(brokers.bootstrap, "-P", "-t", topic, stdin="x" * 2000 + "\n")
    assert done.returncode == 1
    assert "Message size too large" in done.stderr
    kcat("-P", "-t", topic, stdin="x" * 1900 + "\n")
    assert len(read(kcat, topic)) == 1


@pytest.mark.cell(KCAT, "tombstones")
def test_tombstones_come_back_as_nulls(kcat: Kcat, made: Made) -> None:
    topic = made(cleanup_policy="compact")
    kcat("-P", "-t", topic, "-K", ":", "-Z", stdin="kept:value\ngone:\n")
    assert [(record["key"], record["payload"]) for record in read(kcat, topic)] == [("kept", "value"), ("gone", None)]
    shown = kcat("-C", "-t", topic, "-e", "-q", "-Z", "-K", ":")
    assert shown.splitlines() == ["kept:value", "gone:NULL"]


@pytest.mark.cell(KCAT, "acks and idempotence")
@pytest.mark.parametrize(
    "settings", [("acks=0",), ("acks=1",), ("acks=all",), ("enable.idempotence=true",)], ids=" ".join
)
def test_it_sends_with_any_acknowledgement(kcat: Kcat, made: Made, settings: tuple[str, ...]) -> None:
    topic = made(2)
    options = [argument for setting in settings for argument in ("-X", setting)]
    kcat("-P", "-t", topic, *options, stdin="".join(f"{number}\n" for number in range(500)))
    records = read(kcat, topic)
    assert sorted(int(record["payload"]) for record in records) == list(range(500))


@pytest.mark.cell(KCAT, "groups")
def test_a_group_goes_on_from_its_commit(kcat: Kcat, filled: str) -> None:
    group = ("-G", f"group-of-{filled}", "-q", "-X", "auto.offset.reset=earliest")
    first = kcat(*group, "-c", "8", filled).splitlines()
    second = kcat(*group, "-c", "12", filled).splitlines()
    assert sorted(first + second) == sorted(f"value-{number}" for number in range(20))


@pytest.mark.cell(KCAT, "groups")
@pytest.mark.parametrize("strategy", ["range", "roundrobin", "cooperative-sticky"])
def test_a_static_member_subscribes_by_pattern(kcat: Kcat, filled: str, strategy: str) -> None:
    settings = (f"partition.assignment.strategy={strategy}", "group.instance.id=constant", "auto.offset.reset=earliest")
    options = [argument for setting in settings for argument in ("-X", setting)]
    shown = kcat("-G", f"group-of-{filled}", "-q", "-c", "20", *options, f"^{filled[:-1]}.$")
    assert len(shown.splitlines()) == 20


@pytest.mark.cell(KCAT, "offsets")
@pytest.mark.parametrize(
    ("options", "offsets"),
    [
        (("-o", "beginning"), range(10)),
        (("-o", "7"), range(7, 10)),
        (("-o", "-2"), range(8, 10)),
        (("-o", "end"), range(0)),
        (("-o", f"s@{BEGAN_MS + 4 * MINUTE_MS}"), range(4, 10)),
        (("-o", f"s@{BEGAN_MS + MINUTE_MS}", "-o", f"e@{BEGAN_MS + 3 * MINUTE_MS}"), range(1, 3)),
    ],
    ids=lambda value: " ".join(value).replace(str(BEGAN_MS)[:7], "") if isinstance(value, tuple) else "",
)
def test_it_reads_from_any_place(kcat: Kcat, filled: str, options: tuple[str, ...], offsets: range) -> None:
    assert [record["offset"] for record in read(kcat, filled, "-p", "1", *options)] == list(offsets)


@pytest.mark.cell(KCAT, "offsets")
def test_offsets_are_told_by_time(kcat: Kcat, filled: str) -> None:
    def told(time_ms: int) -> str:
        return kcat("-Q", "-t", f"{filled}:0:{time_ms}").strip()

    assert told(BEGAN_MS + 4 * MINUTE_MS) == f"{filled} [0] offset 4"
    assert told(-1) == f"{filled} [0] offset 10"
    assert told(-2) == f"{filled} [0] offset 0"
    assert told(int(time.time() * 1000)) == f"{filled} [0] offset -1"


@pytest.mark.cell(KCAT, "metadata and JSON")
def test_brokers_and_partitions_are_listed(brokers: Cluster, kcat: Kcat, made: Made) -> None:
    topic = made(3)
    told = json.loads(kcat("-L", "-J", "-t", topic))
    named = {f"{broker['id']}": broker["name"] for broker in told["brokers"]}
    assert named == dict(zip("123", brokers.bootstrap.split(","), strict=True))
    assert told["controllerid"] in (1, 2, 3)
    (listed,) = told["topics"]
    assert listed["topic"] == topic
    for partition in listed["partitions"]:
        assert partition["leader"] == partition["replicas"][0]["id"]
        assert {replica["id"] for replica in partition["isrs"]} == {1, 2, 3}
    text = kcat("-L", "-t", topic)
    assert f'topic "{topic}" with 3 partitions:' in text
    assert topic in kcat("-L")


@pytest.mark.cell(KCAT, "metadata and JSON")
def test_json_tells_where_a_record_came_from(kcat: Kcat, made: Made) -> None:
    topic = made(message_timestamp_type="LogAppendTime")
    before_ms = time.time() * 1000
    kcat("-P", "-t", topic, "-k", "key", "-H", "h=v", stdin='{"a": 1}\n')
    (record,) = read(kcat, topic)
    assert (record["topic"], record["partition"], record["offset"]) == (topic, 0, 0)
    assert (record["key"], record["payload"], record["headers"]) == ("key", '{"a": 1}', ["h", "v"])
    assert record["tstype"] == "logappend"
    assert before_ms - 1000 < record["ts"] < time.time() * 1000 + 1000


@pytest.mark.cell(KCAT, "errors")
def test_topics_partitions_and_offsets_that_are_not_there_are_told(brokers: Cluster, kcat: Kcat, filled: str) -> None:
    def error(*arguments: str) -> str:
        done = run(brokers.bootstrap, *arguments)
        assert done.returncode != 0
        return done.stderr

    consuming = ("-C", "-e", "-X", "allow.auto.create.topics=false")
    assert "Unknown topic or partition" in error(*consuming, "-t", "gone")
    assert "partition 9 does not exist" in error("-C", "-e", "-t", filled, "-p", "9")
    assert "out of range" in error(
        "-C", "-e", "-t", filled, "-p", "0", "-o", "99", "-X", "topic.auto.offset.reset=error"
    )
