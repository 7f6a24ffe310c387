"""Lists are searched, ordered and paged on the server; the replica map keeps every cell in its place."""

from django.http import QueryDict

from dashboard.queries.finding import find
from dashboard.queries.groups import group_list, lag_table
from dashboard.queries.paging import cut
from dashboard.queries.replica_map import CellKind, replica_map
from dashboard.queries.topics import topic_list
from dashboard.watch.history import History
from tests.dashboard import scenes

MANY = scenes.seen(scenes.shape(*(scenes.topic(f"load-{n:04d}") for n in range(2000)), scenes.topic("__internal")))


def names(query: str, page: int = 1) -> list[str]:
    return [row.key for row in topic_list(MANY, History(), QueryDict(query), page).rows]


def test_two_thousand_topics_come_a_page_at_a_time() -> None:
    first = topic_list(MANY, History(), QueryDict(""), 1)
    assert len(first.rows) == 50
    assert (first.place.count, first.place.found, first.place.first, first.place.last) == (40, 2000, 1, 50)
    assert names("", 40)[-1] == "load-1999"
    assert names("", 99) == names("", 40)


def test_a_part_of_the_name_finds_topics_whatever_its_case() -> None:
    assert names("q=LOAD-19")[:2] == ["load-1900", "load-1901"]
    assert names("q=absent") == []


def test_internal_topics_are_hidden_until_they_are_asked_for() -> None:
    assert names("q=__") == []
    assert names("q=__&internal=1") == ["__internal"]


def test_the_order_can_be_turned_round_and_a_wrong_one_is_by_name() -> None:
    assert names("sort=-name")[0] == "load-1999"
    assert names("sort=nonsense")[0] == "load-0000"


def test_topics_are_ordered_by_size_and_then_by_name() -> None:
    seen = scenes.seen(
        scenes.shape(scenes.topic("a"), scenes.topic("b"), scenes.topic("c")), sizes={(1, "b", 0): 10, (2, "b", 0): 10}
    )
    rows = topic_list(seen, History(), QueryDict("sort=-size"), 1).rows
    assert [(row.key, row.size_bytes) for row in rows] == [("b", 20), ("a", 0), ("c", 0)]


def test_what_is_not_known_is_none_and_not_zero() -> None:
    seen = scenes.seen(scenes.shape(scenes.topic("a")), sizes=None, ends=None)
    row = topic_list(seen, History(), QueryDict(""), 1).rows[0]
    assert (row.records, row.size_bytes, row.records_per_s) == (None, None, None)


def test_an_empty_list_has_one_empty_page() -> None:
    place, shown = cut([], 3)
    assert (place.number, place.count, place.found, list(shown)) == (1, 1, 0, [])


def test_each_cell_says_what_the_broker_is_for_the_partition() -> None:
    one = scenes.partition(0, (1, 2, 3), isr=(1, 2))
    two = scenes.partition(1, (2, 4), isr=(2,))
    seen = scenes.seen(scenes.shape(scenes.topic("orders", one, two)))
    shown = replica_map(seen, History(), 1, troubled_only=False)
    assert [column.broker_id for column in shown.columns] == [1, 2, 3, 4]
    kinds = [[cell.kind for cell in cells] for cells in shown.rows[0].cells]
    assert kinds == [
        [CellKind.LEADER, CellKind.ABSENT],
        [CellKind.IN_SYNC, CellKind.LEADER],
        [CellKind.CATCHING_UP, CellKind.ABSENT],
        [CellKind.ABSENT, CellKind.OFFLINE],
    ]
    assert [column.state for column in shown.columns] == ["", "", "catching up", "down"]


def test_only_the_new_leader_of_a_moved_partition_is_ringed() -> None:
    before = scenes.seen(scenes.shape(scenes.topic("orders", scenes.partition(0))))
    after = scenes.seen(scenes.shape(scenes.topic("orders", scenes.partition(0, leader=2))))
    history = History()
    history.learn(before, after, "shape")
    cells = replica_map(after, history, 1, troubled_only=False).rows[0].cells
    assert [cell.moved for (cell,) in cells] == [False, True, False]


def test_the_map_of_many_topics_has_pages_and_can_show_trouble_only() -> None:
    shown = replica_map(MANY, History(), 2, troubled_only=False)
    assert shown.page.count > 10
    assert shown.page.number == 2
    behind = scenes.topic("late", scenes.partition(0, isr=(1,)))
    seen = scenes.seen(scenes.shape(scenes.topic("fine"), behind))
    assert [row.key for row in replica_map(seen, History(), 1, troubled_only=True).rows] == ["late"]


def test_groups_can_be_ordered_by_lag() -> None:
    groups = {
        "far": scenes.group("far", {("orders", 0): 10}),
        "near": scenes.group("near", {("orders", 0): 99}),
        "new": scenes.group("new", {}),
    }
    seen = scenes.seen(scenes.shape(scenes.topic("orders")), groups=groups)
    rows = group_list(seen, QueryDict("sort=-lag"), 1).rows
    assert [(row.key, row.lag) for row in rows] == [("far", 90), ("near", 1), ("new", None)]


def test_each_partition_of_a_group_has_its_member_lag_and_state() -> None:
    group = scenes.group("billing", {("orders", 0): 60, ("orders", 1): 100, ("gone", 0): 5}, members=1)
    seen = scenes.seen(scenes.shape(scenes.topic("orders")), groups={"billing": group})
    rows = {row.key: row for row in lag_table(seen, group).rows}
    assert (rows["orders-0"].lag, rows["orders-0"].share, rows["orders-0"].state) == (40, 100, "behind")
    assert (rows["orders-1"].lag, rows["orders-1"].state) == (0, "ok")
    assert (rows["gone-0"].lag, rows["gone-0"].state) == (None, "topic is gone")
    assert rows["orders-0"].host == "127.0.0.1"


def test_what_begins_with_the_words_is_found_first() -> None:
    seen = scenes.seen(
        scenes.shape(scenes.topic("my-orders"), scenes.topic("orders")),
        groups={"orders-g": scenes.group("orders-g", {})},
    )
    assert [hit.name for hit in find(seen, "orders").items] == ["orders", "orders-g", "my-orders"]
    assert [hit.kind for hit in find(seen, "broker 2").items] == ["broker"]
    assert find(seen, "").total == 0
