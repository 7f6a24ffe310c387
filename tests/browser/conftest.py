"""A real cluster with its console, and a real Chromium in front of it."""

import itertools
import shutil
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka.admin import NewTopic
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.cluster import Cluster, cluster
from tests.support.patience import PATIENCE
from tests.up.running import manage

NUMBERS = itertools.count(1)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
STEP_MS = 15_000


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install it to walk the console")
    quickly = ("--set", "group.initial.rebalance.delay.ms=0")
    with cluster(3, tmp_path_factory.mktemp("console"), *quickly) as whole:
        yield whole


@pytest.fixture(scope="package")
def chromium(running: Cluster) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def signed_in(running: Cluster, chromium: Browser) -> dict[str, object]:
    """What a browser remembers once the link that login-link prints has been opened."""
    link = manage("login-link", "--data-dir", str(running.up.data_dir)).stdout.strip().splitlines()[-1]
    context = chromium.new_context()
    page = context.new_page()
    page.goto(link)
    assert page.locator("nav[aria-label=Cluster]").is_visible()
    state = context.storage_state()
    context.close()
    return dict(state)


@pytest.fixture(autouse=True)
def whole(running: Cluster) -> None:
    """Every test begins with all brokers running, whatever the one before did."""
    for broker in running.brokers:
        running.start(broker)
    running.wait_ready()


Visit = Callable[..., Page]


@pytest.fixture
def visit(running: Cluster, chromium: Browser, signed_in: dict[str, object]) -> Iterator[Visit]:
    """Opens an address of the console in a window of its own; a script error fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_(path: str, **options: object) -> Page:
        context = chromium.new_context(
            storage_state=signed_in,  # type: ignore[arg-type]
            base_url=f"http://127.0.0.1:{running.up.console_port}",
            **options,  # type: ignore[arg-type]
        )
        context.set_default_timeout(STEP_MS * PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def new_topic(running: Cluster) -> Callable[..., str]:
    """Makes a topic that no other test uses, in sync on all brokers."""

    def make(partitions: int = 3, replicas: int = 3) -> str:
        name = f"walk-{next(NUMBERS)}"
        admin = running.admin()
        admin.create_topics([NewTopic(name, partitions, replicas)])[name].result(30)
        for number in range(partitions):
            running.wait_in_sync((name, number), replicas)
        return name

    return make
