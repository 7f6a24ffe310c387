"""Writing one record."""

from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

from streams.consumers import CLIENT_ID


async def produce(
    bootstrap_servers: Sequence[str],
    topic: str,
    partition: int | None,
    key: bytes | None,
    value: bytes | None,
    headers: Sequence[tuple[str, bytes | None]],
) -> tuple[int, int]:
    """(partition, offset) of the record once every in-sync replica has it. Raises aiokafka's KafkaError."""
    producer = AIOKafkaProducer(
        bootstrap_servers=list(bootstrap_servers),
        client_id=CLIENT_ID,
        acks="all",
        enable_idempotence=True,
        request_timeout_ms=10_000,
    )
    await producer.start()
    try:
        written = await producer.send_and_wait(topic, value, key, partition, headers=list(headers))
    finally:
        await producer.stop()
    return written.partition, written.offset
