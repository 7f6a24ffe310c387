"""Administration, as far as each library has the calls: its answers are those of the cluster."""

from collections.abc import Callable

import pytest

from tests.clients.driver import ClientError, Record
from tests.clients.libraries import each_library
from tests.clients.stage import Scenario, Stage
from tests.support.patience import until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

Play = Callable[[Scenario], None]
BEGAN_MS = 1_700_000_000_000
GROUP_SUBSCRIBED_TO_TOPIC = 86
NAMES_BROKERS_ONLY = ("@confluentinc/kafka-javascript",)
READS_OFFSETS_ONLY = ("aiokafka", "kafka-python 2.0.2", "@confluentinc/kafka-javascript")


@each_library("topics")
def test_it_creates_describes_alters_lists_and_deletes_topics(play: Play) -> None:
    play(administer_topics)


def administer_topics(stage: Stage) -> None:
    topic, driver = stage.name(), stage.driver
    driver.call("create_topic", topic=topic, partitions=2, replication=3, configs={"retention.ms": "3600000"})
    until(lambda: topic in driver.call("topics"), f"{topic} is listed")
    described = sorted(driver.call("describe_topic", topic=topic), key=lambda one: one["partition"])
    assert [one["partition"] for one in described] == [0, 1]
    assert all(sorted(one["replicas"]) == [1, 2, 3] and one["leader"] in (1, 2, 3) for one in described)
    with pytest.raises(ClientError):
        driver.call("create_topic", topic=topic, partitions=2, replication=3, configs={})
    driver.call("add_partitions", topic=topic, total=5)
    until(lambda: len(driver.call("describe_topic", topic=topic)) == 5, "five partitions are described")
    driver.call("delete_topic", topic=topic)
    until(lambda: topic not in driver.call("topics"), f"{topic} is gone")


@each_library("configs")
def test_it_describes_and_alters_configurations(play: Play) -> None:
    play(administer_configs)


def administer_configs(stage: Stage) -> None:
    topic, driver = stage.topic(retention_ms="7200000"), stage.driver
    assert driver.call("configs", kind="topic", of=topic)["retention.ms"] == "7200000"
    driver.call("alter_configs", kind="topic", of=topic, values={"retention.ms": "3600000"})
    until(
        lambda: driver.call("configs", kind="topic", of=topic)["retention.ms"] == "3600000", "the alteration is shown"
    )
    assert driver.call("configs", kind="broker", of="2")["min.insync.replicas"] == "2"
    with pytest.raises(ClientError):
        driver.call("alter_configs", kind="topic", of=topic, values={"retention.ms": "for long"})


def group_that_read(stage: Stage, topic: str, count: int) -> str:
    """A group without members that has read so many records of partition 0."""
    group = stage.name()
    stage.driver.open(group, [topic], group=group)
    stage.read(group, count)
    stage.driver.call("commit", name=group, offsets=[[topic, 0, count]])
    described = stage.driver.call("describe_group", group=group)
    assert (described["state"].lower(), described["members"]) == ("stable", 1)
    stage.driver.close(group)
    return group


@each_library("groups")
def test_it_lists_describes_and_deletes_groups(play: Play) -> None:
    play(administer_groups)


def administer_groups(stage: Stage) -> None:
    topic, driver = stage.topic(), stage.driver
    driver.produce(topic, [Record(b"%d" % number) for number in range(10)])
    group = group_that_read(stage, topic, 10)
    assert group in driver.call("groups")
    until(lambda: driver.call("describe_group", group=group)["state"].lower() == "empty", "the group is empty")
    if stage.library.name != "aiokafka":
        driver.call("delete_group", group=group)
        until(lambda: group not in driver.call("groups"), "the group is gone")
        with pytest.raises(ClientError):
            driver.call("delete_group", group=group)


@each_library("offsets")
def test_it_tells_and_sets_offsets_of_partitions_and_groups(play: Play) -> None:
    play(administer_offsets)


def administer_offsets(stage: Stage) -> None:
    topic, driver = stage.topic(), stage.driver
    driver.produce(topic, [Record(b"%d" % number) for number in range(30)])
    assert driver.call("ends", topic=topic, partition=0) == [0, 30]
    group = group_that_read(stage, topic, 30)
    assert driver.call("group_offsets", group=group) == [[topic, 0, 30]]
    if stage.library.name not in READS_OFFSETS_ONLY:
        driver.call("set_group_offsets", group=group, offsets=[[topic, 0, 12]])
        assert driver.call("group_offsets", group=group) == [[topic, 0, 12]]
        driver.open(group, [topic], group=group)
        assert stage.read(group, 18)[0].offset == 12
        driver.close(group)


@each_library("offset by time")
def test_its_admin_client_tells_the_first_offset_that_is_not_older_than_a_timestamp(play: Play) -> None:
    play(list_offsets_by_time)


def list_offsets_by_time(stage: Stage) -> None:
    topic, driver = stage.topic(), stage.driver
    driver.produce(topic, [Record(b"%d" % number, timestamp=BEGAN_MS + 1000 * number) for number in range(30)])

    def offset_at(timestamp: int) -> int:
        return int(driver.call("offset_at", topic=topic, partition=0, timestamp=timestamp))

    assert [offset_at(BEGAN_MS + after) for after in (-1, 0, 11_000, 11_001, 29_000)] == [0, 0, 11, 12, 29]
    # KafkaJS and its like then tell the end, the others that there is none.
    assert offset_at(BEGAN_MS + 29_001) in (-1, 30)


@each_library("delete offsets")
def test_it_deletes_offsets_of_a_group(play: Play) -> None:
    play(delete_group_offsets)


def delete_group_offsets(stage: Stage) -> None:
    topic, driver = stage.topic(), stage.driver
    driver.produce(topic, [Record(b"%d" % number) for number in range(10)])
    group = group_that_read(stage, topic, 10)
    driver.open(group, [topic], group=group)
    stage.wait_assigned(group, {(topic, 0)})
    with pytest.raises(ClientError) as refused:
        driver.call("delete_group_offsets", group=group, parts=[[topic, 0]])
    assert refused.value.code == GROUP_SUBSCRIBED_TO_TOPIC
    driver.close(group)
    driver.call("delete_group_offsets", group=group, parts=[[topic, 0]])
    assert driver.call("group_offsets", group=group) == []
    driver.open(group, [topic], group=group)
    assert stage.read(group, 10)[0].offset == 0
    driver.close(group)


@each_library("delete records")
def test_it_deletes_records_before_an_offset(play: Play) -> None:
    play(delete_records)


def delete_records(stage: Stage) -> None:
    topic, name, driver = stage.topic(), stage.name(), stage.driver
    driver.produce(topic, [Record(b"%d" % number) for number in range(30)])
    assert driver.call("delete_records", topic=topic, partition=0, before=20) == 20
    assert driver.call("ends", topic=topic, partition=0) == [20, 30]
    driver.open(name, [topic], group=name)
    assert [record.offset for record in stage.read(name, 10)] == list(range(20, 30))
    driver.close(name)


@each_library("log dirs")
def test_it_describes_log_directories(play: Play) -> None:
    play(describe_log_dirs)


def describe_log_dirs(stage: Stage) -> None:
    topic, driver = stage.topic(2), stage.driver
    driver.produce(topic, [Record(b"x" * 1000, partition=0)] * 10)

    def same_everywhere() -> bool:
        """Followers may be a little behind."""
        told = driver.call("log_dirs", topic=topic)
        assert sorted(map(int, told)) == [1, 2, 3]
        assert all([partition for partition, _ in replicas] == [0, 1] for replicas in told.values())
        return all(replicas[0][1] > 10_000 and replicas[1][1] == 0 for replicas in told.values())

    until(same_everywhere, "every broker tells the size of its replicas")


@each_library("cluster")
def test_it_describes_the_cluster(play: Play) -> None:
    play(describe_cluster)


def describe_cluster(stage: Stage) -> None:
    told = stage.driver.call("cluster")
    assert sorted(told["brokers"]) == [1, 2, 3]
    if stage.library.name in NAMES_BROKERS_ONLY:
        return
    assert told["controller"] in (1, 2, 3)
    admin = stage.cluster.admin()
    assert told["id"] == admin.describe_cluster().result(30).cluster_id
