"""Valid messages to begin with: any API and version, with names that exist and batches that are sound."""

from __future__ import annotations

from random import Random
from typing import Any

from cluster.protocol.api import ApiKey
from cluster.protocol.catalog import API_SPECS, ApiSpec
from cluster.protocol.fields import FieldInfo, Wire
from cluster.protocol.frames import encode_request
from cluster.protocol.primitives import ZERO_UUID
from cluster.protocol.records.batch import Compression
from cluster.protocol.records.build import BatchOptions, NewRecord, build_batch
from tests.protocol.samples import SHORT, Sampler

NAMES = ("orders", "orders", "clicks", "nowhere", "", "__consumer_offsets", "a-group", "another-group", "range", "1")
CONFIG_NAMES = ("retention.ms", "cleanup.policy", "compression.type", "max.message.bytes", "no.such.config")
SMALL_NUMBERS = (-2, -1, 0, 0, 0, 1, 1, 2, 5, 100)
UNATTENDED = (
    # They end or change the broker itself, as anybody may who can speak to it: nothing can be learned from that.
    ApiKey.BROKER_HEARTBEAT,
    ApiKey.BROKER_REGISTRATION,
)
FUZZED = [spec for spec in API_SPECS.values() if spec.key not in UNATTENDED]


class LikelySampler(Sampler):
    """Values that a broker looks at for longer than random ones."""

    def _value(self, info: FieldInfo) -> Any:
        random = self._random
        match info.wire:
            case Wire.RECORDS:
                return batch(random)
            case Wire.STRING if random.random() < 0.9:
                return random.choice(CONFIG_NAMES if "config" in info.name else NAMES)
            case Wire.BYTES if info.name == "request_data":
                return request(random)[2][4:]
            case Wire.UUID if random.random() < 0.5:
                return ZERO_UUID
        return super()._value(info)

    def _integer(self, info: FieldInfo) -> int:
        if info.wire is not Wire.UINT16 and self._random.random() < 0.8:
            return self._random.choice(SMALL_NUMBERS)
        return super()._integer(info)


def batch(random: Random) -> bytes:
    """A sound batch of few records."""
    records = [
        NewRecord(
            random.choice((None, b"", b"a-key")),
            random.choice((None, b"", b"a-value", b"x" * random.choice((100, 5_000)))),
            random.choice((-1, 0, 1_700_000_000_000)),
            random.choice(((), (("name", b"x"), ("name", None)))),
        )
        for _ in range(random.choice((1, 1, 2, 20)))
    ]
    producer = random.choice((-1, -1, 7))
    options = BatchOptions(
        compression=random.choice(list(Compression)),
        producer_id=producer,
        producer_epoch=-1 if producer < 0 else 0,
        base_sequence=-1 if producer < 0 else random.choice((0, 1, 100)),
    )
    return bytes(build_batch(records, options))


def request(random: Random, spec: ApiSpec | None = None) -> tuple[ApiSpec, int, bytes]:
    """A valid request of some API and version, with its size in front."""
    spec = spec or random.choice(FUZZED)
    version = random.randint(spec.min_version, spec.max_version)
    message = LikelySampler(version, random, SHORT).struct(spec.request)
    correlation_id, client = random.randrange(1 << 31), random.choice((None, "", "a-client"))
    return spec, version, b"".join(encode_request(spec.key, version, correlation_id, client, message))
