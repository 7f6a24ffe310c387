"""The arithmetic of the benchmark tool."""

import pytest

from tests.benchmarks.figures import Figure, Target, flat, latency_figures, percentile, rows


@pytest.mark.parametrize(
    ("rank", "expected"), [(0, 1), (1, 1), (50, 50), (50.1, 51), (99, 99), (99.9, 100), (100, 100)]
)
def test_a_percentile_is_a_value_that_was_measured(rank: float, expected: float) -> None:
    assert percentile(list(range(100, 0, -1)), rank) == expected


def test_of_one_value_every_percentile_is_that_value() -> None:
    assert percentile([7.0], 1) == percentile([7.0], 99.9) == 7.0


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 50)


def test_only_p99_of_a_latency_has_a_target() -> None:
    figures = latency_figures("ack", [number / 1000 for number in range(1, 1001)])
    assert figures == [
        Figure("ack, p50", 500.0, "ms"),
        Figure("ack, p99", 990.0, "ms", Target.LATENCY),
        Figure("ack, p99.9", 999.0, "ms"),
    ]


@pytest.mark.parametrize(
    ("target", "ratio", "met"),
    [
        (Target.THROUGHPUT, 1.5, True),
        (Target.THROUGHPUT, 1.49, False),
        (Target.THROUGHPUT_1_KIB, 1.9, False),
        (Target.LATENCY, 0.5, True),
        (Target.FAILOVER, 0.11, False),
        (Target.CPU, 0.7, True),
        (Target.NONE, 0.0, None),
    ],
)
def test_a_target_is_a_bound_of_the_ratio(target: Target, ratio: float, met: bool | None) -> None:
    assert target.met(ratio) is met


def test_rounds_become_a_median_a_spread_and_ratios() -> None:
    passes = [
        ("ours", [Figure("produce", 300.0, "records/s", Target.THROUGHPUT)]),
        ("theirs", [Figure("produce", 100.0, "records/s", Target.THROUGHPUT)]),
        ("theirs", [Figure("produce", 200.0, "records/s", Target.THROUGHPUT)]),
        ("ours", [Figure("produce", 200.0, "records/s", Target.THROUGHPUT)]),
        ("ours", [Figure("produce", 250.0, "records/s", Target.THROUGHPUT)]),
    ]
    (row,) = rows(passes)
    assert (row.median("ours"), row.median("theirs")) == (250.0, 150.0)
    assert row.spread("ours") == pytest.approx(0.4)
    assert row.ratio("ours", "theirs") == pytest.approx(5 / 3)
    assert row.ratios("ours", "theirs") == [3.0, 1.0]


def test_a_row_that_one_subject_lacks_has_no_ratio() -> None:
    (row,) = rows([("ours", [Figure("start", 1.0, "s", Target.START)])])
    assert row.ratio("ours", "theirs") is None
    assert row.spread("ours") is None
    assert row.ratios("ours", "theirs") == []


@pytest.mark.parametrize(
    ("rates", "is_flat"),
    [
        ([], False),
        ([100, 100, 100], False),
        ([100, 100, 100, 100], True),
        ([50, 80, 95, 110], False),
        ([50, 100, 101, 99, 104], True),
    ],
)
def test_a_rate_is_flat_when_its_last_laps_gain_no_more(rates: list[float], is_flat: bool) -> None:
    assert flat(rates) is is_flat
