"""Where two recordings of the same questions differ, field by field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cluster.protocol.catalog import advertised_apis
from tests.conformance.plain import identity
from tests.conformance.recorder import Exchange

MISSING = "(missing)"
BROKEN = "the scenario's end"
"""How a scenario says that it could not go on. What only the other cluster was asked then is no difference."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs in the answers to one question, in these versions."""

    scenario: str
    label: str
    api: str
    field: str
    ours: Any
    apache: Any
    versions: tuple[int, ...]

    def __str__(self) -> str:
        versions = ",".join(map(str, self.versions))
        return (
            f"{self.scenario} | {self.label} | {self.api} v{versions} | {self.field}\n"
            f"    ours    {self.ours!r}\n    apache  {self.apache!r}"
        )


def differences(ours: Sequence[Exchange], apache: Sequence[Exchange]) -> list[Difference]:
    """All of them, in the order of the questions; the same in several versions is one."""
    found: dict[str, Difference] = {}
    asked_ours, asked_apache = _by_question(ours), _by_question(apache)
    broken = {exchange.scenario for exchange in (*ours, *apache) if exchange.label == BROKEN}
    for question in {**asked_ours, **asked_apache}:
        scenario, label, api, version, _ = question
        if scenario in broken and label != BROKEN and not (question in asked_ours and question in asked_apache):
            continue
        for place in _walk("", asked_ours.get(question, MISSING), asked_apache.get(question, MISSING)):
            same = found.get(key := repr((scenario, label, api, place)))
            versions = (*same.versions, version) if same else (version,)
            found[key] = Difference(scenario, label, api, *place, versions)
    return list(found.values())


def unasked(exchanges: Sequence[Exchange]) -> list[str]:
    """The versions of served APIs that no question was in."""
    asked = {(exchange.api, exchange.version) for exchange in exchanges}
    return [
        f"{spec.name} v{version}"
        for spec in advertised_apis()
        for version in range(spec.min_version, spec.max_version + 1)
        if (spec.name, version) not in asked
    ]


def _by_question(exchanges: Sequence[Exchange]) -> dict[tuple[str, str, str, int, int], Any]:
    """Answers by question; the same question asked again is told apart by its count."""
    answers: dict[tuple[str, str, str, int, int], Any] = {}
    for exchange in exchanges:
        count = 0
        while (*exchange.question, count) in answers:
            count += 1
        answers[(*exchange.question, count)] = exchange.answer
    return answers


def _walk(path: str, ours: Any, apache: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(ours, dict) and isinstance(apache, dict):
        for name in {**ours, **apache}:
            yield from _walk(f"{path}.{name}".lstrip("."), ours.get(name, MISSING), apache.get(name, MISSING))
    elif _structs(ours) and _structs(apache):
        left, right = _by_identity(ours), _by_identity(apache)
        for name in {**left, **right}:
            yield from _walk(f"{path}[{name}]", left.get(name, MISSING), right.get(name, MISSING))
    elif ours != apache:
        yield path, ours, apache


def _structs(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _by_identity(structs: Sequence[dict[str, Any]]) -> Mapping[str, Any]:
    named: dict[str, Any] = {}
    for struct in structs:
        name = identity(struct)
        while name in named:
            name += "'"
        named[name] = struct
    return named
