"""Our cluster answers as Apache Kafka does, but for the differences that are meant."""

import asyncio
from pathlib import Path

import pytest

from tests.conformance.clusters import both
from tests.conformance.compare import unasked
from tests.conformance.differences import MEANT, outdated, reason_for
from tests.conformance.readme import SECTION, render
from tests.conformance.recorder import Peer
from tests.conformance.running import compare
from tests.conformance.scenarios import SCENARIOS
from tests.support import apache_kafka


@pytest.mark.cluster
@pytest.mark.slow
def test_every_answer_is_apache_kafkas_or_differs_for_a_reason(tmp_path: Path) -> None:
    apache_kafka.needed()
    with both(tmp_path) as (our_port, apache_port):
        ours, apache = Peer("ours", our_port), Peer("apache", apache_port)
        found = asyncio.run(compare(ours, apache, SCENARIOS))
    unmeant = [str(difference) for difference in found if reason_for(difference) is None]
    assert not unmeant, "\n".join(unmeant)
    assert not unasked(ours.exchanges)
    assert not outdated(found)
    assert SECTION.written() == render(ours.exchanges, 0), "run `uv run python -m tests.conformance --write`"


def test_each_meant_difference_says_why() -> None:
    assert all(len(meant.reason) > 20 for meant in MEANT)
    assert len(MEANT) < 40


def test_the_readme_shows_every_reason() -> None:
    shown = SECTION.written()
    assert all(meant.reason in shown for meant in MEANT)
