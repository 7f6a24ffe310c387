"""The README says what is so: its table of APIs, its commands, its options, its rooms."""

import re
from pathlib import Path

from cluster.protocol.catalog import advertised_apis
from cluster.supervisor.options import parse

PROJECT = Path(__file__).resolve().parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def table(first_heading: str) -> list[list[str]]:
    """The rows of the table that begins with this heading."""
    lines = README[README.index(f"| {first_heading} |") :].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_the_table_of_apis_is_what_the_brokers_advertise() -> None:
    advertised = [
        [api.name, str(int(api.key)), "–".join(dict.fromkeys([str(api.advertised_min), str(api.max_version)]))]
        for api in sorted(advertised_apis(), key=lambda api: api.key)
    ]
    assert table("API") == advertised


def test_every_claim_names_tests_that_exist() -> None:
    for claim, shown_by in table("what"):
        for folder in re.findall(r"`([^`]+)`", shown_by):
            assert list((PROJECT / folder).glob("test_*.py")), f"{claim}: nothing in {folder}"


def test_every_room_exists() -> None:
    for name, _ in table("room"):
        assert (PROJECT / name.strip("`") / "__init__.py").exists(), name


def test_every_option_of_up_that_it_names_exists() -> None:
    for line in re.findall(r"manage\.py up (--[\w-]+)", README):
        if line != "--help":
            parse([line], {})


def test_every_variable_that_it_names_is_read_somewhere() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("cluster", "dashboard", "streams")
        for path in (PROJECT / folder).rglob("*.py")
    )
    for name in set(re.findall(r"\bODRADEK_[A-Z_]+", README)):
        assert name in sources, name
