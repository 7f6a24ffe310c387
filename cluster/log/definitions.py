"""What a configuration is: its name, type, default, limits and documentation; text to value and back."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from cluster.protocol.errors import InvalidConfig

ConfigValue = bool | int | float | str | tuple[str, ...] | None


class ConfigType(Enum):
    """The types of Kafka's ConfigDef; values are the codes that DescribeConfigs answers with."""

    BOOLEAN = 1
    STRING = 2
    INT = 3
    SHORT = 4
    LONG = 5
    DOUBLE = 6
    LIST = 7
    CLASS = 8
    PASSWORD = 9


class Importance(Enum):
    """How likely an operator is to need a configuration."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Validator(Protocol):
    """The limits of one configuration; `str()` of it is what the documentation shows."""

    def problem(self, value: ConfigValue) -> str | None:
        """What is wrong with `value`, or None."""


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A number with a lower bound."""

    minimum: float

    def problem(self, value: ConfigValue) -> str | None:
        """Numbers below the minimum."""
        assert isinstance(value, int | float)
        return None if value >= self.minimum else f"Value must be at least {self.minimum}"

    def __str__(self) -> str:
        return f"[{self.minimum},...]"


@dataclass(frozen=True, slots=True)
class Between:
    """A number with two inclusive bounds, and perhaps one value outside of them that means something else."""

    minimum: float
    maximum: float
    besides: int | None = None

    def problem(self, value: ConfigValue) -> str | None:
        """Numbers outside the bounds."""
        assert isinstance(value, int | float)
        if self.minimum <= value <= self.maximum or (self.besides is not None and value == self.besides):
            return None
        if self.besides is not None:
            return f"Value must be between {self.minimum} and {self.maximum} or equal to {self.besides}"
        if value < self.minimum:
            return f"Value must be at least {self.minimum}"
        return f"Value must be no more than {self.maximum}"

    def __str__(self) -> str:
        limits = f"[{self.minimum},...,{self.maximum}]"
        return limits if self.besides is None else f"{limits} or {self.besides}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """A string out of a closed set."""

    values: tuple[str, ...]

    def problem(self, value: ConfigValue) -> str | None:
        """Anything that is not in the set."""
        return None if value in self.values else f"String must be one of: {', '.join(self.values)}"

    def __str__(self) -> str:
        return f"[{', '.join(self.values)}]"


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list without duplicates and without empty entries, out of a closed set where one is given."""

    values: tuple[str, ...] = ()
    may_be_empty: bool = True

    def problem(self, value: ConfigValue) -> str | None:
        """Duplicates, empty entries, entries outside the set, and an empty list where it is not allowed."""
        assert isinstance(value, tuple)
        if not value and not self.may_be_empty:
            return "List must not be empty"
        if len(dict.fromkeys(value)) != len(value):
            return "List must not contain duplicates"
        if "" in value:
            return "List must not contain empty entries"
        if self.values and any(entry not in self.values for entry in value):
            return f"String must be one of: {', '.join(self.values)}"
        return None

    def __str__(self) -> str:
        return f"[{', '.join(self.values)}]" if self.values else ""


@dataclass(frozen=True, slots=True)
class ThrottledReplicas:
    """A list of `partition:broker`, or `*` for every replica."""

    def problem(self, value: ConfigValue) -> str | None:
        """Anything that does not name replicas."""
        assert isinstance(value, tuple)
        if value == ("*",) or all(re.fullmatch(r"([0-9]+:[0-9]+)?", entry) for entry in value):
            return None
        return "must be the literal '*' or a list of replicas as partition:broker,partition:broker"

    def __str__(self) -> str:
        return "[partitionId]:[brokerId],[partitionId]:[brokerId],..."


@dataclass(frozen=True, slots=True)
class BrokerSynonym:
    """A broker configuration that sets a topic configuration's default; `unit_ms` converts hours or minutes."""

    name: str
    unit_ms: int = 1

    def convert(self, text: str) -> str:
        """The topic configuration's text for the broker configuration's text."""
        return text if self.unit_ms == 1 or int(text) < 0 else str(int(text) * self.unit_ms)


_INTEGER_BITS = {ConfigType.SHORT: 16, ConfigType.INT: 32, ConfigType.LONG: 64}
_INTEGER = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigDefinition:
    """One configuration. `default` is a parsed value; None means that it has none."""

    name: str
    type: ConfigType
    default: ConfigValue
    documentation: str
    importance: Importance = Importance.MEDIUM
    validator: Validator | None = None
    broker_synonyms: tuple[BrokerSynonym, ...] = ()
    internal: bool = False

    @property
    def broker_synonym(self) -> str | None:
        """The broker configuration with the highest priority for this topic configuration."""
        return self.broker_synonyms[0].name if self.broker_synonyms else None

    def parse(self, text: str) -> ConfigValue:
        """The value that `text` stands for. Raises InvalidConfig with the reason."""
        value = self._parse_type(text.strip())
        problem = self.validator.problem(value) if self.validator else None
        if problem is not None:
            raise self._invalid(text, problem)
        return value

    def format(self, value: ConfigValue) -> str | None:
        """The text of a value, as DescribeConfigs shows it. None stays None."""
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float):
            return _double(value)
        return ",".join(value) if isinstance(value, tuple) else str(value)

    def _parse_type(self, text: str) -> ConfigValue:
        match self.type:
            case ConfigType.BOOLEAN:
                if text.lower() not in ("true", "false"):
                    raise self._invalid(text, "Expected value to be either true or false")
                return text.lower() == "true"
            case ConfigType.INT | ConfigType.SHORT | ConfigType.LONG:
                return self._parse_integer(text)
            case ConfigType.DOUBLE:
                return self._parse_double(text)
            case ConfigType.LIST:
                return tuple(entry.strip() for entry in text.split(",")) if text else ()
            case _:
                return text

    def _parse_integer(self, text: str) -> int:
        limit = 1 << (_INTEGER_BITS[self.type] - 1)
        if _INTEGER.fullmatch(text) and -limit <= int(text) < limit:
            return int(text)
        raise self._invalid(text, f"Not a number of type {self.type.name}")

    def _parse_double(self, text: str) -> float:
        try:
            value = math.nan if "_" in text else float(text)
        except ValueError:
            value = math.nan
        if math.isnan(value):
            raise self._invalid(text, "Not a number of type DOUBLE")
        return value

    def _invalid(self, text: str, reason: str) -> InvalidConfig:
        shown = "[hidden]" if self.type is ConfigType.PASSWORD else text
        return InvalidConfig(f"Invalid value {shown} for configuration {self.name}: {reason}")


def _double(value: float) -> str:
    """As Java writes it: an exponent below 0.001 and from ten million on, and never without a decimal point."""
    if value == 0 or not math.isfinite(value) or 1e-3 <= abs(value) < 1e7:
        return str(value)
    digits = repr(value).partition("e")[0].replace(".", "").strip("-0")
    mantissa, power = f"{value:.{max(1, len(digits) - 1)}e}".split("e")
    return f"{mantissa}E{int(power)}"


def defaults_from_broker(
    definitions: Mapping[str, ConfigDefinition], broker_configs: Mapping[str, str | None]
) -> dict[str, str]:
    """Topic configuration texts that follow from the broker configurations that are set (None: not set)."""
    defaults = {}
    for name, definition in definitions.items():
        for synonym in definition.broker_synonyms:
            text = broker_configs.get(synonym.name)
            if text is not None:
                defaults[name] = synonym.convert(text)
                break
    return defaults
