"""What the tool can be told, and what it refuses."""

from pathlib import Path

import pytest

from tests.benchmarks.options import parse
from tests.benchmarks.sizes import FULL, QUICK


def test_by_default_everything_is_measured_three_times() -> None:
    chosen = parse([])
    assert (chosen.command, chosen.rounds, chosen.sizes, chosen.bootstrap) == ("run", 3, FULL, None)
    assert {"produce", "consume", "groups", "failover-stop", "restart"} <= {one.name for one in chosen.workloads}


def test_a_try_is_small_and_short() -> None:
    chosen = parse(["--quick", "--only", "consume", "produce", "--json", "results.json"])
    assert (chosen.rounds, chosen.sizes, chosen.json) == (1, QUICK, Path("results.json"))
    assert [one.name for one in chosen.workloads] == ["produce", "consume"]


def test_the_data_of_a_restart_is_what_was_asked_for() -> None:
    assert parse(["--data-gb", "10"]).sizes.data_mb == 10_000


def test_the_folder_for_the_data_is_made(tmp_path: Path) -> None:
    wanted = tmp_path / "not" / "there"
    assert parse(["--folder", str(wanted)]).folder == wanted
    assert wanted.is_dir()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--folder", "/dev/null/data"],
        ["--only", "nothing"],
        ["--rounds", "0"],
        ["--rounds", "many"],
        ["--data-gb", "-1"],
        ["race"],
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        parse(arguments)
    assert refused.value.code == 2
    assert arguments[-1] in capsys.readouterr().err
