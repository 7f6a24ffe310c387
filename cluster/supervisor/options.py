"""What `up` can be told, on the command line or by the environment."""

import argparse
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from cluster.supervisor.refusal import Refusal

PROJECT = Path(__file__).resolve().parent.parent.parent
MAX_BROKERS = 9

DESCRIPTION = """\
Start a cluster on this machine: an embedded Valkey (unless REDIS_URL names a Redis), the broker nodes, a worker for
the console's jobs, and the console. Ctrl-C stops it; the next start on the same data directory has everything back."""

EPILOG = """\
Each option is also an environment variable, named in its line; an option wins over its variable. DATABASE_URL names a
PostgreSQL for the metadata log and the console's rows instead of SQLite in the data directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One start of `up`. Broker `n` listens on `base_port + n - 1`; `settings` are broker configurations as given.

    A broker that shows no life for `watchdog_s` is killed and started again; 0: never.
    """

    brokers: int
    base_port: int
    console_port: int
    host: str
    data_dir: Path
    settings: Mapping[str, str]
    watchdog_s: int
    demo: bool
    open: bool

    @property
    def broker_ids(self) -> range:
        return range(1, self.brokers + 1)

    def port_of(self, broker_id: int) -> int:
        return self.base_port + broker_id - 1

    @property
    def bootstrap_servers(self) -> list[str]:
        return [f"{self.host}:{self.port_of(broker_id)}" for broker_id in self.broker_ids]

    @property
    def console_url(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.console_port}"

    @property
    def broker_settings(self) -> dict[str, str]:
        """What an operator who means it would set, and over that what this one did set."""
        replicas = min(3, self.brokers)
        defaults = {
            "default.replication.factor": str(replicas),
            "offsets.topic.replication.factor": str(replicas),
            "min.insync.replicas": "2" if replicas == 3 else "1",
            "unclean.leader.election.enable": "false",
        }
        return {**defaults, **self.settings}

    def environment(self) -> dict[str, str]:
        """The variables by which the parts are told the same; what a person sets to start one part alone."""
        return {
            "ODRADEK_BROKERS": str(self.brokers),
            "ODRADEK_BASE_PORT": str(self.base_port),
            "ODRADEK_CONSOLE_PORT": str(self.console_port),
            "ODRADEK_HOST": self.host,
            "ODRADEK_DATA_DIR": str(self.data_dir),
            "ODRADEK_SET": shlex.join(f"{name}={value}" for name, value in self.broker_settings.items()),
            "ODRADEK_BOOTSTRAP_SERVERS": ",".join(self.bootstrap_servers),
        }


class Parser(argparse.ArgumentParser):
    """argparse, but a mistake is one line."""

    def error(self, message: str) -> NoReturn:
        raise Refusal(f"{message}. See `manage.py up --help`.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options. No default stands here: the environment comes between an option and its default."""

    def add(flag: str, text: str, **more: Any) -> None:
        variable = f"ODRADEK_{flag.upper().replace('-', '_')}"
        parser.add_argument(f"--{flag}", help=f"{text} [{variable}]", default=None, **more)

    add("brokers", f"how many broker nodes, 1 to {MAX_BROKERS} (default 3)", metavar="N")
    add("base-port", "port of the first broker; the others follow (default 9092)", metavar="PORT")
    add("console-port", "port of the console (default 8000)", metavar="PORT")
    add("host", "address that brokers bind and advertise, and the console binds (default 127.0.0.1)")
    add("data-dir", "where logs, database and keys are kept (default .odradek here)", metavar="DIR")
    add(
        "set",
        "a broker configuration by Kafka's name, repeatable; in the variable: blanks between, quoted as in a shell",
        metavar="NAME=VALUE",
        action="append",
    )
    add(
        "watchdog",
        "a broker that hangs for so long is killed and started again (default 5; 0: never)",
        metavar="SECONDS",
    )
    add("demo", "feed the cluster with live data of this machine", action="store_true")
    add("open", "open the console in a browser, signed in", action="store_true")


def parse(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Options:
    """Raises Refusal for whatever cannot be meant."""
    parser = Parser(
        prog="manage.py up",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_arguments(parser)
    return resolve(vars(parser.parse_args(arguments)), environment)


def resolve(given: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Options:
    """Complete what was `given` on the command line with the environment and the defaults."""

    def text(name: str, default: str) -> str:
        value = given.get(name)
        return value if value is not None else environment.get(f"ODRADEK_{name.upper()}") or default

    options = Options(
        brokers=_number("brokers", text("brokers", "3"), 1, MAX_BROKERS),
        base_port=_number("base-port", text("base_port", "9092"), 1, 65535),
        console_port=_number("console-port", text("console_port", "8000"), 1, 65535),
        host=text("host", "127.0.0.1"),
        data_dir=Path(text("data_dir", str(PROJECT / ".odradek"))).expanduser().absolute(),
        settings=_settings(given.get("set"), environment.get("ODRADEK_SET", "")),
        watchdog_s=_number("watchdog", text("watchdog", "5"), 0, 3600),
        demo=_switch("demo", given, environment),
        open=_switch("open", given, environment),
    )
    _check_ports(options)
    return options


def _number(name: str, text: str, low: int, high: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise Refusal(f"--{name} must be a number from {low} to {high}, not {text!r}.")
    return number


def _switch(name: str, given: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    variable = f"ODRADEK_{name.upper()}"
    word = environment.get(variable, "").lower()
    if word not in ("", "0", "1", "false", "true", "no", "yes"):
        raise Refusal(f"{variable} must be 1 or 0, not {word!r}.")
    return bool(given.get(name)) or word in ("1", "true", "yes")


def _settings(given: Sequence[str] | None, variable: str) -> dict[str, str]:
    try:
        pairs = [*shlex.split(variable), *(given or ())]
    except ValueError as error:
        raise Refusal(f"ODRADEK_SET cannot be read: {error}. Quote values as in a shell.") from None
    settings = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise Refusal(f"--set takes NAME=VALUE, not {pair!r}.")
        settings[name.strip()] = value.strip()
    return settings


def _check_ports(options: Options) -> None:
    last = options.port_of(options.brokers)
    if last > 65535:
        raise Refusal(
            f"--base-port {options.base_port} leaves no room for {options.brokers} brokers. Choose a lower one."
        )
    if options.base_port <= options.console_port <= last:
        raise Refusal(
            f"--console-port {options.console_port} is among the brokers' ports {options.base_port} to {last}. "
            "Choose another console port or base port."
        )
    if options.host in ("0.0.0.0", "::"):
        raise Refusal(f"--host {options.host} cannot be advertised to clients. Name an address of this machine.")
