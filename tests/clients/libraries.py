"""The libraries of the matrix: what each is run with, and what it can and cannot do by itself."""

import re
from dataclasses import dataclass

import pytest

from tests.clients.matrix import ABSENT, LIBRARIES_ROWS, Cell
from tests.clients.programs import JavaProgram, NodeProgram, Program, PythonProgram

ALL_COMPRESSIONS = ("none", "gzip", "snappy", "lz4", "zstd")


@dataclass(frozen=True)
class Library:
    """A row of the matrix."""

    name: str
    program: Program
    compressions: tuple[str, ...] = ALL_COMPRESSIONS
    tells_offsets: bool = True
    """Whether it tells the offset of each record that it has sent."""

    @property
    def slug(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    def lacks(self, behaviour: str) -> bool:
        return Cell(self.name, behaviour) in ABSENT


CODECS = ("python-snappy", "lz4", "zstandard")
LIBRARIES = (
    Library("Java 4.3", JavaProgram("4.3.1")),
    Library("Java 3.9", JavaProgram("3.9.2")),
    Library("Java 2.8", JavaProgram("2.8.2")),
    Library("confluent-kafka", PythonProgram("confluent.py")),
    Library("aiokafka", PythonProgram("aio.py")),
    Library("kafka-python 3", PythonProgram("kafka_python.py", ("kafka-python>=3,<4", *CODECS))),
    Library("kafka-python 2.0.2", PythonProgram("kafka_python.py", ("kafka-python==2.0.2", "six", *CODECS))),
    Library(
        "KafkaJS",
        NodeProgram(
            "kafka_js.cjs",
            ("kafkajs@2.2.4", "kafkajs-snappy@1.1.0", "@2l/kafkajs-lz4@1.3.2", "@bokuweb/zstd-wasm@0.0.27"),
        ),
        tells_offsets=False,
    ),
    Library(
        "@confluentinc/kafka-javascript",
        NodeProgram("confluent_js.cjs", ("@confluentinc/kafka-javascript@1.10.1",), ("gzip", "zstd")),
    ),
)
assert tuple(library.name for library in LIBRARIES) == LIBRARIES_ROWS


def each_library(behaviour: str) -> pytest.MarkDecorator:
    """The test shows this behaviour of each library that has it."""
    rows = [
        pytest.param(library, marks=pytest.mark.cell(library.name, behaviour), id=library.slug)
        for library in LIBRARIES
        if not library.lacks(behaviour)
    ]
    return pytest.mark.parametrize("library", rows)
