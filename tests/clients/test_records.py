"""Producing and consuming: every compression, every size, idempotence."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ProducerState

from tests.clients.driver import Read, Record
from tests.clients.libraries import ALL_COMPRESSIONS, LIBRARIES, each_library
from tests.clients.stage import Garage, Scenario, Stage
from tests.support.cluster import Cluster
from tests.support.evidence.load import read_all

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

Play = Callable[[Scenario], None]
COUNT = 10_000
KEYS = 97
MESSAGE_TOO_LARGE = 10
LIMIT = 1_048_588


def headers(number: int) -> tuple[tuple[str, bytes], ...]:
    """One name twice, bytes that are no text, and an empty value."""
    return (("trace", b"\x00\xff\xfe"), ("trace", b"%d" % number), ("empty", b""))


def keyed(prefix: str, count: int) -> list[Record]:
    return [
        Record(f"{prefix}-{number}".encode(), b"key-%d" % (number % KEYS), headers(number)) for number in range(count)
    ]


def by_key(records: Iterable[Read] | Iterable[Record]) -> dict[bytes | None, list[tuple[bytes | None, object]]]:
    """Values and headers per key, in the order given."""
    found: dict[bytes | None, list[tuple[bytes | None, object]]] = defaultdict(list)
    for record in records:
        found[record.key].append((record.value, list(record.headers)))
    return found


def by_place(records: Iterable[Read]) -> list[Read]:
    return sorted(records, key=lambda one: (one.partition, one.offset))


def placed(answers: Sequence[object]) -> bool:
    return all(isinstance(answer, list) for answer in answers)


@each_library("10,000 in each compression")
def test_it_reads_back_ten_thousand_keyed_records_of_each_compression(play: Play) -> None:
    play(read_back_every_compression)


def read_back_every_compression(stage: Stage) -> None:
    for compression in stage.library.compressions:
        topic, name = stage.topic(3), stage.name()
        records = keyed(compression, COUNT)
        answers = stage.driver.produce(topic, records, compression=compression)
        assert placed(answers), next(answer for answer in answers if not isinstance(answer, list))
        stage.driver.open(name, [topic], group=name)
        read = stage.read(name, COUNT)
        stage.driver.close(name)
        assert len(read) == COUNT
        assert by_key(by_place(read)) == by_key(records)
        homes = {(record.key, record.partition) for record in read}
        assert len(homes) == KEYS, "records of one key went to several partitions"
        if stage.library.tells_offsets:
            assert sorted((one.partition, one.offset) for one in read) == sorted(map(tuple, answers))


@pytest.fixture(scope="module")
def read_everybodys(three_brokers: Cluster, garage: Garage) -> Scenario:
    """Every library has written a little in each compression that it has."""
    topics = {name: three_brokers.create_topic(f"everybodys-{name}", 1) for name in ALL_COMPRESSIONS}
    sent: dict[str, dict[bytes | None, object]] = defaultdict(dict)
    for library in LIBRARIES:
        if library.program.missing() is None:
            for compression in library.compressions:
                records = keyed(f"{library.slug}-{compression}", 20)
                assert placed(garage.driver(library).produce(topics[compression], records, compression=compression))
                sent[compression] |= {record.value: list(record.headers) for record in records}

    def read(stage: Stage) -> None:
        for compression in stage.library.compressions:
            name, expected = stage.name(), sent[compression]
            stage.driver.open(name, [topics[compression]], group=name)
            records = stage.read(name, len(expected))
            stage.driver.close(name)
            assert {record.value: record.headers for record in records} == expected

    return read


@each_library("reads all others")
def test_it_reads_what_every_library_wrote_in_each_compression(play: Play, read_everybodys: Scenario) -> None:
    play(read_everybodys)


@each_library("0 B to the limit")
def test_it_sends_records_of_every_size_and_is_refused_over_the_limit(play: Play) -> None:
    play(send_every_size)


def send_every_size(stage: Stage) -> None:
    topic, name = stage.topic(), stage.name()
    sizes = [b"", b"x", b"x" * 900_000, b"x" * (LIMIT - 200)]
    answers = [stage.driver.produce(topic, [Record(value)], max_request_bytes=2_000_000)[0] for value in sizes]
    assert placed(answers), answers
    (refused,) = stage.driver.produce(topic, [Record(b"x" * LIMIT)], max_request_bytes=2_000_000)
    assert refused["code"] == MESSAGE_TOO_LARGE, refused
    stage.driver.produce(topic, [Record(None, key=b"tombstone")])
    stage.driver.open(name, [topic], group=name)
    read = stage.read(name, len(sizes) + 1)
    stage.driver.close(name)
    assert [record.value for record in read] == [*sizes, None]


@each_library("idempotence")
def test_its_idempotent_producer_numbers_its_records(play: Play) -> None:
    play(produce_idempotently)


def produce_idempotently(stage: Stage) -> None:
    topic = stage.topic()
    records = [Record(b"%d" % number) for number in range(500)]
    assert placed(stage.driver.produce(topic, records, idempotence=True))
    assert [value for _, value in read_all(stage.cluster.bootstrap, (topic, 0))] == [one.value for one in records]
    (state,) = producers_known(stage.cluster.bootstrap, topic)
    assert state.last_sequence == 499
    assert state.producer_id >= 0


def producers_known(bootstrap: str, topic: str) -> list[ProducerState]:
    """What the leader remembers of the idempotent producers of partition 0."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap.split(","))
    try:
        (told,) = admin.describe_producers([TopicPartition(topic, 0)]).values()
        return list(told.active_producers)
    finally:
        admin.close()


@each_library("auto-created topic")
def test_a_topic_that_is_produced_to_first_is_created_by_itself(play: Play) -> None:
    play(create_by_producing)


def create_by_producing(stage: Stage) -> None:
    topic, name = stage.name(), stage.name()
    records = keyed("first", 10)
    assert placed(stage.driver.produce(topic, records))
    stage.driver.open(name, [topic], group=name)
    assert by_key(by_place(stage.read(name, 10))) == by_key(records)
    stage.driver.close(name)
