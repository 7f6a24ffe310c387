"""What the last run came to, as the README shows it."""

from collections.abc import Sequence

from cluster.protocol.catalog import advertised_apis
from tests.conformance.differences import MEANT
from tests.conformance.recorder import Exchange
from tests.support.readme import Section

SECTION = Section(
    "<!-- conformance: written by python -m tests.conformance --write -->", "<!-- end of the conformance -->"
)


def render(exchanges: Sequence[Exchange], unmeant: int) -> str:
    """How much was asked, how many answers differ without a reason, and the reasons of the others."""
    served = list(advertised_apis())
    versions = sum(spec.max_version - spec.min_version + 1 for spec in served)
    asked = f"{len(exchanges):,} questions in all {versions} versions of the {len(served)} APIs"
    reasons = dict.fromkeys(meant.reason for meant in MEANT)
    apis = {reason: dict.fromkeys(meant.api for meant in MEANT if meant.reason == reason) for reason in reasons}
    lines = [
        f"{asked}: {unmeant} answers differ without a reason. What differs for one:",
        "",
        "| API | meant |",
        "|---|---|",
    ]
    return "\n".join([*lines, *(f"| {_named(apis[reason])} | {reason} |" for reason in reasons)])


def _named(apis: Sequence[str] | dict[str, None]) -> str:
    return ", ".join("any" if api == "*" else api.replace("*Configs", "…Configs") for api in apis)
