"""The demo's sources: the machine's own figures, and a request log that no request waits for."""

import asyncio
import json
from typing import Any

import pytest

from streams.demo import request_log
from streams.demo.host import readings
from streams.demo.request_log import KEPT, RequestLog
from streams.demo.topics import CONSOLE_REQUESTS, TOPICS, as_json


def test_every_reading_has_its_own_key_and_plain_figures() -> None:
    found = list(readings())
    keys = [key for key, _ in found]
    assert len(set(keys)) == len(keys)
    assert {"memory", "load", "cpu.0"} <= set(keys)
    for _, figures in found:
        assert json.loads(as_json(figures)) == pytest.approx(figures)


def test_the_three_topics_have_different_partition_counts() -> None:
    assert len({topic.partitions for topic in TOPICS}) == len(TOPICS) == 3


class Pages:
    """An application that answers 200 at once."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})


async def request(log: RequestLog, path: str) -> None:
    async def send(message: Any) -> None:
        return

    async def receive() -> Any:
        return {"type": "http.request"}

    await log({"type": "http", "method": "GET", "path": path, "client": ("127.0.0.1", 5)}, receive, send)


class Broker:
    """What the log's producer would send to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, wanted: bool) -> None:
        self.sent: list[tuple[bytes, dict[str, Any]]] = []
        self.reached = asyncio.Event()
        self.open = asyncio.Event()
        broker = self

        class Producer:
            def __init__(self, **_: Any) -> None: ...

            async def __aenter__(self) -> "Producer":
                return self

            async def __aexit__(self, *_: object) -> None: ...

            async def send_and_wait(self, topic: str, *, key: bytes, value: bytes, timestamp_ms: int) -> None:
                assert topic == CONSOLE_REQUESTS
                broker.reached.set()
                await broker.open.wait()
                broker.sent.append((key, json.loads(value)))

        async def is_wanted() -> bool:
            return wanted

        monkeypatch.setattr("aiokafka.AIOKafkaProducer", Producer)
        monkeypatch.setattr(request_log, "_wanted", is_wanted)
        monkeypatch.setattr(request_log, "LOOK_EVERY_S", 0.0)


async def test_a_request_is_answered_while_the_brokers_hang_and_logged_when_they_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = Broker(monkeypatch, wanted=True)
    log = RequestLog(Pages(), ["127.0.0.1:9"])
    async with asyncio.timeout(5):
        await request(log, "/topics/")
        await broker.reached.wait()
        await request(log, "/groups/")
        broker.open.set()
        while len(broker.sent) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert [key for key, _ in broker.sent] == [b"/topics/", b"/groups/"]
    assert broker.sent[0][1]["status"] == 200
    assert broker.sent[0][1]["client"] == "127.0.0.1"


async def test_a_sign_in_links_secret_is_not_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(monkeypatch, wanted=True)
    broker.open.set()
    log = RequestLog(Pages(), ["127.0.0.1:9"])
    async with asyncio.timeout(5):
        await request(log, "/sign-in/hush/")
        while not broker.sent:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert "hush" not in json.dumps(broker.sent[0][1])


async def test_while_the_demo_is_off_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(monkeypatch, wanted=False)
    log = RequestLog(Pages(), ["127.0.0.1:9"])
    await request(log, "/topics/")
    async with asyncio.timeout(5):
        while log.waiting:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert not broker.reached.is_set()


async def test_with_the_brokers_away_the_newest_requests_are_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(monkeypatch, wanted=True)
    log = RequestLog(Pages(), ["127.0.0.1:9"])
    async with asyncio.timeout(5):
        for number in range(KEPT + 50):
            await request(log, f"/{number}")
    assert log.waiting == KEPT
    assert broker.sent == []


async def test_an_application_that_fails_is_logged_as_500_and_still_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(monkeypatch, wanted=True)
    broker.open.set()

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("broken page")

    log = RequestLog(failing, ["127.0.0.1:9"])
    with pytest.raises(ValueError, match="broken page"):
        await request(log, "/topics/")
    async with asyncio.timeout(5):
        while not broker.sent:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert broker.sent[0][1]["status"] == 500
