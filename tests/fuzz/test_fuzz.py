"""A fixed share of the fuzzer in each test run; another seed every time, which a failure prints."""

import random
from pathlib import Path

import pytest

from tests.fuzz.__main__ import main
from tests.fuzz.running import FOUND, LIVE, Failure, Run, fuzz_broker, fuzz_codec, replay
from tests.fuzz.targets import TARGETS

CODEC_S, BROKER_S = 20.0, 25.0


def fresh(seconds: float) -> Run:
    return Run(f"{random.SystemRandom().randrange(1 << 32):08x}", seconds)


def judge(run: Run, folder: Path) -> None:
    stored = [str(failure.store(folder)) for failure in run.failures]
    problems = [f"{failure.target}: {failure.problem}: {failure.data.hex()}" for failure in run.failures]
    assert not run.failures, f"seed {run.seed}, {run.examples} examples, stored in {stored}: {problems[:5]}"


@pytest.mark.slow
def test_decoders_and_readers_of_records_raise_only_what_they_say(tmp_path: Path) -> None:
    run = fresh(CODEC_S)
    fuzz_codec(run)
    assert run.examples > 50 * len(TARGETS)
    judge(run, tmp_path)


@pytest.mark.slow
def test_a_live_broker_goes_on_serving_others(tmp_path: Path) -> None:
    run = fresh(BROKER_S)
    fuzz_broker(run)
    assert run.examples > 100
    judge(run, tmp_path)


@pytest.mark.parametrize("path", sorted(FOUND.glob("*.json")), ids=lambda path: path.stem)
def test_what_was_found_once_is_harmless(path: Path) -> None:
    replay(Failure.load(path))


def test_what_is_found_is_stored_and_can_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Failure("request", b"\x00\x03", "a problem").store(tmp_path)
    assert Failure.load(path) == Failure("request", b"\x00\x03", "a problem")
    monkeypatch.setattr("sys.argv", ["fuzz", "--replay", str(path)])
    assert main() == 0
    assert "no trouble" in capsys.readouterr().out


def test_trouble_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fuzzer that finds nothing may be blind: here the broker is made to fail."""
    from cluster.broker.network.dispatch import HANDLERS
    from cluster.protocol.api import ApiKey

    def fails(*_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setitem(HANDLERS, ApiKey.LIST_GROUPS, fails)  # type: ignore[arg-type]
    run = Run("a-seed", 20.0)
    run.on_failure = lambda _: setattr(run, "seconds", 0.0)
    fuzz_broker(run)
    assert [failure.target for failure in run.failures] == [LIVE]
    assert "planted" in run.failures[0].problem or "LIST_GROUPS" in run.failures[0].problem
