"""A configuration's raw value is read out by the unit in its name, and only where that says more than the value."""

import pytest

from dashboard.templatetags.console import in_words


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("retention.ms", "604800000", "7 days"),
        ("retention.ms", "86400000", "1 day"),
        ("delete.retention.ms", "5400000", "1 hour 30 minutes"),
        ("file.delete.delay.ms", "60000", "1 minute"),
        ("replica.socket.timeout.ms", "1500", "1.5 seconds"),
        ("group.max.session.timeout.ms", "2147483647", "≈ 24 days 21 hours"),
        ("flush.ms", "3599999", "≈ 60 minutes"),
        ("log.retention.hours", "168", "7 days"),
        ("offsets.retention.minutes", "10080", "7 days"),
        ("leader.imbalance.check.interval.seconds", "300", "5 minutes"),
    ],
)
def test_a_time_is_told_in_days_hours_minutes_and_seconds(name: str, value: str, words: str) -> None:
    assert in_words(value, name) == words


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("segment.bytes", "1073741824", "1 GiB"),
        ("log.cleaner.dedupe.buffer.size", "134217728", "128 MiB"),
        ("socket.send.buffer.bytes", "102400", "100 KiB"),
        ("max.message.bytes", "1572864", "1.5 MiB"),
        ("max.message.bytes", "1048588", "≈ 1 MiB"),
        ("metadata.log.max.record.bytes.between.snapshots", "20971520", "20 MiB"),
        ("leader.replication.throttled.rate", "10485760", "10 MiB/s"),
        ("log.cleaner.io.max.bytes.per.second", "1.048576E7", "10 MiB/s"),
    ],
)
def test_bytes_are_told_in_powers_of_1024_and_whether_that_is_all_of_them(name: str, value: str, words: str) -> None:
    assert in_words(value, name) == words


LONG_MAX, INT_MAX, DOUBLE_MAX = str(2**63 - 1), str(2**31 - 1), "1.7976931348623157E308"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("retention.ms", "-1", "unlimited"),
        ("log.retention.bytes", "-1", "unlimited"),
        ("queued.max.request.bytes", "-1", "unlimited"),
        ("retention.ms", LONG_MAX, "unlimited"),
        ("max.compaction.lag.ms", LONG_MAX, "unlimited"),
        ("message.timestamp.before.max.ms", LONG_MAX, "unlimited"),
        ("log.cleaner.io.max.bytes.per.second", DOUBLE_MAX, "unlimited"),
        ("max.connections.per.ip", INT_MAX, "unlimited"),
        ("flush.ms", LONG_MAX, "never"),
        ("flush.messages", LONG_MAX, "never"),
        ("log.flush.scheduler.interval.ms", LONG_MAX, "never"),
        ("segment.ms", LONG_MAX, "never"),
        ("log.local.retention.ms", "-2", "as log.retention.ms"),
        ("local.retention.bytes", "-2", "as retention.bytes"),
        ("socket.receive.buffer.bytes", "-1", "as the system has it"),
    ],
)
def test_the_ends_of_the_scale_are_told_as_the_name_demands(name: str, value: str, words: str) -> None:
    assert in_words(value, name) == words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("segment.jitter.ms", "0"),
        ("replica.fetch.wait.max.ms", "500"),
        ("log.retention.hours", "12"),
        ("fetch.min.bytes", "1"),
        ("num.partitions", "604800000"),
        ("compression.gzip.level", "-1"),
        ("broker.id", "-1"),
        ("log.cleaner.min.cleanable.ratio", "0.5"),
        ("cleanup.policy", "compact,delete"),
        ("log.dirs", "/data/1E5"),
        ("retention.ms", ""),
        ("log.retention.ms", None),
        ("retention.ms", "NaN"),
        ("retention.ms", "1E"),
    ],
)
def test_a_value_that_speaks_for_itself_or_has_no_unit_is_left_alone(name: str, value: str | None) -> None:
    assert in_words(value, name) == ""
