"""Kafka's small text files: checkpoints, the metadata of a partition and of a data directory, the clean-shutdown mark.

checkpoints          version (0), number of entries, then one entry a line: `topic partition offset`, `epoch offset`
partition.metadata   version: 0 / topic_id: base64
meta.properties      version=1, cluster.id, node.id, directory.id
.kafka_cleanshutdown {"version": 0, "brokerEpoch": n}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

from cluster.log.files import Files, read_file, write_file
from cluster.log.layout import PARTITION_METADATA, TopicPartition
from cluster.protocol.primitives import Uuid, uuid_from_text, uuid_to_text

VERSION: Final = "0"
RECOVERY_POINTS: Final = "recovery-point-offset-checkpoint"
HIGH_WATERMARKS: Final = "replication-offset-checkpoint"
LOG_STARTS: Final = "log-start-offset-checkpoint"
META_PROPERTIES: Final = "meta.properties"
CLEAN_SHUTDOWN: Final = ".kafka_cleanshutdown"


def read_entries(files: Files, path: str, fields: int) -> list[tuple[str, ...]] | None:
    """The entries of a checkpoint with that many fields each; None when it is missing or damaged.

    A power cut can leave any part of the file: the last line must be whole, and their number as it says.
    """
    data = read_file(files, path)
    if not data or not data.endswith(b"\n"):
        return None
    try:
        version, count, *lines = data.decode("ascii").splitlines()
        entries = [tuple(line.rsplit(" ", fields - 1)) for line in lines]
        if version != VERSION or int(count) != len(entries):
            return None
    except ValueError:
        return None
    return entries if all(len(entry) == fields and _numeric(entry[-2:]) for entry in entries) else None


def _numeric(texts: tuple[str, ...]) -> bool:
    return all(text.isdigit() for text in texts)


def write_entries(files: Files, path: str, entries: Iterable[tuple[object, ...]], *, sync: bool) -> None:
    """Write a checkpoint."""
    lines = [" ".join(map(str, entry)) for entry in entries]
    text = "\n".join((VERSION, str(len(lines)), *lines, ""))
    write_file(files, path, text.encode("ascii"), sync=sync)


def read_offsets(files: Files, path: str) -> dict[TopicPartition, int]:
    """Offsets by partition; none when the checkpoint is missing or damaged: the logs themselves know more."""
    entries = read_entries(files, path, fields=3) or []
    return {TopicPartition(topic, int(partition)): int(offset) for topic, partition, offset in entries}


def write_offsets(files: Files, path: str, offsets: Mapping[TopicPartition, int]) -> None:
    """Replace a checkpoint of offsets, on the disk when this returns. For an executor: touches only its arguments."""
    write_entries(files, path, ((key.topic, key.partition, offset) for key, offset in offsets.items()), sync=True)


def read_topic_id(files: Files, directory: str) -> Uuid | None:
    """The topic id that a partition's folder belongs to; None when it does not tell."""
    data = read_file(files, f"{directory}/{PARTITION_METADATA}") or b""
    for line in data.decode("ascii", "replace").splitlines():
        name, _, value = line.partition(":")
        if name == "topic_id":
            try:
                return uuid_from_text(value.strip())
            except ValueError:
                return None
    return None


def write_topic_id(files: Files, directory: str, topic_id: Uuid) -> None:
    """Say to which topic id a partition's folder belongs."""
    text = f"version: {VERSION}\ntopic_id: {uuid_to_text(topic_id)}\n"
    write_file(files, f"{directory}/{PARTITION_METADATA}", text.encode("ascii"), sync=False)


def read_properties(files: Files, path: str) -> dict[str, str] | None:
    """A file of Java properties, as far as Kafka writes them; None when there is none."""
    data = read_file(files, path)
    if data is None:
        return None
    pairs = (line.partition("=") for line in data.decode().splitlines() if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def write_properties(files: Files, path: str, properties: Mapping[str, str]) -> None:
    """Replace a file of Java properties, on the disk when this returns."""
    lines = ["#", *(f"{name}={value}" for name, value in sorted(properties.items())), ""]
    write_file(files, path, "\n".join(lines).encode(), sync=True)


def read_clean_shutdown(files: Files, path: str) -> int | None:
    """The broker epoch of a clean shutdown; -1 when the mark does not tell it, None when there is no mark."""
    data = read_file(files, path)
    if data is None:
        return None
    try:
        epoch = json.loads(data)["brokerEpoch"]
    except (ValueError, KeyError, TypeError):
        return -1
    return epoch if isinstance(epoch, int) else -1


def write_clean_shutdown(files: Files, path: str, broker_epoch: int) -> None:
    """Leave the mark of a clean shutdown, on the disk when this returns."""
    write_file(files, path, json.dumps({"version": 0, "brokerEpoch": broker_epoch}).encode(), sync=True)
