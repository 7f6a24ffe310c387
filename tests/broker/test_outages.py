"""What the log says while a broker cannot be fetched from."""

import asyncio

import pytest

from cluster.broker.replication.outage import AGAIN_S, Outage
from tests.support.clock import SkippingLoop


async def _an_hour_away() -> None:
    outage = Outage(2)
    for _ in range(3600):
        outage.failed(ConnectionRefusedError("nobody listens"))
        await asyncio.sleep(1)
    outage.over()
    outage.over()


def test_an_hour_without_a_broker_is_a_line_each_minute_and_one_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "cluster.broker.replication")
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        runner.run(_an_hour_away())
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0] == "cannot fetch from broker 2: nobody listens"
    assert lines[1].startswith("still cannot fetch from broker 2, after 6")
    assert lines[-1].startswith("fetches from broker 2 again, after 3600.")
    assert 3600 / AGAIN_S - 2 <= len(lines) - 2 <= 3600 / AGAIN_S


async def test_what_nobody_foresaw_is_told_with_where_it_happened_once(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage(2)
    for _ in range(3):
        outage.failed(ValueError(), unforeseen=True)
    (record,) = caplog.records
    assert record.getMessage() == "cannot fetch from broker 2: ValueError"
    assert record.exc_info
