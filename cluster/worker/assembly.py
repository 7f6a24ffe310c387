"""Puts a broker node together from the environment of its process: the only place that knows those variables."""

import random
import resource
import shlex
import time
from collections.abc import Mapping
from pathlib import Path

from django.db import connections

from cluster.broker.config import BrokerConfig
from cluster.broker.node import Node
from cluster.broker.parts import Doors
from cluster.broker.refusal import NodeRefused
from cluster.log.files import RealFiles
from cluster.protocol.errors import InvalidConfig
from cluster.store import DjangoMetadataStore
from cluster.worker.allocator import keep_freed_memory


def node_of(environment: Mapping[str, str]) -> Node:
    """The node of broker ODRADEK_BROKER_ID. Raises NodeRefused when what it is told cannot be."""
    try:
        config = BrokerConfig.of(properties_of(environment))
    except InvalidConfig as error:
        raise NodeRefused(error.message or str(error)) from error
    descriptors = _raise_file_limit()
    keep_freed_memory()
    # The store's few threads live as long as the node: they need not connect anew for each look at the log.
    connections.settings["default"] |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    doors = Doors(
        files=RealFiles(),
        store=DjangoMetadataStore(),
        rng=random.SystemRandom(),
        wall_ms=lambda: time.time_ns() // 1_000_000,
        descriptors=descriptors,
    )
    return Node(config, doors)


def _raise_file_limit() -> int | None:
    """A segment is an open file, a client another: take as many as this user may have. None: there is no limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most if most != resource.RLIM_INFINITY else None


def properties_of(environment: Mapping[str, str]) -> dict[str, str]:
    """The broker's properties by Kafka's names: where it is and listens, and over that what ODRADEK_SET says."""
    broker_id = environment["ODRADEK_BROKER_ID"]
    if not broker_id.isdecimal():
        raise NodeRefused(f"ODRADEK_BROKER_ID must be a number, not {broker_id!r}")
    host = environment.get("ODRADEK_HOST") or "127.0.0.1"
    port = environment.get("ODRADEK_PORT") or str(
        int(environment.get("ODRADEK_BASE_PORT") or 9092) + int(broker_id) - 1
    )
    address = f"PLAINTEXT://{f'[{host}]' if ':' in host else host}:{port}"
    data_dir = Path(environment.get("ODRADEK_DATA_DIR") or ".odradek").expanduser().absolute()
    properties = {
        "node.id": broker_id,
        "log.dirs": str(data_dir / f"broker-{broker_id}"),
        "listeners": address,
        "advertised.listeners": address,
    }
    pairs = (pair.partition("=") for pair in shlex.split(environment.get("ODRADEK_SET", "")))
    return properties | {name: value for name, _, value in pairs}
