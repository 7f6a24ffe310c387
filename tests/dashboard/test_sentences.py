"""The sentence at the top names the worst thing that is so."""

from types import SimpleNamespace
from typing import Any

import pytest

from cluster.client.admin.storage import LogDirectory
from cluster.protocol.errors import KafkaError, KafkaStorageError, NotController
from dashboard.queries import brokers, groups, topic, topics
from dashboard.queries.sentences import Tone, counted, health_of
from dashboard.watch.history import History
from dashboard.watch.observation import Observation
from dashboard.watch.readings import Readings
from tests.dashboard import scenes


def test_a_whole_cluster_is_healthy() -> None:
    said = health_of(scenes.seen(scenes.shape(scenes.topic("orders"))))
    assert said.headline == "Healthy"
    assert said.detail == "3 of 3 brokers up. All 3 partitions have a leader."
    assert said.tone is Tone.GOOD


def test_an_empty_cluster_says_that_it_is_empty() -> None:
    said = health_of(scenes.seen(scenes.shape()))
    assert said.headline == "Healthy, and empty"
    assert "no topic yet" in said.detail


def test_a_leaderless_partition_is_worse_than_a_broker_that_is_down() -> None:
    dead = scenes.topic("orders", scenes.partition(0, (3,), leader=-1, isr=()), scenes.partition(1, (1, 2)))
    said = health_of(scenes.seen(scenes.shape(dead, brokers=(1, 2))))
    assert said.headline == "1 partition without a leader"
    assert "1 of 2 partitions can be read and written." in said.detail
    assert said.tone is Tone.BAD


def test_a_partition_that_refuses_acks_all_is_worse_than_a_broker_that_is_down() -> None:
    short = scenes.topic("orders", scenes.partition(0, isr=(1,)))
    said = health_of(scenes.seen(scenes.shape(short, brokers=(1,)), min_isr={"orders": 2}))
    assert said.headline == "1 partition cannot take acks=all"


def test_a_broker_that_is_down_while_all_is_served_is_a_warning() -> None:
    behind = scenes.topic("orders", scenes.partition(0, isr=(1, 2)))
    said = health_of(scenes.seen(scenes.shape(behind, brokers=(1, 2)), min_isr={"orders": 2}))
    assert said.headline == "Broker 3 down, everything is served"
    assert "back in sync once their brokers return" in said.detail
    assert said.tone is Tone.WARN


def test_a_broker_that_was_stopped_on_purpose_is_not_called_down() -> None:
    behind = scenes.topic("orders", scenes.partition(0, isr=(1, 2)))
    nodes = (scenes.node(1), scenes.node(2), scenes.node(3, wanted=False, state="stopped"))
    said = health_of(scenes.seen(scenes.shape(behind, brokers=(1, 2)), nodes=nodes))
    assert said.headline == "Broker 3 stopped, everything is served"
    assert "Broker 3 is stopped on purpose." in said.detail


def test_a_broker_that_is_back_is_catching_up() -> None:
    behind = scenes.topic("orders", scenes.partition(0, isr=(1, 2)))
    said = health_of(scenes.seen(scenes.shape(behind)))
    assert said.headline == "Healthy, 1 broker catching up"
    assert "1 partition has a replica behind, catching up now." in said.detail


def test_silence_is_told_with_its_reason() -> None:
    silent = Observation(failures={"shape": "refused"}, nodes=(scenes.node(1, wanted=False, state="stopped"),))
    said = health_of(silent)
    assert said.headline == "No broker answers"
    assert "stopped on purpose" in said.detail
    starting = Observation(failures={"shape": "refused"}, nodes=(scenes.node(1, state="starting"),))
    assert "being started" in health_of(starting).detail


def test_the_brokers_page_names_who_is_not_up() -> None:
    nodes = (scenes.node(1), scenes.node(2, state="waiting", last_exit="killed", last_exit_detail="killed by SIGKILL"))
    seen = scenes.seen(scenes.shape(scenes.topic("orders"), brokers=(1, 3)), nodes=nodes)
    table = brokers.broker_table(seen)
    assert brokers.sentence_of_list(seen, table).detail == (
        "2 of 3 brokers up. Broker 2 is not up. Broker 1 is the controller."
    )
    row = next(row for row in table.rows if row.key == 2)
    assert (row.state, row.unhappy_end) == ("starts again soon", "killed by SIGKILL")
    assert "killed by SIGKILL" in brokers.sentence_of(row).detail


def test_an_end_in_good_order_is_no_unhappy_one() -> None:
    nodes = (scenes.node(1, wanted=False, state="stopped", last_exit="clean", last_exit_detail="stopped"),)
    row = brokers.broker_table(scenes.seen(scenes.shape(brokers=()), nodes=nodes)).rows[0]
    assert (row.state, row.unhappy_end) == ("stopped", "")


def test_a_topic_names_its_dead_partitions() -> None:
    made = scenes.topic("orders", scenes.partition(0), scenes.partition(1, (3,), leader=-1, isr=()))
    seen = scenes.seen(scenes.shape(made))
    table = topic.partition_table(seen, History(), made, {})
    said = topic.sentence_of(made, topic.topic_figures(seen, History(), made, table))
    assert said.detail.startswith("Partition 1 cannot be read or written: no leader.")


def test_the_topics_page_counts_peoples_topics() -> None:
    seen = scenes.seen(scenes.shape(scenes.topic("orders"), scenes.topic("__consumer_offsets")))
    assert topics.sentence_of_list(seen).detail == "1 topic with 3 partitions, all replicas in sync."


@pytest.mark.parametrize(
    ("committed", "members", "words"),
    [
        ({("orders", 0): 100, ("orders", 1): 100}, 2, "Keeps up: 2 members read 2 partitions of 1 topic."),
        ({("orders", 0): 40, ("orders", 1): 100}, 1, "Worst is orders-0, 60 records behind."),
        ({("orders", 0): 40}, 0, "Nobody reads: the group has no member. 60 records wait."),
        ({("orders", 0): 100}, 0, "Nobody reads: the group has no member. It had read everything."),
    ],
)
def test_a_group_says_whether_it_keeps_up(committed: dict[tuple[str, int], int], members: int, words: str) -> None:
    billing = scenes.group("billing", committed, members)
    seen = scenes.seen(scenes.shape(scenes.topic("orders")), groups={"billing": billing})
    said = groups.sentence_of(seen, History(), billing, groups.lag_table(seen, billing))
    assert words in said.detail


def test_a_rebalancing_group_says_that_nobody_reads() -> None:
    billing = scenes.group("billing", {}, state="PreparingRebalance")
    seen = scenes.seen(scenes.shape(scenes.topic("orders")), groups={"billing": billing})
    assert "Rebalancing" in groups.sentence_of(seen, History(), billing, groups.lag_table(seen, billing)).detail


def test_a_topic_names_the_partitions_without_a_leader_in_good_english() -> None:
    for dead, words in (((0,), "Partition 0 cannot"), ((0, 1), "Partitions 0 and 1 cannot"), (range(6), "6 of 6 part")):
        gone = [scenes.partition(number, (1,), leader=-1, isr=()) for number in dead]
        orders = scenes.topic("orders", *gone)
        seen = scenes.seen(scenes.shape(orders, brokers=(2,)))
        table = topic.partition_table(seen, History(), orders, {})
        said = topic.sentence_of(orders, topic.topic_figures(seen, History(), orders, table))
        assert said.detail.startswith(words)


def test_a_broker_without_replicas_has_none_in_sync() -> None:
    rows = brokers.broker_table(scenes.seen(scenes.shape())).rows
    assert brokers.sentence_of(rows[0]).detail == "Up: leads no partition and holds no replica."


def test_counting_words() -> None:
    assert [counted(n, "broker") for n in (0, 1, 2, 1500)] == ["no broker", "1 broker", "2 brokers", "1,500 brokers"]


def test_a_broker_that_lives_on_without_one_of_its_disks_says_which() -> None:
    short = scenes.topic("orders", scenes.partition(0, isr=(1, 3)))
    seen = scenes.seen(scenes.shape(short), offline_directories={2: ("/disk-b",)})
    table = brokers.broker_table(seen)
    assert [row.state for row in table.rows] == ["up", "disk offline", "up"]
    said = brokers.sentence_of(table.rows[1])
    assert said.detail == (
        "Up, but without /disk-b: that log directory is offline (KAFKA_STORAGE_ERROR). 1 of 1 replica not in sync."
    )
    assert said.tone is Tone.BAD
    assert "Broker 2 is short of a log directory." in brokers.sentence_of_list(seen, table).detail


async def test_offline_directories_are_those_that_a_broker_answers_an_error_for() -> None:
    def directory(path: str, error: KafkaError | None = None) -> LogDirectory:
        return LogDirectory(path=path, error=error, total_bytes=-1, usable_bytes=-1, replicas=())

    class Storage:
        async def log_directories(self, partitions: object) -> dict[int, tuple[LogDirectory, ...] | KafkaError]:
            both = (directory("/disk-a"), directory("/disk-b", KafkaStorageError()))
            return {1: (directory("/disk-a"),), 2: both, 3: NotController()}

    admin: Any = SimpleNamespace(storage=Storage())
    assert await Readings(admin).offline_directories(Observation()) == {2: ("/disk-b",)}
