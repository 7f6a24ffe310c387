"""A viewer accounts for every record: received = shown + filtered + dropped."""

from streams.tail.filters import RecordFilter
from streams.tail.records import TailRecord
from streams.tail.viewer import QUEUE_RECORDS, Account, Viewer, ViewerState


def record(offset: int, value: bytes | None = b"v", partition: int = 0) -> TailRecord:
    return TailRecord(partition, offset, 0, None, value)


def viewer(text: str = "", positions: dict[int, int] | None = None) -> Viewer:
    return Viewer(RecordFilter(text=text), positions)


def test_what_is_delivered_is_shown_once() -> None:
    ada = viewer()
    for offset in (5, 6, 6, 5, 7):
        ada.deliver(record(offset))
    records, account = ada.take_all()
    assert [each.offset for each in records] == [5, 6, 7]
    assert account == Account(received=3, shown=3)
    assert ada.take_all() == ([], account)


def test_what_does_not_match_is_counted_as_filtered() -> None:
    ada = viewer("Paid")
    ada.deliver(record(0, b'{"status": "PAID"}'))
    ada.deliver(record(1, b"refunded"))
    _, account = ada.take_all()
    assert account == Account(received=2, shown=1, filtered=1)


def test_a_slow_viewer_loses_the_oldest_and_is_told_how_many() -> None:
    ada = viewer()
    for offset in range(QUEUE_RECORDS + 120):
        ada.deliver(record(offset))
    records, account = ada.take_all()
    assert records[0].offset == 120
    assert account == Account(received=QUEUE_RECORDS + 120, shown=QUEUE_RECORDS, dropped=120)


def test_a_paused_viewer_keeps_its_place() -> None:
    ada = viewer()
    ada.deliver(record(3))
    ada.move_to(ViewerState.PAUSED)
    ada.deliver(record(4))
    assert ada.positions == {0: 4}
    assert ada.take_all()[1].received == 1


def test_a_viewer_that_catches_up_takes_only_from_its_own_reader() -> None:
    ada = viewer(positions={0: 10})
    ada.deliver(record(50))
    ada.feed(record(10))
    ada.move_to(ViewerState.LIVE)
    ada.deliver(record(10))
    ada.deliver(record(11))
    assert [each.offset for each in ada.take_all()[0]] == [10, 11]


def test_jumping_ahead_counts_what_is_skipped_as_dropped() -> None:
    ada = viewer(positions={0: 10, 1: 3})
    ada.skip_to({0: 25, 1: 3, 2: 9})
    assert ada.take_all()[1] == Account(received=15, dropped=15)
    assert ada.positions == {0: 25, 1: 3, 2: 9}


def test_the_full_queue_of_a_viewer_that_catches_up_has_no_room_until_it_is_taken() -> None:
    ada = viewer(positions={0: 0})
    for offset in range(QUEUE_RECORDS):
        ada.feed(record(offset))
    assert not ada.room.is_set()
    ada.take_all()
    assert ada.room.is_set()


def test_a_text_is_found_in_key_value_and_headers() -> None:
    wanted = RecordFilter(text="needle")
    assert wanted.matches(TailRecord(0, 0, 0, b"a NEEDLE", None))
    assert wanted.matches(TailRecord(0, 0, 0, None, None, [("Needle", None)]))
    assert wanted.matches(TailRecord(0, 0, 0, None, None, [("h", b"xneedlex")]))
    assert not wanted.matches(TailRecord(0, 0, 0, None, b"hay", [("h", None)]))


def test_a_filter_on_a_partition_leaves_out_the_others() -> None:
    assert not RecordFilter(partition=1).matches(record(0))
    assert RecordFilter(partition=0).matches(record(0))
