"""The live tail: one reader for all, pause without loss, every record accounted for."""

from collections.abc import Callable

import confluent_kafka
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_failover import account, shown
from tests.support.cluster import Cluster
from tests.support.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.cluster]


@pytest.fixture
def send(running: Cluster) -> Callable[..., None]:
    """Writes so many records, numbered on, into a partition."""

    def write(topic: str, count: int, partition: int = 0, text: str = "record") -> None:
        producer = confluent_kafka.Producer({"bootstrap.servers": running.bootstrap, "log_level": 0})
        for number in range(count):
            while True:
                try:
                    producer.produce(topic, f'{{"{text}": {number}}}'.encode(), partition=partition)
                    break
                except BufferError:
                    producer.poll(0.1)
        assert producer.flush(60) == 0

    return write


def live(page: Page) -> Page:
    expect(page.locator("#tail-state")).to_have_text("live")
    return page


def offsets_from_the_top(tail: Page) -> list[int]:
    rows = tail.locator("#rows tr").evaluate_all("rows => rows.map(row => row.dataset.offset)")
    return [int(each.split(":")[1]) for each in rows]


def test_a_pause_keeps_its_place(visit: Visit, new_topic: Callable[..., str], send: Callable[..., None]) -> None:
    topic = new_topic(1, 1)
    tail = live(visit(f"/topics/{topic}/tail/"))
    send(topic, 3)
    until(lambda: len(shown(tail)) == 3, "three rows")
    tail.get_by_role("button", name="Pause").click()
    expect(tail.get_by_role("button", name="Resume")).to_be_visible()
    send(topic, 1000)
    expect(tail.locator("#tail-sentence")).to_have_text("Paused: 1,000 records wait, none is lost.")
    assert len(shown(tail)) == 3
    tail.get_by_role("button", name="Resume").click()
    until(lambda: account(tail)["received"] == 1003, "everything received")
    assert account(tail) == {"received": 1003, "shown": 1003, "filtered": 0, "dropped": 0}
    assert offsets_from_the_top(tail) == list(range(1002, 502, -1))
    live(tail)


def test_jumping_to_live_says_what_was_skipped(
    visit: Visit, new_topic: Callable[..., str], send: Callable[..., None]
) -> None:
    topic = new_topic(1, 1)
    tail = live(visit(f"/topics/{topic}/tail/"))
    tail.get_by_role("button", name="Pause").click()
    expect(tail.get_by_role("button", name="Resume")).to_be_visible()
    send(topic, 200)
    tail.get_by_role("button", name="Jump to live, skip 200").click()
    until(lambda: account(tail)["dropped"] == 200, "what was skipped is counted")
    send(topic, 1)
    until(lambda: account(tail) == {"received": 201, "shown": 1, "filtered": 0, "dropped": 200}, "the next one shown")


def test_a_flood_is_accounted_for_to_the_last_record(
    visit: Visit, new_topic: Callable[..., str], send: Callable[..., None]
) -> None:
    topic = new_topic(3, 1)
    tail = live(visit(f"/topics/{topic}/tail/"))
    for partition in range(3):
        send(topic, 10_000, partition)
    until(lambda: account(tail)["received"] == 30_000, "everything received")
    told = account(tail)
    assert told["shown"] + told["filtered"] + told["dropped"] == 30_000
    assert tail.locator("#rows tr").count() <= 500


def test_a_filter_counts_what_it_leaves_out_and_stands_in_the_address(
    visit: Visit, new_topic: Callable[..., str], send: Callable[..., None]
) -> None:
    topic = new_topic(2, 1)
    tail = live(visit(f"/topics/{topic}/tail/"))
    tail.locator("input[name=text]").fill("NEEDLE")
    tail.wait_for_url("**text=NEEDLE")
    send(topic, 40, 0, "hay")
    send(topic, 2, 1, "needle")
    until(lambda: account(tail) == {"received": 42, "shown": 2, "filtered": 40, "dropped": 0}, "two of 42 shown")
    assert {partition for partition, _ in shown(tail)} == {1}


def test_viewers_share_one_reader_and_one_that_comes_later_starts_live(
    visit: Visit, new_topic: Callable[..., str], send: Callable[..., None]
) -> None:
    topic = new_topic(1, 1)
    first = live(visit(f"/topics/{topic}/tail/"))
    send(topic, 2)
    until(lambda: len(shown(first)) == 2, "two rows")
    second = live(visit(f"/topics/{topic}/tail/"))
    expect(first.locator("#viewers")).to_have_text("2 viewers, 1 reader")
    send(topic, 1)
    until(lambda: shown(second) == {(0, 2)}, "the third record in the second window")
    second.close()
    expect(first.locator("#viewers")).to_have_text("1 viewer, 1 reader")


def test_a_shared_place_shows_the_same_records_to_another(
    visit: Visit, new_topic: Callable[..., str], send: Callable[..., None]
) -> None:
    topic = new_topic(1, 1)
    send(topic, 30)
    tail = live(visit(f"/topics/{topic}/tail/?from=0:20"))
    assert sorted(shown(tail)) == [(0, offset) for offset in range(20, 30)]


def test_a_chosen_record_is_shown_beside_the_list(
    visit: Visit, new_topic: Callable[..., str], send: Callable[..., None]
) -> None:
    topic = new_topic(1, 1)
    tail = live(visit(f"/topics/{topic}/tail/"))
    send(topic, 1, text="order")
    tail.locator("#rows tr").first.click()
    expect(tail.locator("#inspect h2")).to_have_text(f"{topic}-0 @ 0")
    expect(tail.locator("#inspect pre").first).to_contain_text('"order": 0')
