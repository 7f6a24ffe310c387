"""What a node counts: plain integers that the loop bumps and others read."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Metrics:
    """Counters since the node's start (monotone), and gauges (`connections`, `unsent_bytes`)."""

    bytes_received: int = 0
    bytes_sent: int = 0
    bytes_in: int = 0
    """Bytes of record batches that clients produced here."""
    bytes_out: int = 0
    """Bytes of record batches that consumers fetched here."""
    replication_bytes_in: int = 0
    replication_bytes_out: int = 0
    records_in: int = 0
    requests: int = 0
    failed_requests: int = 0
    isr_shrinks: int = 0
    isr_expands: int = 0
    connections: int = 0
    unsent_bytes: int = 0
    """Bytes of answers that wait for clients to read them, of those clients that are slow."""

    def snapshot(self) -> dict[str, int]:
        """The figures by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
