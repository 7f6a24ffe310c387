"""A broker's configuration: the table against Kafka's, typed values, layers, refusals."""

import typing
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

import cluster
from cluster.broker.config import BrokerConfig
from cluster.broker.configuration.definition import WITHOUT_EFFECT, UpdateMode
from cluster.broker.configuration.table import BROKER_CONFIGS, unknown_reason
from cluster.broker.configuration.values import BrokerValues
from cluster.groups.config import GroupConfig
from cluster.log.config import TOPIC_CONFIGS, ConfigType
from cluster.protocol.errors import InvalidConfig, InvalidRequest
from tests.broker import kafka_configs

NEEDED = {"node.id": "1", "log.dirs": "/data", "listeners": "PLAINTEXT://127.0.0.1:9092"}

DIFFERENT_ON_PURPOSE = {
    "listeners": "the listener is not opened anew while the broker runs",
    "log.dir": "no data in a temporary directory by default",
    "group.coordinator.rebalance.protocols": "the classic protocol only",
}


def rows(table: str) -> Iterator[list[str]]:
    for line in table.strip().splitlines():
        yield [cell.strip() for cell in line.split("|")]


@pytest.mark.parametrize("row", list(rows(kafka_configs.BROKER_CONFIGS)), ids=lambda row: row[0])
def test_a_broker_configuration_is_as_kafka_has_it(row: list[str]) -> None:
    name, kind, default, change = row
    definition = BROKER_CONFIGS[name]
    assert definition.type.name.lower() == kind
    if name not in DIFFERENT_ON_PURPOSE:
        assert definition.format(definition.default) == (None if default == "-" else default)
        assert (definition.update_mode is UpdateMode.READ_ONLY) == (change == "fixed")


def test_every_broker_configuration_was_compared_and_is_documented() -> None:
    assert set(BROKER_CONFIGS) == {row[0] for row in rows(kafka_configs.BROKER_CONFIGS)}
    assert all(len(definition.documentation) > 20 for definition in BROKER_CONFIGS.values())


def test_every_default_passes_its_own_limits() -> None:
    for definition in BROKER_CONFIGS.values():
        text = definition.format(definition.default)
        assert text is None or definition.parse(text) == definition.default


def test_typed_values_have_the_types_of_their_definitions() -> None:
    python_types = {
        ConfigType.BOOLEAN: bool,
        ConfigType.STRING: str,
        ConfigType.INT: int,
        ConfigType.SHORT: int,
        ConfigType.LONG: int,
        ConfigType.DOUBLE: float,
        ConfigType.LIST: tuple[str, ...],
    }
    for name, annotation in typing.get_type_hints(BrokerValues).items():
        definition = BROKER_CONFIGS[name.replace("_", ".")]
        expected = python_types[definition.type]
        required = name in ("node_id", "log_dirs")
        assert annotation == (expected if definition.default is not None or required else expected | None), name


def test_a_configuration_has_an_effect_or_says_that_it_has_none() -> None:
    typed = {name.replace("_", ".") for name in typing.get_type_hints(BrokerValues)}
    defaults_of_topics = {s.name for definition in TOPIC_CONFIGS.values() for s in definition.broker_synonyms}
    other_names = {"broker.id", "log.dir"}
    enforced_by_its_limits = {"group.coordinator.rebalance.protocols"}
    effective = typed | defaults_of_topics | other_names | enforced_by_its_limits
    for name, definition in BROKER_CONFIGS.items():
        assert (name not in effective) == definition.documentation.startswith(WITHOUT_EFFECT), name


def test_code_reads_every_typed_value() -> None:
    room = Path(cluster.__path__[0])
    sources = [path for path in room.rglob("*.py") if path.parent.name != "configuration"]
    code = "".join(path.read_text() for path in sources)
    by_name = {field.name for field in fields(GroupConfig)} | {"advertised_listeners", "listeners", "log_dirs"}
    assert [n for n in typing.get_type_hints(BrokerValues) if f".{n}" not in code and n not in by_name] == []


def test_what_is_given_becomes_typed_values_and_the_rest_has_defaults() -> None:
    config = BrokerConfig.of({**NEEDED, "replica.lag.time.max.ms": "5000", "auto.create.topics.enable": "false"})
    assert (config.node_id, config.log_dir, config.replica_lag_time_max_ms) == (1, "/data", 5000)
    assert not config.auto_create_topics_enable
    assert config.offsets_topic_num_partitions == 50
    assert (config.advertised_host, config.advertised_port) == ("127.0.0.1", 9092)


def test_clients_are_told_the_advertised_address() -> None:
    config = BrokerConfig.of(
        {**NEEDED, "listeners": "PLAINTEXT://:9092", "advertised.listeners": "PLAINTEXT://[2001:db8::1]:19092"}
    )
    assert (config.listener.host, config.listener.port) == ("", 9092)
    assert (config.advertised_host, config.advertised_port) == ("2001:db8::1", 19092)
    assert str(config.advertised) == "PLAINTEXT://[2001:db8::1]:19092"


def test_the_former_names_of_node_id_and_log_dirs_still_work() -> None:
    config = BrokerConfig.of({"broker.id": "7", "log.dir": "/data"})
    assert (config.node_id, config.log_dir) == (7, "/data")


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"node.id": "x"}, "Invalid value x for configuration node.id: Not a number of type INT"),
        ({"broker.id": "2"}, "You must set node.id to the same value as broker.id"),
        ({"log.dirs": "/a,/b"}, "Invalid value /a,/b for configuration log.dirs: one directory is supported"),
        ({"log.dirs": ""}, "Invalid value  for configuration log.dirs: List must not be empty"),
        ({"num.partitons": "3"}, "Unknown broker configuration num.partitons: did you mean num.partitions?"),
        ({"ssl.keystore.location": "x"}, "it belongs to a part of Apache Kafka that is not here: TLS"),
        ({"group.coordinator.thread": "2"}, "did you mean group.coordinator.threads?"),
        ({"qqq": "x"}, "Unknown broker configuration qqq: no broker configuration has this name"),
        ({"listeners": "SSL://:9093"}, "SSL is not supported"),
        ({"listeners": "PLAINTEXT://a:1,PLAINTEXT://b:2"}, "one listener is supported"),
        ({"listeners": "9092"}, "write PLAINTEXT://host:port"),
        ({"listeners": "PLAINTEXT://:70000"}, "write PLAINTEXT://host:port"),
        ({"advertised.listeners": "PLAINTEXT://0.0.0.0:9092"}, "clients need an address that they can reach"),
        ({"broker.session.timeout.ms": "3000"}, "must not be greater than half of broker.session.timeout.ms (3000)"),
        ({"replica.fetch.wait.max.ms": "40000"}, "must not be greater than replica.socket.timeout.ms (30000)"),
        ({"log.retention.hours": "0"}, "log.retention.ms must be unlimited (-1) or at least 1"),
        ({"min.insync.replicas": "0"}, "Value must be at least 1"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(properties: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidConfig) as refusal:
        BrokerConfig.of({**NEEDED, **properties})
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", kafka_configs.BROKER_CONFIGS_NOT_HERE.split())
def test_of_what_kafka_alone_has_the_part_is_named(name: str) -> None:
    """Nobody who brings a server.properties is told that Kafka has no such name, or that they meant another."""
    assert "it belongs to a part of Apache Kafka that is not here: " in unknown_reason(name)
    with pytest.raises(InvalidConfig):
        BrokerConfig.of({**NEEDED, name: "x"})


def test_a_broker_needs_a_node_id_and_a_directory() -> None:
    with pytest.raises(InvalidConfig, match=r"Missing required configuration node\.id"):
        BrokerConfig.of({"log.dirs": "/data"})
    with pytest.raises(InvalidConfig, match=r"Missing required configuration log\.dirs"):
        BrokerConfig.of({"node.id": "1"})


def test_one_broker_counts_more_than_all_brokers_and_that_more_than_the_start() -> None:
    config = BrokerConfig.of({**NEEDED, "min.insync.replicas": "2", "log.retention.ms": "1000"})
    assert config.min_insync_replicas == 2
    changed = config.updated({"min.insync.replicas": "3", "log.retention.ms": "2000"}, {"log.retention.ms": "3000"})
    assert changed.min_insync_replicas == 3
    assert changed.effective_log_config(None).retention_ms == 3000
    assert changed.effective_log_config({"retention.ms": "4000"}).retention_ms == 4000
    assert changed.updated({}, {}).effective_log_config({}).retention_ms == 1000
    assert config.min_insync_replicas == 2


def test_nothing_new_gives_the_same_configuration() -> None:
    config = BrokerConfig.of(NEEDED).updated({"log.retention.ms": "2000"}, None)
    assert config.updated({"log.retention.ms": "2000"}, {}) is config


def test_what_another_version_wrote_is_left_out_rather_than_fatal() -> None:
    config = BrokerConfig.of(NEEDED)
    changed = config.updated({"num.partitions": "9", "log.retention.ms": "soon", "message.max.bytes": "5"}, {})
    assert (changed.num_partitions, changed.values["message.max.bytes"]) == (1, 5)
    assert changed.effective_log_config(None).retention_ms == 604_800_000
    assert config.updated({"log.retention.ms": "0"}, {}) is config


def test_coarser_units_count_when_the_finer_are_not_set() -> None:
    hours = BrokerConfig.of({**NEEDED, "log.retention.hours": "2", "log.roll.hours": "3"})
    log = hours.effective_log_config(None)
    assert (log.retention_ms, log.segment_ms) == (7_200_000, 10_800_000)
    minutes = BrokerConfig.of({**NEEDED, "log.retention.hours": "2", "log.retention.minutes": "1"})
    assert minutes.effective_log_config(None).retention_ms == 60_000


def test_a_topic_has_its_own_min_insync_replicas_and_unclean_election() -> None:
    config = BrokerConfig.of({**NEEDED, "min.insync.replicas": "2"})
    assert config.effective_min_insync_replicas(None) == 2
    assert config.effective_min_insync_replicas({"min.insync.replicas": " 1 "}) == 1
    assert not config.effective_unclean_leader_election({})
    assert config.effective_unclean_leader_election({"unclean.leader.election.enable": "TRUE"})


def test_topics_without_overrides_share_one_log_configuration() -> None:
    config = BrokerConfig.of(NEEDED)
    assert config.effective_log_config({}) is config.effective_log_config(None)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (
            {"num.partitions": "5", "broker.rack": "a"},
            "Cannot update these configs dynamically: [broker.rack, num.part",
        ),
        ({"log.retention.ms": "x"}, "Invalid value x for configuration log.retention.ms: Not a number of type LONG"),
        ({"log.retention.ms": "0"}, "log.retention.ms must be unlimited (-1) or at least 1"),
    ],
)
def test_an_update_that_cannot_be_is_refused(texts: dict[str, str], said: str) -> None:
    config = BrokerConfig.of(NEEDED)
    for one_broker in (True, False):
        with pytest.raises(InvalidRequest) as refusal:
            config.check_update(texts, one_broker=one_broker)
        assert said in str(refusal.value)


def test_names_that_nobody_defines_may_be_set_as_with_kafka() -> None:
    BrokerConfig.of(NEEDED).check_update({"my.plugin.setting": "1"}, one_broker=True)


def test_the_offsets_topic_is_made_as_configured() -> None:
    config = BrokerConfig.of({**NEEDED, "offsets.topic.num.partitions": "5", "offsets.topic.segment.bytes": "2097152"})
    topic = config.offsets_topic()
    assert (topic.name, topic.num_partitions, topic.replication_factor) == ("__consumer_offsets", 5, 3)
    assert {c.name: c.value for c in topic.configs} == {
        "cleanup.policy": "compact",
        "compression.type": "producer",
        "segment.bytes": "2097152",
    }
