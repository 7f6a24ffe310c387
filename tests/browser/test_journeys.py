"""A person makes a topic, writes to it, reads it, changes it, and takes it away; with and without JavaScript."""

import re
from collections.abc import Callable

import confluent_kafka
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.support.cluster import Cluster

pytestmark = [pytest.mark.browser, pytest.mark.cluster]

HUGE = '{"id": 9223372036854775807, "price": 1.10, "big": 9007199254740993}'


def make_topic(page: Page, name: str, partitions: int) -> None:
    page.goto("/create-topic/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Partitions").fill(str(partitions))
    page.get_by_role("button", name="Create topic").click()
    expect(page.locator("h1")).to_have_text(name)


def produce(page: Page, topic: str, key: str, value: str, *, tombstone: bool = False, headers: str = "") -> None:
    page.goto(f"/topics/{topic}/produce/")
    page.get_by_label("With a key").check()
    page.locator("textarea[name=key]").fill(key)
    page.locator("textarea[name=value]").fill(value)
    page.locator("textarea[name=headers]").fill(headers)
    if tombstone:
        page.get_by_label("Tombstone").check()
    page.get_by_role("button", name="Produce").click()
    expect(page.locator(".notice.success")).to_contain_text("Written to partition")


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_from_a_new_topic_to_its_records_and_away_again(visit: Visit, javascript: bool) -> None:
    name = f"journey-{'with' if javascript else 'without'}-javascript"
    page = visit("/", java_script_enabled=javascript)
    make_topic(page, name, 2)
    expect(page.locator("#partitions tbody tr")).to_have_count(2)

    produce(page, name, "c-1", HUGE, headers="trace: 5f1c\ntrace: again\nempty")
    expect(page.locator("pre").first).to_contain_text("9223372036854775807")
    expect(page.locator("pre").first).to_contain_text("1.10")
    expect(page.locator("dl.facts").first).to_contain_text("5f1c")
    produce(page, name, "c-1", "", tombstone=True)
    produce(page, name, "c-1", "")

    page.get_by_role("link", name="Messages").first.click()
    values = page.locator(".records tbody tr td:nth-child(5)")
    expect(values).to_have_count(3)
    assert [text.strip() for text in values.all_inner_texts()][:2] == ["empty", "null"]
    expect(values.nth(2)).to_contain_text("9007199254740993")

    page.goto("/topics/?q=journey-with")
    expect(page.get_by_role("link", name=name)).to_be_visible()
    page.goto(f"/topics/{name}/partitions/")
    page.get_by_label("Partitions in all").fill("4")
    page.get_by_role("button", name="Add partitions").click()
    expect(page.locator("#partitions tbody tr")).to_have_count(4)

    page.get_by_role("link", name="Delete").click()
    expect(page.locator(".sentence")).to_contain_text("3 records in 4 partitions go")
    page.get_by_label("Type the topic").fill(name)
    page.get_by_role("button", name="Delete this topic").click()
    expect(page.locator(".notice.success")).to_have_text(f"Topic {name} is deleted.")
    page.goto(f"/topics/?q={name}")
    expect(page.locator("#topics")).to_contain_text("No topic matches")


def test_what_the_cluster_refuses_stands_beside_its_field(visit: Visit, new_topic: Callable[..., str]) -> None:
    topic = new_topic(1)
    page = visit("/create-topic/")
    page.get_by_label("Name").fill(topic)
    page.get_by_role("button", name="Create topic").click()
    expect(page.locator(".field", has=page.get_by_label("Name")).locator(".error")).to_contain_text("already exists")
    page.get_by_label("Name").fill("a name")
    page.get_by_role("button", name="Create topic").click()
    expect(page.locator(".field", has=page.get_by_label("Name")).locator(".error")).to_be_visible()
    page.get_by_label("Name").fill("another")
    page.get_by_label("Replication factor").fill("9")
    page.get_by_role("button", name="Create topic").click()
    wrong = page.locator(".field", has=page.get_by_label("Replication factor"))
    expect(wrong.locator(".error")).to_be_visible()
    expect(page.get_by_label("Replication factor")).to_have_attribute("aria-invalid", "true")


def test_a_new_topic_gets_what_the_form_told_of_the_cluster(visit: Visit) -> None:
    page = visit("/create-topic/")
    told = {
        label: (page.get_by_label(label).get_attribute("placeholder") or "").removeprefix("cluster default: ")
        for label in ("Partitions", "Replication factor", "Min in-sync replicas")
    }
    page.get_by_label("Name").fill("unasked")
    page.get_by_role("button", name="Create topic").click()
    expect(page.locator(".sentence")).to_contain_text(
        f"{told['Partitions']} partition, replicated {told['Replication factor']} times"
    )
    page.goto("/topics/unasked/configuration/?q=min.insync")
    expect(page.locator("[id='config-min.insync.replicas'] td").nth(1)).to_have_text(told["Min in-sync replicas"])
    page.goto("/create-topic/")
    page.get_by_label("Name").fill("asked")
    page.get_by_label("Min in-sync replicas").fill("1")
    page.get_by_role("button", name="Create topic").click()
    expect(page.locator("h1")).to_have_text("asked")
    page.goto("/topics/asked/configuration/?q=min.insync")
    expect(page.locator("[id='config-min.insync.replicas']")).to_contain_text("this topic")


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_a_configuration_is_changed_refused_and_put_back(
    visit: Visit, new_topic: Callable[..., str], javascript: bool
) -> None:
    topic = new_topic(1)
    page = visit(f"/topics/{topic}/configuration/?q=retention.ms", java_script_enabled=javascript)
    row = page.locator("[id='config-retention.ms']")
    expect(row).to_contain_text("604800000")
    row.get_by_role("link", name="Change").click()
    page.get_by_label("retention.ms", exact=True).fill("soon")
    page.get_by_role("button", name="Set").click()
    expect(page.locator("#value_error")).not_to_be_empty()
    page.get_by_label("retention.ms", exact=True).fill("3600000")
    page.get_by_role("button", name="Set").click()
    expect(row).to_contain_text("3600000")
    expect(row).to_contain_text("this topic")
    row.get_by_role("link", name="Change").click()
    page.get_by_role("button", name="Back to the default").click()
    expect(page.locator(".notice.success")).to_have_text("retention.ms is back to its default.")
    expect(row).to_contain_text("604800000")


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_records_are_leafed_through_in_both_directions_without_a_gap(
    running: Cluster, visit: Visit, new_topic: Callable[..., str], javascript: bool
) -> None:
    topic = new_topic(3, 1)
    producer = confluent_kafka.Producer({"bootstrap.servers": running.bootstrap, "log_level": 0})
    for number in range(50):
        producer.produce(topic, str(number).encode(), partition=number % 3, timestamp=1_700_000_000_000 + number)
    assert producer.flush(30) == 0
    page = visit(f"/topics/{topic}/messages/?start=oldest&limit=20", java_script_enabled=javascript)

    def numbers() -> list[int]:
        return [int(text) for text in page.locator(".records tbody tr td:nth-child(5)").all_inner_texts()]

    assert numbers() == list(range(20))
    page.get_by_role("link", name="Newer").click()
    assert numbers() == list(range(20, 40))
    page.get_by_role("link", name="Newer").click()
    assert numbers() == list(range(40, 50))
    assert page.get_by_role("link", name="Newer").count() == 0
    page.get_by_role("link", name="Older").click()
    assert numbers() == list(range(20, 40))
    page.goto(f"/topics/{topic}/messages/?limit=20")
    assert numbers() == list(range(49, 29, -1))
    page.get_by_role("link", name="Older").click()
    assert numbers() == list(range(29, 9, -1))
    page.get_by_role("link", name="Newer").click()
    assert numbers() == list(range(49, 29, -1))


def test_records_are_found_by_offset_and_by_time(running: Cluster, visit: Visit, new_topic: Callable[..., str]) -> None:
    topic = new_topic(1, 1)
    producer = confluent_kafka.Producer({"bootstrap.servers": running.bootstrap, "log_level": 0})
    for number in range(10):
        producer.produce(topic, str(number).encode(), timestamp=1_700_000_000_000 + number * 60_000)
    assert producer.flush(30) == 0
    page = visit(f"/topics/{topic}/messages/")
    page.locator("#id_start").select_option("offset")
    page.locator("#id_offset").fill("7")
    page.get_by_role("button", name="Read").click()
    expect(page.locator(".records tbody td:nth-child(5)")).to_have_text(["7", "8", "9"])
    page.locator("#id_start").select_option("timestamp")
    page.locator("#id_timestamp").fill("2023-11-14T22:18:30")
    page.get_by_role("button", name="Read").click()
    expect(page.locator(".records tbody td:nth-child(5)")).to_have_text(["6", "7", "8", "9"])
    page.goto(f"/topics/{topic}/messages/?start=offset&offset=99")
    expect(page.locator(".note")).to_contain_text("has offsets 0 to 10: read from 10")
    page.goto(f"/topics/{topic}/messages/?start=offset&offset=many")
    expect(page.locator(".error-text")).to_contain_text("whole number")


def test_a_large_value_is_loaded_when_it_is_asked_for(
    running: Cluster, visit: Visit, new_topic: Callable[..., str]
) -> None:
    topic = new_topic(1, 1)
    producer = confluent_kafka.Producer({"bootstrap.servers": running.bootstrap, "log_level": 0})
    producer.produce(topic, b"x" * 300_000 + b"the end")
    assert producer.flush(30) == 0
    page = visit(f"/topics/{topic}/messages/")
    assert len(page.content()) < 60_000
    page.locator(".records tbody tr").first.click()
    expect(page.locator("#inspect .note")).to_contain_text("The first 20 kB of 300 kB.")
    page.get_by_role("link", name="Load all of it").click()
    expect(page.locator("#inspect pre").first).to_contain_text("the end")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save the value").click()
    assert download.value.path().read_bytes() == b"x" * 300_000 + b"the end"


def test_a_group_that_reads_is_seen_reading(running: Cluster, visit: Visit, new_topic: Callable[..., str]) -> None:
    topic = new_topic(1, 1)
    producer = confluent_kafka.Producer({"bootstrap.servers": running.bootstrap, "log_level": 0})
    for number in range(20):
        producer.produce(topic, str(number).encode())
    assert producer.flush(30) == 0
    group = f"readers-of-{topic}"
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": running.bootstrap,
            "group.id": group,
            "client.id": "ada",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "log_level": 0,
        }
    )
    consumer.subscribe([topic])
    taken = []
    while len(taken) < 5:
        taken += consumer.consume(5 - len(taken), timeout=1)
    consumer.commit(asynchronous=False)
    page = visit(f"/groups/{group}/")
    expect(page.locator("#lags tbody tr").first).to_contain_text("ada")
    expect(page.locator("#figures")).to_contain_text("15 records in")
    expect(page.locator("#members")).to_contain_text("127.0.0.1")
    while len(taken) < 20:
        taken += consumer.consume(20 - len(taken), timeout=1)
    consumer.commit(asynchronous=False)
    expect(page.locator("#sentence")).to_contain_text("Keeps up: 1 member reads 1 partition of 1 topic.")
    consumer.close()
    expect(page.locator("#figures .chip").first).to_have_text("empty")


PAGES = ["/", "/brokers/", "/brokers/1/", "/topics/", "/groups/", "/tail/", "/create-topic/"]
PAGES += ["/topics/absent/", "/nowhere/", "/brokers/1/kill/"]
DEEP = ["", "messages/", "tail/", "produce/", "groups/", "configuration/", "partitions/", "delete/"]


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_no_page_scrolls_sideways_on_a_phone(visit: Visit, new_topic: Callable[..., str], scheme: str) -> None:
    topic = new_topic(12, 3)
    page = visit("/", viewport={"width": 360, "height": 740}, color_scheme=scheme)
    for path in PAGES + [f"/topics/{topic}/{part}" for part in DEEP]:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_every_field_and_button_has_a_name(visit: Visit, new_topic: Callable[..., str]) -> None:
    topic = new_topic(1)
    page = visit("/")
    for path in PAGES + [f"/topics/{topic}/{part}" for part in DEEP]:
        page.goto(path)
        nameless = page.evaluate(
            """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a")]
                .filter(e => !(e.labels?.length || e.getAttribute("aria-label") || e.textContent.trim() || e.title))
                .map(e => e.outerHTML)"""
        )
        assert nameless == [], path


def test_the_theme_that_was_chosen_stays(visit: Visit) -> None:
    page = visit("/", color_scheme="light")
    page.get_by_role("button", name="dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/topics/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(16, 18, 22)"


def test_on_a_narrow_screen_one_sees_where_one_is(visit: Visit, new_topic: Callable[..., str]) -> None:
    page = visit(f"/topics/{new_topic(1, 3)}/configuration/", viewport={"width": 360, "height": 740})
    expect(page.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=0.95)
    expect(page.locator(".nav a").first).to_be_in_viewport(ratio=0.95)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_on_a_narrow_screen_the_cells_of_a_configuration_are_named(visit: Visit, new_topic: Callable[..., str]) -> None:
    page = visit(f"/topics/{new_topic(1, 3)}/configuration/", viewport={"width": 360, "height": 740})
    row = page.locator("[id='config-retention.ms']")
    expect(row.get_by_text("Set by")).to_be_visible()
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(row.get_by_text("Set by")).to_be_hidden()


def test_a_place_within_a_page_says_why_nothing_comes(visit: Visit, new_topic: Callable[..., str]) -> None:
    page = visit(f"/topics/{new_topic(1)}/messages/")
    for path, words in (("/demo/", "Opened as a page it does nothing."), ("/brokers/99/", "There is no broker 99.")):
        page.evaluate("path => htmx.ajax('GET', path, '#inspect')", path)
        expect(page.locator("#inspect")).to_contain_text(words)


def test_a_list_that_does_not_come_is_opened_as_a_page(visit: Visit, new_topic: Callable[..., str]) -> None:
    topic = new_topic(1)
    page = visit("/topics/")

    def fail(route: Route) -> None:
        if "hx-request" in route.request.headers:
            route.fulfill(status=500, body="<p>broken</p>", content_type="text/html")
        else:
            route.continue_()

    page.route(re.compile(r"/topics/\?"), fail)
    page.get_by_label("Topics whose name contains").fill(topic)
    expect(page).to_have_url(re.compile(rf"/topics/\?q={topic}"))
    expect(page.locator("#topics")).to_contain_text(topic)


def test_who_was_signed_out_meanwhile_is_led_to_the_door_and_back(visit: Visit, new_topic: Callable[..., str]) -> None:
    read = f"/topics/{new_topic(1)}/messages/"
    for path in ("/topics/", read):
        page = visit(path)
        page.context.clear_cookies(name="odradek_session")
        if path == read:
            page.evaluate("htmx.ajax('GET', '0/0/', '#inspect')")
        else:
            page.get_by_label("Topics whose name contains").fill("a")
        expect(page).to_have_url(re.compile(rf"/sign-in/\?next={path}$"))
        expect(page.locator("h1")).to_have_text("Sign in")
