"""Bytes are shown as they are: null is not empty, numbers keep every digit, what is not text is hex."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.json_text import indented, is_json, on_one_line, tokens
from streams.payload import Form, Kind, payload_of


def test_null_and_empty_are_two_things() -> None:
    assert payload_of(None).kind is Kind.NULL
    assert payload_of(b"").kind is Kind.EMPTY


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'{"a": 1}', Kind.JSON),
        (b"9007199254740993", Kind.JSON),
        (b"plain words", Kind.TEXT),
        (b"NaN", Kind.TEXT),
        ("zwölf".encode(), Kind.TEXT),
        ("👩\u200d👩\u200d👧 می\u200cخواهم".encode(), Kind.TEXT),
        ("10\u00a0000 東京\u3000大阪".encode(), Kind.TEXT),
        (b"\x1b[31mred", Kind.HEX),
        (b"\x00\x00\x00\x01\x02abc", Kind.HEX),
        (b"\xff\xfe", Kind.HEX),
    ],
)
def test_the_form_is_found_from_the_bytes(data: bytes, kind: Kind) -> None:
    assert payload_of(data).kind is kind


def test_a_number_keeps_every_digit() -> None:
    text = '{"id": 9223372036854775807, "price": 1.10, "huge": 1e400}'
    shown = "".join(token for _, token in indented(text))
    assert "9223372036854775807" in shown
    assert "1.10" in shown
    assert "1e400" in shown


def test_what_cannot_be_shown_as_wanted_says_so() -> None:
    assert payload_of(b"words", Form.JSON).note
    assert payload_of(b"\xff", Form.JSON).kind is Kind.HEX
    assert "\ufffd" in payload_of(b"a\xff", Form.TEXT).text
    assert payload_of(b"words", Form.HEX).text == "77 6f 72 64 73"


def test_a_long_value_is_cut_between_characters() -> None:
    payload = payload_of("ä".encode() * 300, limit_bytes=401)
    assert payload.truncated
    assert payload.kind is Kind.TEXT
    assert payload.text == "ä" * 200
    assert payload.size_bytes == 600


def test_keys_are_told_from_strings() -> None:
    assert [kind.value for kind, _ in tokens('{"a": "b", "c": [1, true, "d"]}') if kind] == list("ksknws")


def test_empty_containers_stay_on_one_line() -> None:
    assert "".join(token for _, token in indented('{"a": [], "b": {}}')) == '{\n  "a": [],\n  "b": {}\n}'


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_laying_json_out_does_not_change_it(value: object) -> None:
    text = json.dumps(value)
    assert is_json(text)
    assert json.loads("".join(token for _, token in indented(text))) == value
    assert json.loads("".join(token for _, token in on_one_line(text))) == value


@given(st.binary(max_size=300), st.sampled_from(Form), st.integers(1, 300))
def test_any_bytes_can_be_shown_in_any_form(data: bytes, form: Form, limit: int) -> None:
    payload = payload_of(data, form, limit)
    assert payload.size_bytes == len(data)
    assert payload.truncated == (len(data) > limit)
    if payload.kind is Kind.HEX:
        assert bytes.fromhex(payload.text) == data[:limit]
