"""The journey that the product is for: look at the map, tail a topic, kill the leader, see it move, miss nothing."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import STEP_MS, Visit
from tests.support.cluster import Cluster
from tests.support.evidence.history import Acknowledged, Failed, History
from tests.support.evidence.load import LoadProducer
from tests.support.patience import seconds, until

pytestmark = [pytest.mark.browser, pytest.mark.cluster]


def cell(page: Page, topic: str, broker: int, partition: int) -> str:
    """What the map says a broker is for a partition: the class of its cell."""
    cells = page.locator(f"[id='map_row-{topic}'] .cells").nth(broker - 1).locator(".cell")
    return (cells.nth(partition).get_attribute("class") or "").replace("cell ", "")


def wait_for_cell(page: Page, topic: str, broker: int, partition: int, kind: str) -> None:
    what = f"broker {broker} {kind} for {topic}-{partition}"
    until(lambda: kind in cell(page, topic, broker, partition).split(), what)


def shown(tail: Page) -> set[tuple[int, int]]:
    """(partition, offset) of every row of a tail."""
    offsets = tail.locator("#rows tr").evaluate_all("rows => rows.map(row => row.dataset.offset)")
    return {(int(partition), int(offset)) for partition, offset in (each.split(":") for each in offsets)}


def account(tail: Page) -> dict[str, int]:
    names = ("received", "shown", "filtered", "dropped")
    return {name: int(tail.locator(f"#{name}").inner_text().replace(",", "")) for name in names}


def test_leadership_moves_before_ones_eyes_and_the_tail_misses_nothing(
    running: Cluster, visit: Visit, new_topic: Callable[..., str]
) -> None:
    topic = new_topic(3, 3)
    leader = running.leader((topic, 0))
    tail = visit(f"/topics/{topic}/tail/")
    expect(tail.locator("#tail-state")).to_have_text("live")
    the_map = visit("/")
    wait_for_cell(the_map, topic, leader, 0, "leader")

    history = History()
    load = LoadProducer("walker", running.bootstrap, [(topic, number) for number in range(3)], history, rate=20)
    load.start()
    history.wait_for_more(Acknowledged, 20, seconds(30))

    brokers = visit("/brokers/")
    before = time.monotonic()
    brokers.locator(f"#broker_row-{leader} button", has_text="Kill").click(no_wait_after=True)
    wait_for_cell(the_map, topic, leader, 0, "offline")
    until(lambda: leader != running.leader((topic, 0)), "another leader")
    wait_for_cell(the_map, topic, running.leader((topic, 0)), 0, "leader")
    assert time.monotonic() - before < seconds(10)
    assert "moved" in cell(the_map, topic, running.leader((topic, 0)), 0)
    expect(the_map.locator("#changes")).to_contain_text(f"moved from broker {leader}")

    history.wait_for_more(Acknowledged, 40, seconds(60))
    load.finish()
    assert list(history.of(Failed)) == []
    acknowledged = {(each.partition[1], each.offset) for each in history.of(Acknowledged)}
    until(lambda: acknowledged <= shown(tail), f"all {len(acknowledged)} acknowledged records in the tail")
    told = account(tail)
    assert told["received"] == told["shown"] + told["filtered"] + told["dropped"] == len(acknowledged)
    assert told["dropped"] == 0


def test_a_killed_broker_comes_back_and_the_console_says_how_it_ended(running: Cluster, visit: Visit) -> None:
    running.wait_ready()
    page = visit("/brokers/2/")
    # It may be back before the page looks again; that it was away stays to be seen.
    restarts = page.get_by_text("since the start of this cluster")
    before = restarts.inner_text()
    page.get_by_role("button", name="Kill").click(no_wait_after=True)
    expect(page.locator("#broker")).to_contain_text("killed by SIGKILL", timeout=STEP_MS)
    expect(restarts).not_to_have_text(before, timeout=STEP_MS)
    running.wait_ready()
    expect(page.locator("#broker .chip").first).to_have_text("up", timeout=4 * STEP_MS)


def test_a_stopped_broker_is_stopped_on_purpose_until_it_is_started(running: Cluster, visit: Visit) -> None:
    running.wait_ready()
    brokers, overview = visit("/brokers/"), visit("/")
    brokers.locator("#broker_row-3 button", has_text="Stop").click()
    expect(brokers.locator("[role=status]", has_text="being stopped")).to_be_visible()
    expect(brokers.locator("#broker_row-3 .chip", has_text="stopped")).to_be_visible(timeout=2 * STEP_MS)
    expect(overview.locator("#sentence")).to_contain_text("Broker 3 is stopped on purpose.")
    brokers.locator("#broker_row-3 button", has_text="Start").click()
    expect(brokers.locator("#broker_row-3 .chip").last).to_have_text("up", timeout=4 * STEP_MS)


def test_without_any_broker_the_console_says_so_and_recovers_by_itself(
    running: Cluster, visit: Visit, new_topic: Callable[..., str]
) -> None:
    topic = new_topic(1, 3)
    overview, tail = visit("/"), visit(f"/topics/{topic}/tail/")
    expect(tail.locator("#tail-state")).to_have_text("live")
    for broker in running.brokers:
        running.stop(broker)
    expect(overview.locator("h1")).to_have_text("No broker answers", timeout=2 * STEP_MS)
    expect(overview.locator("#unreachable")).to_contain_text("this page recovers by itself")
    expect(overview.locator("#freshness")).to_have_attribute("data-state", "stale")
    expect(tail.locator("#tail-state")).not_to_have_text("live", timeout=2 * STEP_MS)
    for path in ("/topics/", f"/topics/{topic}/", f"/topics/{topic}/messages/", "/groups/", "/brokers/1/"):
        page = visit(path)
        expect(page.locator("#unreachable")).to_contain_text("No broker answers.")
    for broker in running.brokers:
        running.start(broker)
    running.wait_ready()
    expect(overview.locator("h1")).not_to_have_text("No broker answers", timeout=2 * STEP_MS)
    expect(overview.locator("#unreachable")).to_be_empty()
    expect(tail.locator("#tail-state")).to_have_text("live", timeout=2 * STEP_MS)
