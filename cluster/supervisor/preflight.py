"""What must be true before anything is started: each check passes or refuses with one line, and changes nothing."""

import errno
import fcntl
import ipaddress
import os
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from cluster.supervisor.options import Options
from cluster.supervisor.refusal import Refusal

# A start that was killed leaves parts that may take this long to leave in good order.
LEFTOVERS_GRACE_S = 12.0
REDIS_ANSWERS_S = 3.0
SET_BY_UP = {
    "node.id": "They are 1 to --brokers.",
    "broker.id": "They are 1 to --brokers.",
    "log.dir": "Use --data-dir.",
    "log.dirs": "Use --data-dir.",
    "listeners": "Use --host and --base-port.",
    "advertised.listeners": "Use --host and --base-port.",
}


def claim_data_dir(directory: Path, say: Callable[[str], None]) -> IO[str]:
    """Make the directory when it is missing and lock it. Keep the file open: all parts inherit the lock.

    So the directory is free again only when the last process of this start is gone, however it went.
    """
    try:
        # Records, sessions and the hashes of passwords are nobody else's business.
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = open(directory / "up.lock", "a+", encoding="ascii")  # noqa: SIM115
    except NotADirectoryError:
        raise Refusal(f"{directory} is not a directory. Choose another --data-dir.") from None
    except FileExistsError:
        raise Refusal(f"{directory} is a file, not a directory. Choose another --data-dir.") from None
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        raise Refusal(
            f"Cannot write in {directory}: {why}. Choose another --data-dir, or get the right to write."
        ) from None
    if not os.access(directory, os.W_OK | os.X_OK):
        raise Refusal(f"Cannot write in {directory}: permission denied. Choose another --data-dir.")
    _lock(lock, directory, say)
    lock.seek(0)
    lock.truncate()
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _lock(lock: IO[str], directory: Path, say: Callable[[str], None]) -> None:
    deadline = time.monotonic() + LEFTOVERS_GRACE_S
    told = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip()
        if (holder and _alive(int(holder))) or time.monotonic() > deadline:
            raise Refusal(
                f"{directory} is in use by the `up` of process {holder}. Stop that one, or choose another --data-dir."
            )
        if not told:
            say("The parts of a start that was killed are still stopping; waiting for them …")
            told = True
        time.sleep(0.1)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def check_ports(options: Options) -> None:
    """Each port is free and the host is an address of this machine."""
    wanted = {options.port_of(broker_id): "--base-port" for broker_id in options.broker_ids}
    wanted[options.console_port] = "--console-port"
    for port, option in wanted.items():
        with socket.socket(_family(options.host), socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((options.host, port))
            except OSError as error:
                raise _unusable(options.host, port, option, error) from None


def _family(host: str) -> socket.AddressFamily:
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        try:
            return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0]
        except socket.gaierror:
            raise Refusal(f"--host {host} cannot be resolved. Name an address of this machine.") from None
    return socket.AF_INET6 if version == 6 else socket.AF_INET


def _unusable(host: str, port: int, option: str, error: OSError) -> Refusal:
    match error.errno:
        case errno.EADDRINUSE:
            return Refusal(f"Port {port} on {host} is in use{_owner(port)}. Stop that, or choose another {option}.")
        case errno.EACCES:
            return Refusal(f"Port {port} on {host} needs privileges. Choose another {option}.")
        case errno.EADDRNOTAVAIL:
            return Refusal(f"--host {host} is not an address of this machine. Name one that is.")
        case _:
            return Refusal(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another {option} or --host.")


def _owner(port: int) -> str:
    """` by NAME (process PID)` where the system tells."""
    import psutil

    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        return ""
    return ""


def check_settings(options: Options) -> None:
    """Every --set names a broker configuration that exists, can be set here, and has a value that it can have."""
    if not options.settings:
        return
    from cluster.broker.config import BrokerConfig
    from cluster.protocol.errors import KafkaError

    for name in options.settings:
        if name in SET_BY_UP:
            raise Refusal(f"--set {name} cannot be: `up` gives each broker its own. {SET_BY_UP[name]}")
    try:
        BrokerConfig.of({"node.id": "1", "log.dirs": str(options.data_dir), **options.broker_settings})
    except KafkaError as error:
        raise Refusal(
            f"--set was given what cannot be. {' '.join((error.message or str(error)).split()).rstrip('.')}."
        ) from None


def check_services(environment: Mapping[str, str]) -> None:
    """DATABASE_URL names a kind of database that is supported, and at REDIS_URL there is a Redis."""
    if database := environment.get("DATABASE_URL"):
        check_database_url(database)
    if redis := environment.get("REDIS_URL"):
        check_redis(redis)


def check_database_url(url: str) -> None:
    """Whether the database answers is found out by whoever opens it."""
    import dj_database_url

    try:
        engine = dj_database_url.parse(url).get("ENGINE", "")
    except (dj_database_url.ParseError, dj_database_url.UnknownSchemeError, ValueError):
        engine = ""
    if engine not in ("django.db.backends.postgresql", "django.db.backends.sqlite3"):
        raise Refusal("DATABASE_URL must be like postgresql://user:password@host:5432/name. Correct it, or unset it.")


def check_redis(url: str) -> None:
    """Once started, brokers do without it; but a cluster whose jobs never begin is not what was asked for."""
    import redis

    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=REDIS_ANSWERS_S, socket_timeout=REDIS_ANSWERS_S
        ) as client:
            client.ping()
    except ValueError:
        raise Refusal("REDIS_URL must be like redis://host:6379. Correct it, or unset it.") from None
    except redis.RedisError as error:
        why = str(error).rstrip(".")
        raise Refusal(
            f"The Redis that REDIS_URL names does not answer ({why}). Start it, or unset REDIS_URL."
        ) from None


def check_cluster_id(data_dir: Path, cluster_id: str | None) -> None:
    """The brokers' directories belong to the cluster that the database knows."""
    for properties in sorted(data_dir.glob("broker-*/meta.properties")):
        found = _property(properties, "cluster.id")
        if found and found != cluster_id:
            knows = f"cluster {cluster_id}" if cluster_id else "no cluster yet"
            raise Refusal(
                f"{properties.parent} belongs to cluster {found}, but the database knows {knows}. "
                "Choose another --data-dir, or the DATABASE_URL that goes with this one."
            )


def _property(path: Path, name: str) -> str | None:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == name:
            return value.strip()
    return None
