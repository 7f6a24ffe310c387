"""What the client matrix shows: its tables, their rows (clients) and columns (behaviours), and what a client lacks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One client under one behaviour."""

    client: str
    behaviour: str


@dataclass(frozen=True, slots=True)
class Table:
    """Every row has every column: a cell is either tested or `ABSENT` for a reason."""

    title: str
    clients: tuple[str, ...]
    behaviours: tuple[str, ...]

    def cells(self) -> Iterator[Cell]:
        return (Cell(client, behaviour) for client in self.clients for behaviour in self.behaviours)


CONFLUENT_JS = "@confluentinc/kafka-javascript"
LIBRARIES_ROWS = (
    "Java 4.3",
    "Java 3.9",
    "Java 2.8",
    "confluent-kafka",
    "aiokafka",
    "kafka-python 3",
    "kafka-python 2.0.2",
    "KafkaJS",
    CONFLUENT_JS,
)
RECORDS = (
    "10,000 in each compression",
    "reads all others",
    "0 B to the limit",
    "idempotence",
    "order with retries",
    "auto-created topic",
)
GROUPS = (
    "leave, join, die",
    "eager",
    "cooperative",
    "static member",
    "mixed group",
    "commit by hand",
    "commit by itself",
)
POSITIONS = ("seek", "pause and resume", "pattern", "more partitions")
ADMINISTRATION = (
    "topics",
    "configs",
    "groups",
    "offsets",
    "offset by time",
    "delete offsets",
    "delete records",
    "log dirs",
    "cluster",
)
SURVIVAL = ("leader killed", "coordinator killed", "rolling restart")

KAFKAS_TOOLS = (
    "kafka-topics",
    "kafka-configs",
    "kafka-console-producer",
    "kafka-console-consumer",
    "kafka-groups",
    "kafka-consumer-groups --list, --describe",
    "kafka-consumer-groups --reset-offsets",
    "kafka-consumer-groups --delete, --delete-offsets",
    "kafka-get-offsets",
    "kafka-delete-records",
    "kafka-log-dirs",
    "kafka-leader-election",
    "kafka-broker-api-versions",
    "kafka-cluster",
    "kafka-producer-perf-test",
    "kafka-consumer-perf-test",
    "kafka-e2e-latency",
    "kafka-verifiable-producer",
    "kafka-verifiable-consumer",
    "kafka-replica-verification",
)
KCAT = (
    "keys and headers",
    "compressions",
    "sizes",
    "tombstones",
    "acks and idempotence",
    "groups",
    "offsets",
    "metadata and JSON",
    "errors",
)

TABLES: tuple[Table, ...] = (
    Table("Records", LIBRARIES_ROWS, RECORDS),
    Table("Groups", LIBRARIES_ROWS, GROUPS),
    Table("Positions", LIBRARIES_ROWS, POSITIONS),
    Table("Administration", LIBRARIES_ROWS, ADMINISTRATION),
    Table("Survival", LIBRARIES_ROWS, SURVIVAL),
    Table("Apache Kafka's tools, 4.3.1", KAFKAS_TOOLS, ("what it is for", "its options", "its errors")),
    Table("Debian's kcat, librdkafka 2.0", ("kcat",), KCAT),
)
"""In the README's order. A client or behaviour may be in several; a cell is in one."""


def _cells(client: str, behaviours: tuple[str, ...], reason: str) -> dict[Cell, str]:
    return {Cell(client, behaviour): reason for behaviour in behaviours}


NO_CALL = "its admin client has no such call"
BY_CONSUMER = "its admin client has no such call; its consumer finds the offset, for the seek"
EAGER_ONLY = "whatever the assignor, it gives up everything to join again"
NO_STATIC_MEMBERS = "it knows no static members"
ABSENT: Mapping[Cell, str] = {
    **_cells("confluent-kafka", ("delete offsets", "log dirs"), NO_CALL),
    **_cells("aiokafka", ("cooperative",), EAGER_ONLY),
    **_cells("aiokafka", ("offset by time",), BY_CONSUMER),
    **_cells("aiokafka", ("delete offsets", "log dirs"), NO_CALL),
    **_cells("kafka-python 2.0.2", ("idempotence",), "its producer has no idempotence"),
    **_cells("kafka-python 2.0.2", ("cooperative",), EAGER_ONLY),
    **_cells("kafka-python 2.0.2", ("static member",), NO_STATIC_MEMBERS),
    **_cells("kafka-python 2.0.2", ("offset by time",), BY_CONSUMER),
    **_cells("kafka-python 2.0.2", ("delete offsets", "delete records", "log dirs"), NO_CALL),
    **_cells("KafkaJS", ("cooperative",), EAGER_ONLY),
    **_cells("KafkaJS", ("static member",), NO_STATIC_MEMBERS),
    **_cells("KafkaJS", ("pattern",), "it matches a pattern once, when it subscribes"),
    **_cells("KafkaJS", ("delete offsets", "log dirs"), NO_CALL),
    **_cells(CONFLUENT_JS, ("configs", "delete offsets", "log dirs"), NO_CALL),
}
"""Cells that a client cannot have with Apache Kafka 4.3 either, and why: shown as a dash and a footnote.
test_absence.py asks the libraries whether that is still so; test_cooperation.py plays what no assignor changes."""

NO_SETTING = "its admin client reads a group's offsets and cannot set them"
LIMITED: Mapping[Cell, str] = {
    Cell("aiokafka", "groups"): "its admin client cannot delete groups",
    **_cells("aiokafka", ("offsets",), NO_SETTING),
    **_cells("kafka-python 2.0.2", ("offsets",), NO_SETTING),
    **_cells(CONFLUENT_JS, ("offsets",), NO_SETTING),
    Cell(CONFLUENT_JS, "0 B to the limit"): "an empty Buffer must be a slice of another: one of its own becomes null",
    Cell(CONFLUENT_JS, "cluster"): "its metadata names the brokers; neither the cluster's id nor its controller",
    Cell(CONFLUENT_JS, "topics"): "partitions are added by its own AdminClient, not by the one of KafkaJS's kind",
    Cell("KafkaJS", "mixed group"): (
        "with a range assignor that we give it: its own has a name that no other library knows"
    ),
    Cell("KafkaJS", "10,000 in each compression"): (
        "gzip of its own, Snappy by kafkajs-snappy, LZ4 by @2l/kafkajs-lz4, Zstandard by @bokuweb/zstd-wasm"
    ),
}
"""Tested cells in which a client cannot do all, with Apache Kafka 4.3 neither: what it cannot, as a footnote."""
