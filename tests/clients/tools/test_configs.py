"""kafka-configs."""

import re
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.clients.tools.shell import Shell
from tests.support.patience import until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
CONFIGS = "kafka-configs"
ENTRY = re.compile(r"^  ([\w.-]+)=(.*) sensitive=(true|false) synonyms=\{(.*)\}$")
NewName = Callable[[], str]
Made = Callable[..., str]


def entries(lines: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Name -> value and synonyms, as the tool describes them below its heading."""
    found = (ENTRY.match(line) for line in lines[1:])
    return {one[1]: (one[2], one[4]) for one in found if one is not None}


def described(shell: Shell, *entity: str) -> dict[str, tuple[str, str]]:
    return entries(shell.done("configs", *entity, "--describe"))


def values(shell: Shell, *entity: str) -> dict[str, str]:
    return {name: value for name, (value, _) in described(shell, *entity).items()}


@pytest.mark.cell(CONFIGS, "what it is for")
def test_a_topics_configurations_are_added_described_and_deleted(shell: Shell, made: Made) -> None:
    topic = made()
    entity = ("--entity-type", "topics", "--entity-name", topic)
    before = values(shell, *entity)
    changed = ("--alter", "--add-config", "retention.ms=1234567,cleanup.policy=[compact,delete]")
    assert shell.done("configs", *entity, *changed) == [f"Completed updating config for topic {topic}."]
    added = {"retention.ms": "1234567", "cleanup.policy": "compact,delete"}
    until(lambda: values(shell, *entity) == {**before, **added}, "both described")
    synonyms = described(shell, *entity)["retention.ms"][1]
    assert synonyms.startswith("DYNAMIC_TOPIC_CONFIG:retention.ms=1234567")
    shell.done("configs", *entity, "--alter", "--delete-config", "retention.ms,cleanup.policy")
    until(lambda: values(shell, *entity) == before, "neither described")


@pytest.mark.cell(CONFIGS, "its options")
def test_all_of_a_topics_configurations_are_told_with_where_they_come_from(shell: Shell, made: Made) -> None:
    everything = entries(shell.done("configs", "--topic", made(max_message_bytes="2000"), "--describe", "--all"))
    assert everything["max.message.bytes"] == (
        "2000",
        "DYNAMIC_TOPIC_CONFIG:max.message.bytes=2000, DEFAULT_CONFIG:message.max.bytes=1048588",
    )
    assert everything["segment.bytes"] == ("1073741824", "DEFAULT_CONFIG:log.segment.bytes=1073741824")
    assert everything["min.insync.replicas"][0] == "2"
    assert "STATIC_BROKER_CONFIG:min.insync.replicas=2" in everything["min.insync.replicas"][1]
    assert len(everything) == 33


@pytest.mark.cell(CONFIGS, "its options")
def test_configurations_are_added_from_a_file(shell: Shell, made: Made, written: Callable[[str], str]) -> None:
    topic, path = made(), written("retention.ms=77000\nmin.compaction.lag.ms=5\n")
    shell.done("configs", "--topic", topic, "--alter", "--add-config-file", path)
    until(lambda: values(shell, "--topic", topic).get("retention.ms") == "77000", "the file's values")
    assert values(shell, "--topic", topic)["min.compaction.lag.ms"] == "5"


@pytest.mark.cell(CONFIGS, "its options")
def test_all_topics_are_described_at_once(shell: Shell, made: Made) -> None:
    topics = [made(retention_ms="1000"), made(retention_ms="2000")]
    lines = shell.done("configs", "--entity-type", "topics", "--describe")
    for topic, value in zip(topics, ("1000", "2000"), strict=True):
        below = lines[lines.index(f"Dynamic configs for topic {topic} are:") :]
        assert next(line for line in below if "retention.ms" in line).startswith(f"  retention.ms={value} ")


@pytest.fixture
def untouched(shell: Shell) -> Iterator[None]:
    """Takes what a test has set on brokers away again."""
    yield
    for entity in (("--broker", "1"), ("--broker-defaults",)):
        for name in values(shell, *entity).keys() & {"message.max.bytes", "log.retention.ms"}:
            shell.done("configs", *entity, "--alter", "--delete-config", name)


@pytest.mark.cell(CONFIGS, "its options")
@pytest.mark.usefixtures("untouched")
def test_a_brokers_own_value_goes_before_the_clusters(shell: Shell, made: Made) -> None:
    one, every = ("--broker", "1"), ("--broker-defaults",)
    assert shell.done("configs", *every, "--alter", "--add-config", "message.max.bytes=2000000") == [
        "Completed updating default config for brokers in the cluster."
    ]
    assert shell.done("configs", *one, "--alter", "--add-config", "message.max.bytes=3000000") == [
        "Completed updating config for broker 1."
    ]
    until(lambda: values(shell, *one).get("message.max.bytes") == "3000000", "the broker's own")
    assert values(shell, *every)["message.max.bytes"] == "2000000"
    assert described(shell, *one)["message.max.bytes"][1] == (
        "DYNAMIC_BROKER_CONFIG:message.max.bytes=3000000, DYNAMIC_DEFAULT_BROKER_CONFIG:message.max.bytes=2000000, "
        "DEFAULT_CONFIG:message.max.bytes=1048588"
    )
    assert "message.max.bytes" not in values(shell, "--broker", "2")
    assert entries(shell.done("configs", "--broker", "2", "--describe", "--all"))["message.max.bytes"][0] == "2000000"


@pytest.mark.cell(CONFIGS, "its options")
@pytest.mark.usefixtures("untouched")
def test_the_brokers_defaults_are_the_topics_too(shell: Shell, made: Made) -> None:
    topic = made()
    shell.done("configs", "--broker-defaults", "--alter", "--add-config", "log.retention.ms=987654321")

    def told() -> tuple[str, str]:
        return entries(shell.done("configs", "--topic", topic, "--describe", "--all"))["retention.ms"]

    until(lambda: told()[0] == "987654321", "the topic has the brokers' default")
    assert told()[1].startswith("DYNAMIC_DEFAULT_BROKER_CONFIG:log.retention.ms=987654321")


@pytest.mark.cell(CONFIGS, "its options")
def test_all_of_a_brokers_configurations_are_told(shell: Shell) -> None:
    everything = entries(shell.done("configs", "--broker", "1", "--describe", "--all"))
    assert everything["node.id"] == ("1", "STATIC_BROKER_CONFIG:node.id=1")
    assert everything["default.replication.factor"][0] == "3"
    assert everything["log.segment.bytes"] == ("1073741824", "DEFAULT_CONFIG:log.segment.bytes=1073741824")


@pytest.mark.cell(CONFIGS, "its options")
def test_a_brokers_loggers_are_told_and_set(shell: Shell) -> None:
    def level(name: str) -> str:
        return values(shell, "--broker-logger", "1")[name]

    loggers = values(shell, "--broker-logger", "1")
    assert set(loggers.values()) <= {"FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"}
    name = next(name for name in sorted(loggers) if name != "root")
    shell.done("configs", "--broker-logger", "1", "--alter", "--add-config", f"{name}=ERROR")
    until(lambda: level(name) == "ERROR", f"{name} set")
    shell.done("configs", "--broker-logger", "1", "--alter", "--delete-config", name)
    until(lambda: level(name) != "ERROR", f"{name} set back")


@pytest.mark.cell(CONFIGS, "its errors")
@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--topic", "TOPIC", "--alter", "--add-config", "retention.ms=soon"), "InvalidConfigurationException"),
        (("--topic", "TOPIC", "--alter", "--add-config", "no.such=1"), "InvalidConfigurationException"),
        (("--topic", "TOPIC", "--alter", "--add-config", "segment.bytes=1"), "InvalidConfigurationException"),
        (("--topic", "gone", "--alter", "--add-config", "retention.ms=1"), "UnknownTopicOrPartitionException"),
        (("--broker", "1", "--alter", "--add-config", "node.id=7"), "InvalidRequestException"),
        (("--broker", "1", "--alter", "--add-config", "message.max.bytes=much"), "InvalidRequestException"),
        (("--broker-logger", "1", "--alter", "--add-config", "no.such=DEBUG"), r"Invalid broker logger\(s\): no.such"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_kafkas_errors_are_told(shell: Shell, made: Made, arguments: tuple[str, ...], error: str) -> None:
    topic = made()
    outcome = shell.run("configs", *(argument.replace("TOPIC", topic) for argument in arguments))
    assert outcome.status == 1
    assert re.search(error, outcome.err), outcome.err
