"""Where the libraries of the matrix come from: each is installed once into a cache folder, by its name and version."""

import fcntl
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.support.patience import seconds

DRIVERS = Path(__file__).parent / "drivers"
JACKSON = "2.21.2"
DOES_NOT_BUILD = "does not build here"
"""So begins the reason why a library is missing that a machine need not be able to compile."""


class CompiledWithoutError(Exception):
    """A library was compiled, without something that its driver needs."""


class Program(Protocol):
    """A driver program with the library that it drives."""

    def missing(self) -> str | None:
        """Why it cannot run here; None when it can. Installs the library on first use."""

    def command(self, bootstrap: str) -> Sequence[str]: ...

    def environment(self) -> Mapping[str, str]: ...


def cache(name: str) -> Path:
    return Path.home() / ".cache" / "odradek-clients" / re.sub(r"[^\w.@-]+", "-", name).strip("-")


@functools.cache
def installed(folder: Path, install: Callable[[Path], None]) -> str | None:
    """Fill the folder once, whoever asks first; why that failed, or None. What failed is not tried again here."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "installing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "whole").exists():
            return None
        try:
            install(folder)
        except CompiledWithoutError as error:
            return f"{folder.name} {error}"
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            said = getattr(error, "stderr", None) or b""
            return f"{folder.name} could not be installed: {error}: {said[-1500:].decode(errors='replace')}"
        (folder / "whole").touch()
    return None


def run(command: Sequence[str], folder: Path, at_most_s: float = 300, **extra: str) -> bytes:
    """What the command printed; CalledProcessError or TimeoutExpired."""
    told: subprocess.CompletedProcess[bytes] = subprocess.run(
        command, cwd=folder, check=True, capture_output=True, timeout=seconds(at_most_s), env={**os.environ, **extra}
    )
    return told.stdout


@dataclass(frozen=True)
class PythonProgram:
    """A driver in this interpreter; `packages` are installed aside from this project's own."""

    script: str
    packages: tuple[str, ...] = ()

    def missing(self) -> str | None:
        return installed(self._folder(), self._install) if self.packages else None

    def _folder(self) -> Path:
        return cache(f"{self.packages[0]}-python{sys.version_info.major}.{sys.version_info.minor}")

    def _install(self, folder: Path) -> None:
        run(["uv", "pip", "install", "--python", sys.executable, "--target", str(folder), *self.packages], folder)

    def command(self, bootstrap: str) -> Sequence[str]:
        return [sys.executable, str(DRIVERS / "python" / self.script), bootstrap]

    def environment(self) -> Mapping[str, str]:
        return {"PYTHONPATH": str(self._folder())} if self.packages else {}


@dataclass(frozen=True)
class NodeProgram:
    """A driver in Node.js with npm packages, each as name@version."""

    script: str
    packages: tuple[str, ...]
    features: tuple[str, ...] = ()
    """What the first package, which is compiled here, must have been compiled with, as its `features` call it."""

    def missing(self) -> str | None:
        if shutil.which("node") is None or shutil.which("npm") is None:
            return "no Node.js on this machine"
        reason = installed(self._folder(), self._install)
        return f"{DOES_NOT_BUILD}: {reason}" if reason and self.features else reason

    def _folder(self) -> Path:
        return cache("-".join((*self.packages, *self.features)))

    def _install(self, folder: Path) -> None:
        # What is there is what an earlier try made of it, and npm would leave it so.
        shutil.rmtree(folder / "node_modules", ignore_errors=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), *self.packages]
        # Linked statically, @confluentinc/kafka-javascript downloads the sources of what librdkafka is linked with.
        environment = {"CKJS_LINKING": "dynamic"}
        node = Path(shutil.which("node") or "").resolve().parent.parent
        if (node / "include" / "node" / "node.h").exists():
            # Otherwise the headers would be downloaded.
            environment["npm_config_nodedir"] = str(node)
        run(command, folder, 1500, **environment)
        if self.features:
            self._examine(folder)

    def _examine(self, folder: Path) -> None:
        """Raises CompiledWithoutError: librdkafka builds as well without what it does not find."""
        name, _, _ = self.packages[0].rpartition("@")
        tell = f"console.log(JSON.stringify(require({json.dumps(name)}).features))"
        there = json.loads(run(["node", "-e", tell], folder, 60))
        if lacking := [feature for feature in self.features if feature not in there]:
            raise CompiledWithoutError(f"was compiled without {' and '.join(lacking)}")

    def command(self, bootstrap: str) -> Sequence[str]:
        return ["node", str(DRIVERS / "node" / self.script), bootstrap]

    def environment(self) -> Mapping[str, str]:
        return {"NODE_PATH": str(self._folder() / "node_modules"), "KAFKAJS_NO_PARTITIONER_WARNING": "1"}


@dataclass(frozen=True)
class JavaProgram:
    """The driver in Java, compiled against one version of Apache Kafka's client."""

    version: str

    SOURCES = tuple(sorted((DRIVERS / "java").glob("*.java")))

    def missing(self) -> str | None:
        for name in ("java", "javac", "mvn"):
            if shutil.which(name) is None:
                return f"no {name} on this machine"
        return installed(self._folder(), self._fetch) or installed(self._classes(), self._compile)

    def _folder(self) -> Path:
        return cache(f"kafka-clients-{self.version}")

    def _classes(self) -> Path:
        return cache(f"driver-{self.version}-{_digest(self.SOURCES)}")

    def _fetch(self, folder: Path) -> None:
        (folder / "pom.xml").write_text(self._project())
        run(["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"], folder)

    def _project(self) -> str:
        wanted = (
            ("org.apache.kafka", "kafka-clients", self.version),
            ("com.fasterxml.jackson.core", "jackson-databind", JACKSON),
        )
        dependencies = "".join(
            f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>"
            for group, name, version in wanted
        )
        return (
            '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
            "<groupId>matrix</groupId><artifactId>driver</artifactId><version>1</version>"
            f"<dependencies>{dependencies}</dependencies></project>"
        )

    def _compile(self, folder: Path) -> None:
        libraries = f"{self._folder()}/lib/*"
        run(["javac", "-nowarn", "-cp", libraries, "-d", str(folder), *map(str, self.SOURCES)], folder, 120)

    def command(self, bootstrap: str) -> Sequence[str]:
        options = ["-Xmx256M", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        return ["java", *options, "-cp", f"{self._classes()}:{self._folder()}/lib/*", "matrix.Driver", bootstrap]

    def environment(self) -> Mapping[str, str]:
        return {}


@functools.cache
def _digest(sources: Sequence[Path]) -> str:
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
