"""Apache Kafka's own classes, from its Maven artifacts: fetched once into a cache folder, run as Java programs."""

import fcntl
import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.patience import seconds

VERSION = "4.3.1"
ARTIFACTS = (
    ("org.apache.kafka", "kafka_2.13", VERSION),
    ("org.apache.kafka", "kafka-tools", VERSION),
    ("org.apache.kafka", "kafka-shell", VERSION),
    ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.2"),
    ("org.apache.logging.log4j", "log4j-core", "2.25.2"),
)
LOGGING = """rootLogger.level=warn
rootLogger.appenderRef.console.ref=CONSOLE
appender.console.type=Console
appender.console.name=CONSOLE
appender.console.target=SYSTEM_ERR
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %m (%c)%n
"""


def home() -> Path:
    """The folder with `lib/*.jar`."""
    root = os.environ.get("AK_HOME") or Path.home() / ".cache" / "apache-kafka"
    return Path(root) / VERSION


@functools.cache
def missing() -> str | None:
    """Why Apache Kafka's classes cannot be run here; None when they can. Fetches them on first use."""
    if shutil.which("java") is None:
        return "no Java on this machine"
    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "fetching").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (folder / "log4j2.properties").write_text(LOGGING)
        return None if (folder / "lib").exists() else _fetch(folder)


def _fetch(folder: Path) -> str | None:
    if shutil.which("mvn") is None:
        return "no Maven to fetch Apache Kafka with"
    (folder / "pom.xml").write_text(_project())
    command = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=fetched"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=seconds(300))
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        return f"Maven could not fetch Apache Kafka: {error}"
    (folder / "fetched").rename(folder / "lib")
    return None


def _project() -> str:
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>"
        for group, name, version in ARTIFACTS
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>peer</groupId><artifactId>apache-kafka</artifactId><version>1</version>"
        f"<dependencies>{dependencies}</dependencies></project>"
    )


def needed() -> None:
    """Skip the running test when Apache Kafka's classes are missing."""
    if reason := missing():
        pytest.skip(reason)


def java(
    main_class: str, *arguments: str, options: str = "-Xmx256M -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
) -> list[str]:
    """The command that runs a class."""
    logging = f"-Dlog4j2.configurationFile={home()}/log4j2.properties"
    return ["java", *options.split(), logging, "-cp", f"{home()}/lib/*", main_class, *arguments]


def tool(main_class: str, *arguments: str, stdin: str | None = None, timeout: float = 60) -> str:
    """Run one of Kafka's tools to its end and return what it printed. Skips when Kafka is missing."""
    needed()
    done = subprocess.run(
        java(main_class, *arguments), input=stdin, capture_output=True, text=True, timeout=seconds(timeout)
    )
    if done.returncode:
        raise AssertionError(
            f"{main_class} {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        )
    return done.stdout
