"""Topic configurations: what is allowed, what is the default, what a broker configuration makes of it."""

import html
import re

import pytest

from cluster.log.config import TOPIC_CONFIGS, LogConfig, defaults_from_broker, validate_topic_configs
from cluster.protocol.errors import InvalidConfig
from tests.support import apache_kafka


def test_the_defaults_are_kafkas() -> None:
    config = LogConfig.of()
    assert config.segment_bytes == 1 << 30
    assert config.retention_ms == 7 * 86_400_000
    assert config.max_message_bytes == 1_048_588
    assert config.cleanup_policy == ("delete",)
    assert config.message_timestamp_after_max_ms == 3_600_000
    assert (config.delete, config.compact) == (True, False)


def test_a_topics_value_is_above_the_brokers_and_that_above_the_default() -> None:
    config = LogConfig.of({"retention.ms": "5"}, {"retention.ms": "6", "segment.ms": "7"})
    assert (config.retention_ms, config.segment_ms, config.segment_jitter_ms) == (5, 7, 0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("retention.ms", "-2"),
        ("retention.ms", "1.5"),
        ("retention.ms", "1_000"),
        ("retention.ms", "9223372036854775808"),
        ("retention.ms", ""),
        ("segment.bytes", "1048575"),
        ("segment.bytes", "2147483648"),
        ("cleanup.policy", "delete,delete"),
        ("cleanup.policy", "shrink"),
        ("cleanup.policy", "delete,"),
        ("compression.type", "brotli"),
        ("compression.type", "ZSTD"),
        ("compression.gzip.level", "0"),
        ("compression.gzip.level", "10"),
        ("compression.lz4.level", "18"),
        ("compression.zstd.level", "23"),
        ("preallocate", "yes"),
        ("min.cleanable.dirty.ratio", "1.1"),
        ("min.cleanable.dirty.ratio", "NaN"),
        ("min.insync.replicas", "0"),
        ("message.timestamp.type", "createtime"),
        ("leader.replication.throttled.replicas", "1-2"),
    ],
)
def test_a_value_outside_the_limits_is_refused(name: str, text: str) -> None:
    with pytest.raises(InvalidConfig, match=name):
        LogConfig.of({name: text})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("retention.ms", " +7 ", 7),
        ("retention.bytes", "-17", -17),
        ("cleanup.policy", " compact , delete ", ("compact", "delete")),
        ("cleanup.policy", "", ()),
        ("compression.gzip.level", "-1", -1),
        ("compression.zstd.level", "-131072", -131072),
        ("preallocate", "TRUE", True),
        ("min.cleanable.dirty.ratio", "1e-1", 0.1),
        ("leader.replication.throttled.replicas", "*", ("*",)),
        ("leader.replication.throttled.replicas", "0:1,12:3", ("0:1", "12:3")),
    ],
)
def test_a_value_within_the_limits_is_read(name: str, text: str, value: object) -> None:
    assert getattr(LogConfig.of({name: text}), name.replace(".", "_")) == value


@pytest.mark.parametrize("name", TOPIC_CONFIGS)
def test_every_default_is_read_back_from_its_own_text(name: str) -> None:
    definition = TOPIC_CONFIGS[name]
    text = definition.format(definition.default)
    assert definition.documentation
    if text is not None:
        assert definition.parse(text) == definition.default


def test_a_value_that_makes_no_sense_beside_another_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="conflict"):
        validate_topic_configs({"min.compaction.lag.ms": "10", "max.compaction.lag.ms": "9"})
    with pytest.raises(InvalidConfig, match="Unknown topic config name: retention"):
        validate_topic_configs({"retention": "10"})
    with pytest.raises(InvalidConfig, match="Tiered Storage"):
        validate_topic_configs({"remote.storage.enable": "true"})
    validate_topic_configs({"segment.bytes": "1048576", "cleanup.policy": "compact,delete"})


def test_broker_configurations_make_the_defaults_of_topics() -> None:
    broker = {
        "log.retention.hours": "2",
        "log.retention.minutes": None,
        "log.roll.ms": "9",
        "log.roll.hours": "5",
        "message.max.bytes": "77",
        "log.flush.scheduler.interval.ms": "8",
    }
    assert defaults_from_broker(TOPIC_CONFIGS, broker) == {
        "retention.ms": "7200000",
        "segment.ms": "9",
        "max.message.bytes": "77",
        "flush.ms": "8",
    }
    assert defaults_from_broker(TOPIC_CONFIGS, {"log.retention.hours": "-1"}) == {"retention.ms": "-1"}


def test_a_compacted_log_begins_segments_by_its_maximum_lag() -> None:
    assert LogConfig.of({"max.compaction.lag.ms": "5"}).max_segment_ms == 7 * 86_400_000
    assert LogConfig.of({"max.compaction.lag.ms": "5", "cleanup.policy": "compact"}).max_segment_ms == 5


ROW = re.compile(r"<th>(Type|Default|Valid Values|Server Default Property):</th><td>(.*?)</td>")


@pytest.mark.slow
def test_every_configuration_is_as_apache_kafka_documents_it() -> None:
    page = apache_kafka.tool("org.apache.kafka.storage.internals.log.LogConfig")
    documented = {}
    for section in page.split("<h4>")[1:]:
        name = re.search(r'id="topicconfigs_([^"]+)"', section)
        assert name
        documented[name[1]] = dict(ROW.findall(section))
    assert {name for name, one in TOPIC_CONFIGS.items() if not one.internal} == set(documented)
    for name, rows in documented.items():
        definition = TOPIC_CONFIGS[name]
        assert definition.type.name.lower() == rows["Type"]
        shown_default = html.unescape(rows["Default"]).partition(" (")[0]
        assert (definition.format(definition.default) or '""') == shown_default, name
        assert (definition.broker_synonym or "null") == rows["Server Default Property"], name
        if definition.validator is not None:
            assert str(definition.validator) == html.unescape(rows["Valid Values"]), name
