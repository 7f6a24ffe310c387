"""What DescribeConfigs shows of a configuration: values, sources and synonyms as Kafka's brokers gave them."""

from collections.abc import Iterator

from cluster.broker.config import BrokerConfig
from cluster.broker.configuration.view import (
    ConfigEntry,
    ConfigSource,
    broker_entries,
    cluster_default_entries,
    topic_entries,
)
from tests.broker import kafka_configs
from tests.broker.test_config import NEEDED, rows

CONFIG = BrokerConfig.of(NEEDED)
CHANGED = CONFIG.updated({"log.retention.ms": "7200000"}, {"log.retention.ms": "3600000", "foo.bar": "5"})


def by_name(entries: Iterator[ConfigEntry]) -> dict[str, ConfigEntry]:
    return {entry.name: entry for entry in entries}


def synonyms(entry: ConfigEntry) -> list[tuple[str, str | None, int]]:
    return [(synonym.name, synonym.value, synonym.source) for synonym in entry.synonyms]


def test_a_topic_without_overrides_shows_what_kafka_shows() -> None:
    entries = by_name(topic_entries(CONFIG, {}))
    expected = list(rows(kafka_configs.TOPIC_CONFIGS))
    assert list(entries) == [row[0] for row in expected]
    for name, kind, default, synonym in expected:
        value = "" if default == "(empty)" else default
        entry = entries[name]
        assert (entry.value, entry.source, entry.read_only) == (value, ConfigSource.DEFAULT, False)
        assert synonyms(entry) == ([] if synonym == "-" else [(synonym, value, ConfigSource.DEFAULT)])
        assert entry.documentation
        assert kind


def test_an_override_stands_before_what_it_overrides() -> None:
    entries = by_name(topic_entries(CHANGED, {"retention.ms": " 60000 ", "cleanup.policy": "delete,compact"}))
    assert entries["retention.ms"].value == "60000"
    assert entries["retention.ms"].source == ConfigSource.TOPIC
    assert synonyms(entries["retention.ms"]) == [
        ("retention.ms", "60000", 1),
        ("log.retention.ms", "3600000", 2),
        ("log.retention.ms", "7200000", 3),
        ("log.retention.hours", "168", 5),
    ]
    assert synonyms(entries["cleanup.policy"]) == [
        ("cleanup.policy", "delete,compact", 1),
        ("log.cleanup.policy", "delete", 5),
    ]


def test_a_topic_shows_the_value_that_a_broker_sets_in_hours_but_no_synonym() -> None:
    config = BrokerConfig.of({**NEEDED, "log.retention.hours": "1"})
    entry = by_name(topic_entries(config, {}))["retention.ms"]
    assert (entry.value, entry.source, synonyms(entry)) == ("3600000", ConfigSource.DEFAULT, [])


def test_a_broker_shows_where_each_value_comes_from() -> None:
    entries = by_name(broker_entries(CHANGED))
    assert synonyms(entries["log.retention.ms"]) == [
        ("log.retention.ms", "3600000", 2),
        ("log.retention.ms", "7200000", 3),
        ("log.retention.hours", "168", 5),
    ]
    assert (entries["log.retention.ms"].value, entries["log.retention.ms"].read_only) == ("3600000", False)
    assert synonyms(entries["broker.id"]) == [("broker.id", "1", 4), ("broker.id", "-1", 5)]
    assert (entries["node.id"].source, entries["node.id"].read_only) == (ConfigSource.STATIC_BROKER, True)
    assert entries["log.cleaner.io.max.bytes.per.second"].value == "1.7976931348623157E308"
    assert (entries["broker.rack"].value, synonyms(entries["broker.rack"])) == (None, [])


def test_a_name_that_nobody_defines_may_be_a_secret() -> None:
    entry = by_name(broker_entries(CHANGED))["foo.bar"]
    assert (entry.value, entry.source, entry.read_only, entry.sensitive, entry.type) == (None, 2, True, True, 0)
    assert synonyms(entry) == [("foo.bar", None, 2)]


def test_the_cluster_default_shows_only_what_was_set_for_all() -> None:
    entries = by_name(cluster_default_entries(CHANGED))
    assert list(entries) == ["log.retention.ms"]
    assert synonyms(entries["log.retention.ms"]) == [("log.retention.ms", "7200000", 3)]
