"""The house's rules that a machine can hold: node code stays replayable, and nothing grows past the plan's sizes."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NODE_ROOMS = ("protocol", "log", "controller", "groups", "client", "broker")
PRODUCT = ("cluster", "dashboard", "streams")
MAX_FILE, MAX_CLASS, MAX_FUNCTION, MAX_FOLDER = 400, 150, 60, 16

# The world's doors: a clock, randomness, files, threads and sockets come from outside (R1, R2, R7).
FORBIDDEN_MODULES = {"time", "secrets", "threading", "subprocess", "signal", "socket", "mmap", "os", "io", "tempfile"}
THE_FILE_SEAM = "cluster/log/files.py"
# Order and identity that differ from run to run (R4).
FORBIDDEN_CALLS = {"id", "hash", "open"}
FORBIDDEN_ASYNCIO = {"as_completed", "all_tasks", "Future"}
# R2: module-level randomness is seedless.
RANDOM_FUNCTIONS = {"random", "randrange", "randint", "choice", "shuffle", "randbytes", "uniform", "sample"}


def python_files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


NODE_FILES = python_files(*(f"cluster/{room}" for room in NODE_ROOMS))
PRODUCT_FILES = python_files(*PRODUCT)
TEST_FILES = python_files("tests")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def offences(tree: ast.AST, *, seam: bool) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if not seam:
            yield from _doors(node)
        yield from _chances(tree, node)


def _doors(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Ways to the world that go past the doors."""
    match node:
        case ast.Import(names=names):
            for alias in names:
                if alias.name.partition(".")[0] in FORBIDDEN_MODULES:
                    yield node.lineno, f"imports {alias.name}"
        case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in FORBIDDEN_MODULES:
            yield node.lineno, f"imports from {module}"
        case ast.Call(func=ast.Name(id=called)) if called in FORBIDDEN_CALLS:
            yield node.lineno, f"calls {called}()"


def _chances(tree: ast.AST, node: ast.AST) -> Iterator[tuple[int, str]]:
    """What differs from run to run."""
    match node:
        case ast.Attribute(value=ast.Name(id="asyncio"), attr=attr) if attr in FORBIDDEN_ASYNCIO:
            # As an annotation a Future is fine; making one goes through the loop.
            if attr != "Future" or _is_called(tree, node):
                yield node.lineno, f"uses asyncio.{attr}"
        case ast.Attribute(value=ast.Name(id="random"), attr=attr) if attr in RANDOM_FUNCTIONS:
            if _is_module(tree, "random"):
                yield node.lineno, f"uses random.{attr}"
        case ast.Attribute(value=ast.Name(id="uuid"), attr="uuid4" | "uuid1"):
            yield node.lineno, "makes an id that no seed reaches"
        case ast.For(iter=iterated) | ast.comprehension(iter=iterated) if _is_set(iterated):
            yield iterated.lineno, "iterates over a set"
        case ast.FunctionDef(name="__del__"):
            yield node.lineno, "acts when it is collected"


def _is_called(tree: ast.AST, attribute: ast.Attribute) -> bool:
    return any(isinstance(node, ast.Call) and node.func is attribute for node in ast.walk(tree))


def _is_module(tree: ast.AST, name: str) -> bool:
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import))
    parameters = {argument.arg for node in ast.walk(tree) if isinstance(node, ast.arguments) for argument in node.args}
    return name not in parameters and any(alias.name == name for node in imports for alias in node.names)


def _is_set(node: ast.expr) -> bool:
    if isinstance(node, ast.Set | ast.SetComp):
        return True
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("set", "frozenset")


@pytest.mark.parametrize("path", NODE_FILES, ids=name_of)
def test_node_code_meets_the_world_only_through_its_doors(path: Path) -> None:
    tree = ast.parse(path.read_text())
    found = [f"line {line} {what}" for line, what in offences(tree, seam=name_of(path) == THE_FILE_SEAM)]
    assert not found, f"{name_of(path)}: {'; '.join(found)}"


@pytest.mark.parametrize("path", PRODUCT_FILES + TEST_FILES, ids=name_of)
def test_files_classes_and_functions_keep_their_size(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= MAX_FILE, f"{name_of(path)} has more than {MAX_FILE} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            limit = MAX_CLASS - 1 if isinstance(node, ast.ClassDef) else MAX_FUNCTION
            assert lines <= limit, f"{name_of(path)}: {node.name} has {lines} lines, more than {limit}"


@pytest.mark.parametrize("path", PRODUCT_FILES, ids=name_of)
def test_each_module_says_in_its_first_line_what_lives_there(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert not tree.body or ast.get_docstring(tree), f"{name_of(path)} has no docstring"


def test_folders_stay_small_enough_to_see_at_once() -> None:
    folders = {path.parent for path in PRODUCT_FILES}
    crowded = {
        name_of(folder): count
        for folder in folders
        if (count := sum(path.parent == folder and path.name != "__init__.py" for path in PRODUCT_FILES)) > MAX_FOLDER
    }
    assert not crowded, f"more than {MAX_FOLDER} files: {crowded}"


@pytest.mark.parametrize(
    ("source", "offence"),
    [
        ("import time", "imports time"),
        ("from os import path", "imports from os"),
        ("open('x')", "calls open()"),
        ("asyncio.as_completed(x)", "uses asyncio.as_completed"),
        ("asyncio.Future()", "uses asyncio.Future"),
        ("import random\nrandom.choice(x)", "uses random.choice"),
        ("uuid.uuid4()", "makes an id that no seed reaches"),
        ("for x in {1, 2}: pass", "iterates over a set"),
        ("[x for x in set(y)]", "iterates over a set"),
    ],
)
def test_the_rules_find_what_they_forbid(source: str, offence: str) -> None:
    assert [what for _, what in offences(ast.parse(source), seam=False)] == [offence]
