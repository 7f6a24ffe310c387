"""Creating a topic, changing its configuration, adding partitions, deleting it."""

from typing import Any

from django import forms

from cluster.client.connection import ConnectionLost
from cluster.protocol.errors import ErrorCode, KafkaError
from dashboard.queries.configs import MIN_ISR, TopicDefaults

FIELD_OF_ERROR = {
    ErrorCode.INVALID_TOPIC_EXCEPTION: "name",
    ErrorCode.TOPIC_ALREADY_EXISTS: "name",
    ErrorCode.INVALID_PARTITIONS: "partitions",
    ErrorCode.INVALID_REPLICATION_FACTOR: "replication_factor",
    ErrorCode.INVALID_CONFIG: "configs",
}


class CreateForm(forms.Form):
    name = forms.CharField(
        max_length=249,
        label="Name",
        help_text="Letters, digits, dots, underscores and hyphens.",
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off", "spellcheck": "false"}),
    )
    partitions = forms.IntegerField(
        min_value=1, max_value=10_000, required=False, help_text="More can be added later, none taken away."
    )
    replication_factor = forms.IntegerField(
        min_value=1, max_value=32_767, required=False, help_text="Copies of each partition, each on another broker."
    )
    min_isr = forms.IntegerField(
        min_value=1,
        max_value=32_767,
        required=False,
        label="Min in-sync replicas",
        help_text="Fewer than these in sync, and acks=all is refused.",
    )
    configs = forms.CharField(
        required=False,
        label="Configuration",
        help_text="One a line, for example retention.ms=3600000 or cleanup.policy=compact.",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )

    def clean_configs(self) -> dict[str, str]:
        configs: dict[str, str] = {}
        for line in filter(str.strip, self.cleaned_data["configs"].splitlines()):
            name, equals, value = line.partition("=")
            if not equals or not name.strip():
                raise forms.ValidationError(f"“{line.strip()}” is not of the form name=value.")
            configs[name.strip()] = value.strip()
        if self.cleaned_data.get("min_isr") is not None:
            if MIN_ISR in configs:
                raise forms.ValidationError(f"{MIN_ISR} has a field of its own: say it there or here.")
            configs[MIN_ISR] = str(self.cleaned_data["min_isr"])
        return configs

    def tell(self, defaults: TopicDefaults) -> None:
        """Say in each field that may stay empty what the cluster then uses, where that is known."""
        for field in ("partitions", "replication_factor", "min_isr"):
            value = getattr(defaults, field)
            self.fields[field].widget.attrs["placeholder"] = f"cluster default: {value}" if value else "cluster default"

    def refuse(self, error: KafkaError) -> None:
        """Put what the cluster said beside the field that it is about."""
        self.add_error(FIELD_OF_ERROR.get(error.code), reason(error))


class PartitionsForm(forms.Form):
    total = forms.IntegerField(label="Partitions in all", min_value=2, max_value=10_000)

    def __init__(self, present: int, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.present = present
        self.fields["total"].widget.attrs["min"] = present + 1

    def clean_total(self) -> int:
        total: int = self.cleaned_data["total"]
        if total <= self.present:
            raise forms.ValidationError(f"It has {self.present} already; partitions can be added, never taken away.")
        return total


class ConfigForm(forms.Form):
    """One configuration: a new value, or back to what holds without it."""

    name = forms.CharField(widget=forms.HiddenInput)
    value = forms.CharField(required=False, strip=False)


class DeleteForm(forms.Form):
    name = forms.CharField(
        label="Type the topic’s name", widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def __init__(self, topic: str, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.topic = topic

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name != self.topic:
            raise forms.ValidationError(f"This is not “{self.topic}”.")
        return name


def reason(error: Exception) -> str:
    """What to tell a person of an error of the cluster."""
    if isinstance(error, KafkaError):
        words = error.code.name.replace("_", " ").lower().removesuffix(" exception")
        return f"{error.message.rstrip('.')}." if error.message else f"The cluster says: {words}."
    return f"No broker answers: {error}." if isinstance(error, ConnectionLost) else "No broker answers."
