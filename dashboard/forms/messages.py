"""What to read of a topic, and a record to write to it."""

import base64
import binascii
from datetime import UTC
from typing import Any

from django import forms
from django.http import QueryDict

from dashboard.queries.messages import Wanted
from streams.payload import Form
from streams.tail.places import places_from_text

LIMITS = (20, 50, 100, 200)


class ReadForm(forms.Form):
    """From the address: every field may be missing, and what is wrong is said beside its field."""

    start = forms.ChoiceField(
        label="From",
        required=False,
        choices=[("newest", "newest"), ("oldest", "oldest"), ("offset", "offset"), ("timestamp", "timestamp")],
    )
    offset = forms.IntegerField(label="Offset", required=False, min_value=0, max_value=2**63 - 1)
    timestamp = forms.DateTimeField(
        label="Time (UTC)",
        required=False,
        input_formats=["%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"),
    )
    partition = forms.TypedChoiceField(label="Partition", required=False, coerce=int, empty_value=None)
    form = forms.ChoiceField(
        label="Written as",
        required=False,
        choices=[("auto", "as it is"), ("text", "text"), ("json", "JSON"), ("hex", "hex")],
    )
    limit = forms.TypedChoiceField(
        label="Records", required=False, coerce=int, empty_value=None, choices=[(n, str(n)) for n in LIMITS]
    )

    def __init__(self, data: QueryDict, partitions: int) -> None:
        filled = data.copy()
        filled.setdefault("start", "newest")
        filled.setdefault("form", "auto")
        filled.setdefault("limit", "50")
        super().__init__(filled)
        self.places = data.get("before", ""), data.get("after", "")
        choices = [("", f"all {partitions}" if partitions > 1 else "the only one")]
        self.fields["partition"].choices = choices + [(str(n), str(n)) for n in range(partitions)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("start") == "offset" and cleaned.get("offset") is None and "offset" not in self.errors:
            self.add_error("offset", "From which offset?")
        if cleaned.get("start") == "timestamp" and not cleaned.get("timestamp") and "timestamp" not in self.errors:
            self.add_error("timestamp", "From which moment?")
        return cleaned

    def wanted(self) -> Wanted:
        """Only of a valid form. Raises ValueError when the places of an earlier page are not places."""
        data = self.cleaned_data
        before, after = self.places
        moment = data.get("timestamp")
        return Wanted(
            start=data.get("start") or "newest",
            partition=data.get("partition"),
            offset=data.get("offset") or 0,
            timestamp_ms=int(moment.replace(tzinfo=UTC).timestamp() * 1000) if moment else 0,
            limit=data.get("limit") or 50,
            form=Form(data.get("form") or "auto"),
            before=places_from_text(before) if before else None,
            after=places_from_text(after) if after and not before else None,
        )


LOW = forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "aria-label": "Key"})
TALL = forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "aria-label": "Value"})
ENCODINGS = [("text", "text"), ("hex", "hex"), ("base64", "base64")]


def decoded(text: str, encoding: str) -> bytes:
    """The bytes that a text stands for. Raises ValidationError."""
    try:
        match encoding:
            case "hex":
                return bytes.fromhex(text)
            case "base64":
                return base64.b64decode(text, validate=True)
            case _:
                # A browser sends line ends as CR LF; what was typed has LF.
                return text.replace("\r\n", "\n").encode()
    except (ValueError, binascii.Error):
        raise forms.ValidationError(f"This is not {encoding}.") from None


def _encoded(data: bytes) -> tuple[str, str]:
    """A text that stands for the bytes, and how: as text only where the text gives the same bytes again."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data.hex(" "), "hex"
    return (data.hex(" "), "hex") if "\r" in text or "\0" in text else (text, "text")


class ProduceForm(forms.Form):
    """One record. An absent key and a tombstone are null, which is not the same as empty."""

    has_key = forms.BooleanField(label="With a key", required=False)
    key = forms.CharField(required=False, strip=False, widget=LOW)
    key_as = forms.ChoiceField(label="Key is", choices=ENCODINGS, initial="text")
    tombstone = forms.BooleanField(
        label="Tombstone: a null value, which deletes the key from a compacted topic", required=False
    )
    value = forms.CharField(required=False, strip=False, widget=TALL)
    value_as = forms.ChoiceField(label="Value is", choices=ENCODINGS, initial="text")
    headers = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="One a line, name: value. A name may come several times; a name without colon has a null value.",
    )
    partition = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)

    def __init__(self, partitions: int, data: QueryDict | None = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        choices = [("", "by the key’s hash, as Kafka’s clients do")]
        self.fields["partition"].choices = choices + [(str(n), str(n)) for n in range(partitions)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["key_bytes"] = self._bytes("key", cleaned) if cleaned.get("has_key") or cleaned.get("key") else None
        cleaned["value_bytes"] = None if cleaned.get("tombstone") else self._bytes("value", cleaned)
        if cleaned.get("tombstone") and cleaned.get("value"):
            self.add_error("value", "A tombstone has no value: empty this field, or take the tombstone away.")
        if cleaned.get("tombstone") and cleaned["key_bytes"] is None:
            self.add_error("key", "A tombstone needs the key that it deletes.")
        return cleaned

    @classmethod
    def initial_of(cls, record: Any) -> dict[str, Any]:
        """The fields that would write a record (aiokafka's) again."""
        initial: dict[str, Any] = {"has_key": record.key is not None, "tombstone": record.value is None}
        for name, data in (("key", record.key), ("value", record.value)):
            initial[name], initial[f"{name}_as"] = _encoded(data or b"")
        headers = [name if value is None else f"{name}: {_encoded(value)[0]}" for name, value in record.headers]
        return {**initial, "headers": "\n".join(headers), "partition": record.partition}

    def _bytes(self, name: str, cleaned: dict[str, Any]) -> bytes | None:
        try:
            return decoded(cleaned.get(name, ""), cleaned.get(f"{name}_as", "text"))
        except forms.ValidationError as error:
            self.add_error(name, error)
            return None

    def clean_headers(self) -> list[tuple[str, bytes | None]]:
        headers: list[tuple[str, bytes | None]] = []
        for line in self.cleaned_data["headers"].splitlines():
            name, colon, value = line.partition(":")
            if not name.strip() and line.strip():
                raise forms.ValidationError("A header needs a name before the colon.")
            if name.strip():
                headers.append((name.strip(), value.strip().encode() if colon else None))
        return headers
