"""How the libraries of other languages are installed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients import programs
from tests.clients.programs import DOES_NOT_BUILD, NodeProgram

pytestmark = pytest.mark.slow
Machine = Callable[..., None]
"""Called with the features that whatever is compiled on this machine gets."""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    if shutil.which("npm") is None:
        pytest.skip("no npm on this machine")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FOUND", str(tmp_path / "found.json"))
    monkeypatch.setenv("npm_config_install_links", "true")

    def finds(*features: str) -> None:
        (tmp_path / "found.json").write_text(json.dumps(features))

    return finds


@pytest.fixture
def program(tmp_path: Path) -> NodeProgram:
    """Its package is compiled as librdkafka is: with what is found when it is installed."""
    package = tmp_path / "compiled"
    package.mkdir()
    (package / "main.js").write_text('exports.features = require("./features.json");')
    description = {"name": "compiled", "version": "1.0.0", "main": "main.js"}
    compiling = {"scripts": {"install": 'cp "$FOUND" features.json'}}
    (package / "package.json").write_text(json.dumps(description | compiling))
    return NodeProgram("unused.cjs", (f"compiled@file:{package}",), ("gzip", "zstd"))


def test_a_library_compiled_without_what_its_driver_needs_does_not_build_here(
    machine: Machine, program: NodeProgram
) -> None:
    machine("gzip", "snappy")
    reason = program.missing()
    assert reason is not None
    assert reason.startswith(DOES_NOT_BUILD)
    assert "compiled without zstd" in reason


def test_it_is_compiled_again_where_the_lacking_was_installed_since(machine: Machine, program: NodeProgram) -> None:
    machine("gzip")
    assert program.missing() is not None
    machine("gzip", "zstd")
    programs.installed.cache_clear()  # As in another process.
    assert program.missing() is None
