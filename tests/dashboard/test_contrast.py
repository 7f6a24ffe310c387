"""Text is readable in both themes: WCAG AA, computed from the tokens."""

import re

import pytest

from tests.up.running import PROJECT

TOKENS = (PROJECT / "static" / "css" / "tokens.css").read_text()
PAIRS = dict(re.findall(r"--([\w-]+): light-dark\((#\w{6}, #\w{6})\)", TOKENS))
GROUNDS = ("ground", "surface", "raised")
TEXTS = ("ink", "ink-2", "ink-3", "accent", "good", "warn", "bad")
SOFT = [("good", "good-soft"), ("warn", "warn-soft"), ("bad", "bad-soft"), ("ink", "accent-soft"), ("ink-2", "line")]


def luminance(colour: str) -> float:
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str, theme: int) -> float:
    a, b = (luminance(PAIRS[name].split(", ")[theme]) for name in (one, other))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), [*((text, ground) for text in TEXTS for ground in GROUNDS), *SOFT])
def test_text_stands_out_from_its_ground(text: str, ground: str, theme: int) -> None:
    assert contrast(text, ground, theme) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), [("edge", "raised"), ("leader", "surface"), ("offline", "surface")])
def test_what_one_must_see_to_use_a_page_stands_out(mark: str, ground: str, theme: int) -> None:
    assert contrast(mark, ground, theme) >= 3


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_number_on_a_leader_can_be_read(theme: int) -> None:
    assert contrast("accent-ink", "leader", theme) >= 4.5
