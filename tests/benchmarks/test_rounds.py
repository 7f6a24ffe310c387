"""Which pass comes when, what a failing workload leaves, and one workload for real."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from tests.benchmarks import rounds
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.report import Pass, Report
from tests.benchmarks.sizes import QUICK, Sizes
from tests.benchmarks.subjects import OURS, Odradek, Running, Subject
from tests.benchmarks.workloads import produce
from tests.benchmarks.workloads.workload import Workload

A, B = Running("a:1"), Running("b:1")


def nothing(subject: Subject, sizes: Sizes) -> Iterator[Figure]:
    yield Figure("before", 1.0, "s")
    raise TimeoutError("the leader did not come back")


STEADY = Workload(name="steady", about="", measure=nothing)
ONCE = Workload(name="once", about="", measure=nothing, disruptive=True, rounds=1, managed=True)


def test_subjects_take_turns_and_what_disrupts_comes_last() -> None:
    order = [(number, work.name, subject.name) for number, work, subject in rounds.steps([ONCE, STEADY], [A, B], 2)]
    assert order == [
        (1, "steady", "a:1"),
        (1, "steady", "b:1"),
        (2, "steady", "b:1"),
        (2, "steady", "a:1"),
        (1, "once", "a:1"),
        (1, "once", "b:1"),
    ]


def test_a_workload_that_fails_says_why_and_keeps_what_it_had() -> None:
    done = rounds.measure((1, STEADY, A), QUICK)
    assert (done.error, done.figures) == ("TimeoutError: the leader did not come back", [Figure("before", 1.0, "s")])


def test_what_kills_brokers_is_not_done_to_a_cluster_of_others() -> None:
    done = rounds.measure((1, ONCE, A), QUICK)
    assert done.error == "LookupError: needs a cluster that this tool has started"
    assert not done.figures


def passed(workload: str, subject: str, value: float, error: str | None = None) -> Pass:
    figures = [Figure(f"{workload} rate", value, "records/s", Target.THROUGHPUT)]
    return Pass(round=1, workload=workload, subject=subject, seconds=1.0, figures=figures, error=error)


def printed(report: Report) -> str:
    output = io.StringIO()
    report.print(Console(file=output, width=150))
    return output.getvalue()


def test_the_table_says_which_targets_are_met() -> None:
    report = Report({}, [OURS, "Peer"])
    for workload, mine in (("fast", 200_000.0), ("slow", 120_000.0)):
        report.passes += [passed(workload, OURS, mine), passed(workload, "Peer", 100_000.0)]
    report.passes.append(passed("lost", OURS, 1.0, "CrewError: a client died"))
    fast, slow, lost = (line for line in printed(report).splitlines() if " rate " in line)
    assert "2.00×" in fast
    assert "≥ 1.5×" in fast
    assert "not met" not in fast
    assert "not met" in slow
    assert "failed" in lost
    assert "failed lost on Odradek, round 1: CrewError: a client died" in printed(report)


def test_a_file_keeps_what_other_workloads_measured(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    first = Report({}, [OURS])
    first.passes += [passed("produce", OURS, 1.0), passed("consume", OURS, 2.0)]
    first.write(file)
    second = Report({}, [OURS])
    second.resume(file, ["consume"])
    assert second.passes == [passed("produce", OURS, 1.0)]
    assert [row["row"] for row in json.loads(file.read_text())["rows"]] == ["produce rate", "consume rate"]


@pytest.mark.cluster
def test_producing_is_measured_on_a_real_cluster(tmp_path: Path) -> None:
    sizes = Sizes(small_records=2000, large_records=500)
    (workload,) = (one for one in produce.WORKLOADS if one.name == "produce-idempotent")
    with Odradek(tmp_path / "cluster") as subject:
        subject.start()
        done = rounds.measure((1, workload, subject), sizes)
        processes = subject.processes()
    assert done.error is None
    assert {figure.row: figure.unit for figure in done.figures} == {
        f"produce idempotent {size} acks=all{what}": unit
        for size in ("100 B", "1 KiB")
        for what, unit in (("", "records/s"), (", CPU", "s per million"), (", client CPU", "s per million"))
    }
    assert all(figure.value > 0 for figure in done.figures if figure.unit == "records/s")
    assert not any(process.is_running() for process in processes)
    assert not (tmp_path / "cluster").exists()
