"""What `up` can be told: the command line, over the environment, over the defaults; nonsense is one line."""

from pathlib import Path

import pytest

from cluster.supervisor.options import parse
from cluster.supervisor.refusal import Refusal


def test_the_defaults_are_three_brokers_on_loopback() -> None:
    options = parse([], {})
    assert options.bootstrap_servers == ["127.0.0.1:9092", "127.0.0.1:9093", "127.0.0.1:9094"]
    assert options.console_url == "http://127.0.0.1:8000"
    assert not options.demo
    assert not options.open


def test_an_option_wins_over_its_variable_and_the_variable_over_the_default() -> None:
    environment = {"ODRADEK_BROKERS": "5", "ODRADEK_BASE_PORT": "19092", "ODRADEK_DEMO": "1"}
    options = parse(["--brokers", "2"], environment)
    assert (options.brokers, options.base_port, options.demo) == (2, 19092, True)


def test_every_option_has_a_variable_that_the_help_names(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"], {})
    text = capsys.readouterr().out
    for name in ("brokers", "base-port", "console-port", "host", "data-dir", "set", "demo", "open"):
        assert f"--{name}" in text
        assert f"[ODRADEK_{name.upper().replace('-', '_')}]" in " ".join(text.split())


def test_broker_settings_from_both_places_are_merged() -> None:
    options = parse(["--set", "log.retention.ms=5", "--set", "a=c"], {"ODRADEK_SET": "a=b 'log.dirs=x y'"})
    assert options.settings == {"a": "c", "log.dirs": "x y", "log.retention.ms": "5"}


@pytest.mark.parametrize(("brokers", "factor", "min_isr"), [(1, "1", "1"), (2, "2", "1"), (3, "3", "2"), (5, "3", "2")])
def test_the_operators_defaults_follow_the_number_of_brokers(brokers: int, factor: str, min_isr: str) -> None:
    settings = parse(["--brokers", str(brokers)], {}).broker_settings
    assert settings["default.replication.factor"] == factor
    assert settings["min.insync.replicas"] == min_isr
    assert settings["unclean.leader.election.enable"] == "false"


def test_what_the_operator_sets_wins_over_those_defaults() -> None:
    assert parse(["--set", "min.insync.replicas=1"], {}).broker_settings["min.insync.replicas"] == "1"


def test_the_environment_of_the_parts_says_the_same_again() -> None:
    options = parse(["--brokers", "2", "--data-dir", "/tmp/x", "--set", "a=b c", "--set", "d='"], {})
    again = parse([], options.environment())
    assert again.broker_settings == options.broker_settings
    assert (again.brokers, again.data_dir, again.host) == (2, Path("/tmp/x"), "127.0.0.1")


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["--brokers", "0"], {}, "from 1 to 9"),
        (["--brokers", "many"], {}, "from 1 to 9, not 'many'"),
        (["--base-port", "65535"], {}, "no room for 3 brokers"),
        (["--console-port", "9093"], {}, "among the brokers' ports"),
        (["--host", "0.0.0.0"], {}, "cannot be advertised"),
        (["--set", "nonsense"], {}, "takes NAME=VALUE"),
        (["--colour", "red"], {}, "unrecognized arguments"),
        (["--brok", "2"], {}, "unrecognized arguments"),
        (["extra"], {}, "unrecognized arguments"),
        ([], {"ODRADEK_BROKERS": "x"}, "--brokers must be a number"),
        ([], {"ODRADEK_DEMO": "perhaps"}, "ODRADEK_DEMO must be 1 or 0"),
        ([], {"ODRADEK_SET": "a='b"}, "ODRADEK_SET cannot be read"),
    ],
)
def test_nonsense_is_refused_in_one_line(arguments: list[str], environment: dict[str, str], words: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse(arguments, environment)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
