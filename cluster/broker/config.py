"""The configuration of one broker: what it was started with, and what was changed while it runs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from cluster.broker.configuration.checks import check_dynamic, check_values, is_usable
from cluster.broker.configuration.endpoint import Endpoint, parse_endpoint
from cluster.broker.configuration.table import BROKER_CONFIGS, unknown_reason
from cluster.broker.configuration.values import BrokerValues
from cluster.groups.config import GroupConfig
from cluster.log.config import TOPIC_CONFIGS, ConfigValue, LogConfig, defaults_from_broker
from cluster.protocol.errors import InvalidConfig, InvalidRequest
from cluster.protocol.messages.topics import CreatableTopic, CreatableTopicConfig

logger = logging.getLogger(__name__)

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerConfig(BrokerValues):
    """Typed values in effect, and the texts they come from. A change makes a new one; nothing here moves.

    `static` is what the broker was started with; `dynamic_default` and `dynamic` are what the metadata log says for
    all brokers and for this one. `values` has every configuration's value in effect, by name; `topic_defaults` the
    texts of the topic configurations that follow from what is set.
    """

    static: Mapping[str, str]
    dynamic_default: Mapping[str, str]
    dynamic: Mapping[str, str]
    values: Mapping[str, ConfigValue]
    topic_defaults: Mapping[str, str]
    listener: Endpoint
    advertised: Endpoint

    @classmethod
    def of(cls, properties: Mapping[str, str]) -> BrokerConfig:
        """From the properties that a broker is started with, by Kafka's names. Raises InvalidConfig, in one line."""
        for name in properties:
            if name not in BROKER_CONFIGS:
                raise InvalidConfig(f"Unknown broker configuration {name}: {unknown_reason(name)}")
        return cls._resolve(_with_synonyms(properties), _NOTHING, _NOTHING)

    def updated(self, cluster_default: Mapping[str, str] | None, own: Mapping[str, str] | None) -> BrokerConfig:
        """With what the metadata log says now, for all brokers and for this one.

        What this broker cannot take over (not dynamic, not valid) is left out, as Kafka does: another version may
        have written it.
        """
        try:
            return self._with(cluster_default or _NOTHING, own or _NOTHING)
        except InvalidConfig as error:
            logger.error("the dynamic configuration cannot be applied, going on with the one before: %s", error)
            return self

    def _with(self, cluster_default: Mapping[str, str], own: Mapping[str, str]) -> BrokerConfig:
        default, dynamic = _usable(cluster_default), _usable(own)
        if default == self.dynamic_default and dynamic == self.dynamic:
            return self
        return self._resolve(self.static, default, dynamic)

    def check_update(self, texts: Mapping[str, str], *, one_broker: bool) -> None:
        """Raise InvalidRequest when `texts` could not become all that is set for this broker, or for all brokers."""
        check_dynamic(texts, one_broker=one_broker)
        try:
            self._with(*((self.dynamic_default, texts) if one_broker else (texts, self.dynamic)))
        except InvalidConfig as error:
            raise InvalidRequest(error.message) from error

    @classmethod
    def _resolve(
        cls, static: Mapping[str, str], dynamic_default: Mapping[str, str], dynamic: Mapping[str, str]
    ) -> BrokerConfig:
        texts = {**static, **dynamic_default, **dynamic}
        values: dict[str, ConfigValue] = {
            name: definition.parse(texts[name]) if name in texts else definition.default
            for name, definition in BROKER_CONFIGS.items()
        }
        check_values(values)
        typed: dict[str, Any] = {field.name: values[field.name.replace("_", ".")] for field in fields(BrokerValues)}
        listener = parse_endpoint("listeners", typed["listeners"])
        advertised = parse_endpoint("advertised.listeners", typed["advertised_listeners"] or typed["listeners"])
        return cls(
            static=static,
            dynamic_default=dynamic_default,
            dynamic=dynamic,
            values=values,
            topic_defaults=defaults_from_broker(TOPIC_CONFIGS, texts),
            listener=listener,
            advertised=advertised if advertised.host else Endpoint("localhost", advertised.port),
            **typed,
        )

    @property
    def advertised_host(self) -> str:
        """The address that clients and brokers are told."""
        return self.advertised.host

    @property
    def advertised_port(self) -> int:
        """The port that clients and brokers are told."""
        return self.advertised.port

    def is_own_address(self, broker_id: int, host: str, port: int) -> bool:
        """True for this broker at its own address: this process, or an earlier run that is gone.

        At another address it is another process, whatever its id: it has to be asked.
        """
        return (broker_id, host, port) == (self.node_id, self.advertised_host, self.advertised_port)

    @property
    def groups(self) -> GroupConfig:
        """What the group coordinator goes by."""
        return GroupConfig(**{field.name: getattr(self, field.name) for field in fields(GroupConfig)})

    @property
    def log_dir(self) -> str:
        """The one directory that holds the partition logs."""
        return self.log_dirs[0]

    def effective_log_config(self, overrides: Mapping[str, str] | None) -> LogConfig:
        """What holds for the logs of a topic with these overrides."""
        return _log_config(_frozen(self.topic_defaults), _frozen(overrides or _NOTHING))

    def effective_min_insync_replicas(self, overrides: Mapping[str, str] | None) -> int:
        """min.insync.replicas of a topic with these overrides (not yet bounded by its replication factor)."""
        text = (overrides or _NOTHING).get("min.insync.replicas")
        return int(text) if text is not None else self.min_insync_replicas

    def offsets_topic(self) -> CreatableTopic:
        """How __consumer_offsets is created."""
        configs = {
            "cleanup.policy": "compact",
            "compression.type": "producer",
            "segment.bytes": str(self.offsets_topic_segment_bytes),
        }
        return CreatableTopic(
            name="__consumer_offsets",
            num_partitions=self.offsets_topic_num_partitions,
            replication_factor=self.offsets_topic_replication_factor,
            configs=[CreatableTopicConfig(name=name, value=value) for name, value in configs.items()],
        )

    def effective_unclean_leader_election(self, overrides: Mapping[str, str] | None) -> bool:
        """Whether a replica that is not in sync may lead partitions of a topic with these overrides."""
        text = (overrides or _NOTHING).get("unclean.leader.election.enable")
        return text.strip().lower() == "true" if text is not None else self.unclean_leader_election_enable


def _with_synonyms(properties: Mapping[str, str]) -> Mapping[str, str]:
    """The properties with node.id and broker.id, log.dirs and log.dir standing for each other."""
    static = dict(properties)
    for name, former in (("node.id", "broker.id"), ("log.dirs", "log.dir")):
        if name not in static and former in static:
            static[name] = static[former]
    if "node.id" in static:
        static.setdefault("broker.id", static["node.id"])
    return static


def _usable(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if is_usable(name, text)}


def _frozen(texts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(texts.items()))


@lru_cache(maxsize=512)
def _log_config(defaults: tuple[tuple[str, str], ...], overrides: tuple[tuple[str, str], ...]) -> LogConfig:
    """Most topics share one: 2,000 topics must not be parsed 2,000 times."""
    return LogConfig.of(dict(overrides), dict(defaults))
