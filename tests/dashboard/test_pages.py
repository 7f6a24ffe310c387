"""Every page renders whatever the cluster is like: whole, empty, hurt, silent, or never seen."""

import pytest
from django.test import AsyncClient

from cluster.models import BrokerNode, Installation
from dashboard.watch.observation import Observation
from tests.dashboard import scenes
from tests.dashboard.conftest import Show

pytestmark = pytest.mark.django_db(transaction=True)

WHOLE = scenes.seen(
    scenes.shape(scenes.topic("orders"), scenes.topic("__consumer_offsets")),
    groups={"billing": scenes.group("billing", {("orders", 0): 40})},
)
SILENT = Observation(shape=WHOLE.shape, groups=WHOLE.groups, failures={"shape": "127.0.0.1:9092 cannot be reached"})
PAGES = ["/", "/brokers/", "/topics/", "/groups/", "/tail/", "/find/?q=o", "/create-topic/"]
DEEP = ["/topics/orders/", "/topics/orders/groups/", "/topics/orders/tail/", "/topics/orders/partitions/"]
DEEP += ["/topics/orders/delete/", "/topics/orders/produce/", "/groups/billing/"]


async def text(client: AsyncClient, path: str, status: int = 200) -> str:
    response = await client.get(path)
    assert response.status_code == status, path
    return response.content.decode()


@pytest.mark.parametrize("path", PAGES + DEEP)
async def test_a_stranger_is_sent_to_the_door(async_client: AsyncClient, show: Show, path: str) -> None:
    response = await async_client.get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("path", PAGES + DEEP)
async def test_a_whole_cluster(ada: AsyncClient, show: Show, path: str) -> None:
    show(WHOLE)
    page = await text(ada, path)
    assert "<h1>" in page
    assert "3 brokers" in page


@pytest.mark.parametrize("path", PAGES + DEEP)
async def test_a_cluster_that_fell_silent_is_shown_as_it_was_last_seen(ada: AsyncClient, show: Show, path: str) -> None:
    show(WHOLE)
    await text(ada, path)
    show(SILENT)
    assert "No broker answers." in await text(ada, path)


@pytest.mark.parametrize("path", PAGES)
async def test_a_cluster_that_was_never_seen(ada: AsyncClient, show: Show, path: str) -> None:
    show(Observation(failures={"shape": "refused"}))
    assert "Nothing was seen so far." in await text(ada, path)


async def test_empty_states_tell_no_rows_from_no_match(ada: AsyncClient, show: Show) -> None:
    show(scenes.seen(scenes.shape()))
    assert "No topics yet" in await text(ada, "/topics/")
    assert "No groups yet" in await text(ada, "/groups/")
    show(WHOLE)
    assert "No topic matches “absent”" in await text(ada, "/topics/?q=absent")
    show(scenes.seen(scenes.shape(scenes.topic("orders")), groups=None))
    assert "The coordinators did not answer." in await text(ada, "/groups/")


async def test_the_map_writes_long_partition_numbers_small_enough_to_be_read(ada: AsyncClient, show: Show) -> None:
    show(scenes.seen(scenes.shape(scenes.topic("wide", *(scenes.partition(number) for number in range(101))))))
    page = await text(ada, "/")
    assert 'class="cell leader" title="wide-99: leader">99<' in page
    assert 'class="cell leader long" title="wide-100: leader">100<' in page


async def test_a_name_is_shown_as_text_and_never_as_markup(ada: AsyncClient, show: Show) -> None:
    evil = "<script>alert(1)</script>"
    show(scenes.seen(scenes.shape(scenes.topic("orders")), groups={evil: scenes.group(evil, {("orders", 0): 1})}))
    page = await text(ada, "/groups/")
    assert evil not in page
    assert "&lt;script&gt;" in page


async def test_bytes_that_nobody_counts_are_a_dash_with_a_reason(ada: AsyncClient, show: Show) -> None:
    show(WHOLE)
    assert "only managed brokers count bytes" in await text(ada, "/")


async def test_finding_one_thing_goes_there(ada: AsyncClient, show: Show) -> None:
    show(WHOLE)
    response = await ada.get("/find/?q=billing")
    assert (response.status_code, response["Location"]) == (302, "/groups/billing/")


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("stop", {"desired": "stopped"}),
        ("start", {"desired": "running"}),
        ("restart", {"desired": "running", "restart_requests": 1}),
        ("kill", {"kill_requests": 1}),
    ],
)
async def test_an_order_changes_the_row_that_the_supervisor_follows(
    ada: AsyncClient, show: Show, verb: str, fields: dict[str, object]
) -> None:
    await BrokerNode.objects.acreate(broker_id=2)
    show(WHOLE)
    response = await ada.post(f"/brokers/2/{verb}/")
    assert (response.status_code, response["Location"]) == (302, "/brokers/")
    row = await BrokerNode.objects.aget(broker_id=2)
    assert {name: getattr(row, name) for name in fields} == fields


async def test_an_order_to_a_broker_that_is_not_ours_is_refused(ada: AsyncClient, show: Show) -> None:
    show(WHOLE)
    assert (await ada.post("/brokers/2/kill/")).status_code == 404
    assert (await ada.get("/brokers/2/kill/")).status_code == 405


async def test_a_forged_order_is_refused(show: Show) -> None:
    assert (await AsyncClient(enforce_csrf_checks=True).post("/brokers/2/kill/")).status_code == 403


async def test_the_demo_is_offered_while_the_cluster_is_ours_and_empty(ada: AsyncClient, show: Show) -> None:
    show(scenes.seen(scenes.shape(), nodes=(scenes.node(1),)))
    assert "Feed it with demo data" in await text(ada, "/")
    assert (await ada.post("/demo/")).status_code == 302
    assert (await Installation.objects.aget(pk=1)).demo
    show(scenes.seen(scenes.shape(scenes.topic("orders")), nodes=(scenes.node(1),)))
    assert "Feed it with demo data" not in await text(ada, "/")


async def test_the_name_must_be_typed_before_a_topic_is_deleted(ada: AsyncClient, show: Show) -> None:
    show(WHOLE)
    response = await ada.post("/topics/orders/delete/", {"name": "order"})
    assert "This is not “orders”." in response.content.decode()


async def test_partitions_cannot_be_taken_away(ada: AsyncClient, show: Show) -> None:
    show(WHOLE)
    response = await ada.post("/topics/orders/partitions/", {"total": "2"})
    assert "It has 3 already" in response.content.decode()
