"""DescribeConfigs, AlterConfigs, IncrementalAlterConfigs, ListConfigResources."""

from cluster.broker.configuration.table import BROKER_CONFIGS
from cluster.log.config import TOPIC_CONFIGS
from cluster.protocol.messages.configs import (
    AlterConfigsRequest,
    AlterConfigsRequestAlterableConfig,
    AlterConfigsRequestAlterConfigsResource,
    DescribeConfigsRequest,
    DescribeConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsRequestAlterableConfig,
    IncrementalAlterConfigsRequestAlterConfigsResource,
    ListConfigResourcesRequest,
)
from tests.conformance.clusters import SETTINGS
from tests.conformance.recorder import Peer, until

TOPIC, BROKER, LOGGER, METRICS, GROUP = 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = 0, 1, 2, 3


def described(
    kind: int, name: str, *keys: str, everything: bool = False, synonyms: bool = True
) -> DescribeConfigsRequest:
    wanted = None if everything else list(keys)
    resource = DescribeConfigsResource(resource_type=kind, resource_name=name, configuration_keys=wanted)
    return DescribeConfigsRequest(resources=[resource], include_synonyms=synonyms)


async def describe_configs(peer: Peer) -> None:
    topic = await peer.create("plain", retention_ms="5000", cleanup_policy="compact")
    await peer.ask_in_every_version("topic", lambda _: described(TOPIC, topic, everything=True))
    await peer.ask("topic without synonyms", described(TOPIC, topic, everything=True, synonyms=False))
    await peer.ask("some of a topic", described(TOPIC, topic, "retention.ms", "segment.bytes", "no.such", ""))
    await peer.ask("none of a topic", described(TOPIC, topic))
    await peer.ask_in_every_version("unknown topic", lambda _: described(TOPIC, peer.called("gone"), everything=True))
    for name in ("", "a b"):
        await peer.ask(f"bad topic {name!r}", described(TOPIC, name, everything=True))
    await peer.ask("broker", described(BROKER, "1", everything=True))
    await peer.ask("broker in v1", described(BROKER, "1", everything=True), 1)
    await peer.ask("some of a broker", described(BROKER, "1", "log.retention.hours", "node.id", "no.such"))
    await peer.ask("default broker", described(BROKER, "", everything=True))
    await peer.ask("another broker", described(BROKER, "2", "node.id"))
    await peer.ask("no broker", described(BROKER, "9", everything=True))
    await peer.ask("broker that is no number", described(BROKER, "one", everything=True))
    await peer.ask("logger", described(LOGGER, "1", "no.such.logger"))
    await peer.ask("another broker's logger", described(LOGGER, "2", "root"))
    await peer.ask("logger of nobody", described(LOGGER, "", "root"))
    await peer.ask("logger that is no number", described(LOGGER, "x", "root"))
    await peer.ask("group", described(GROUP, peer.called("group"), everything=True))
    await peer.ask("group without a name", described(GROUP, "", everything=True))
    await peer.ask("metrics", described(METRICS, "no-such", everything=True))
    await peer.ask("metrics without a name", described(METRICS, "", everything=True))
    for kind in (0, 1, 3, 64):
        await peer.ask(f"resource type {kind}", described(kind, "x", everything=True))
    documented = described(TOPIC, topic, "retention.ms")
    documented.include_documentation = True
    await peer.ask("documentation", documented)
    await peer.ask("nothing", DescribeConfigsRequest())
    twice = described(TOPIC, topic, "retention.ms")
    twice.resources *= 2
    await peer.ask("one resource twice", twice)


def altered(kind: int, name: str, *validate: bool, **configs: str | None) -> AlterConfigsRequest:
    entries = [
        AlterConfigsRequestAlterableConfig(name=key.replace("_", "."), value=value) for key, value in configs.items()
    ]
    resource = AlterConfigsRequestAlterConfigsResource(resource_type=kind, resource_name=name, configs=entries)
    return AlterConfigsRequest(resources=[resource], validate_only=any(validate))


async def alter_configs(peer: Peer) -> None:
    topic = await peer.create("plain")
    for version in range(3):
        await peer.ask("set", altered(TOPIC, topic, retention_ms=f"{version + 1}000", segment_ms="60000"), version)
    await peer.ask("validated", altered(TOPIC, topic, True, retention_ms="9"))
    await peer.ask("validated nonsense", altered(TOPIC, topic, True, retention_ms="x"))
    await peer.ask("nonsense", altered(TOPIC, topic, retention_ms="x"))
    await peer.ask("unknown config", altered(TOPIC, topic, no_such="x"))
    await peer.ask("null", altered(TOPIC, topic, retention_ms=None))
    await peer.ask("none: all are dropped", altered(TOPIC, topic))
    await peer.ask("unknown topic", altered(TOPIC, peer.called("gone"), retention_ms="9"))
    await peer.ask("topic without a name", altered(TOPIC, "", retention_ms="9"))
    await peer.ask("unknown broker", altered(BROKER, "9", log_cleaner_threads="2"))
    await peer.ask("broker that is no number", altered(BROKER, "one", log_cleaner_threads="2"))
    await peer.ask("read-only of a broker", altered(BROKER, "1", node_id="7"))
    await peer.ask("unknown of a broker", altered(BROKER, "1", no_such="7"))
    await peer.ask("logger", altered(LOGGER, "1", root="INFO"))
    for kind in (0, 1, 64):
        await peer.ask(f"resource type {kind}", altered(kind, "x", retention_ms="9"))
    await peer.ask("nothing", AlterConfigsRequest())
    same = altered(TOPIC, topic, retention_ms="9")
    same.resources[0].configs.append(AlterConfigsRequestAlterableConfig(name="retention.ms", value="10"))
    await peer.ask("one config twice", same)


def changed(
    kind: int, name: str, *changes: tuple[str, int, str | None], validate: bool = False
) -> IncrementalAlterConfigsRequest:
    entries = [
        IncrementalAlterConfigsRequestAlterableConfig(name=key, config_operation=operation, value=value)
        for key, operation, value in changes
    ]
    resource = IncrementalAlterConfigsRequestAlterConfigsResource(
        resource_type=kind, resource_name=name, configs=entries
    )
    return IncrementalAlterConfigsRequest(resources=[resource], validate_only=validate)


async def change_configs(peer: Peer) -> None:
    topic = await peer.create("plain")
    for version in (0, 1):
        await peer.ask("set", changed(TOPIC, topic, ("retention.ms", SET, "1000")), version)
        await peer.ask("delete", changed(TOPIC, topic, ("retention.ms", DELETE, None)), version)
        await peer.ask("delete what is not set", changed(TOPIC, topic, ("retention.ms", DELETE, "9")), version)
        await peer.ask("append", changed(TOPIC, topic, ("cleanup.policy", APPEND, "compact")), version)
        await peer.ask("subtract", changed(TOPIC, topic, ("cleanup.policy", SUBTRACT, "delete")), version)
        after = described(TOPIC, topic, "cleanup.policy", "retention.ms")
        await until(lambda: peer.quietly(after), lambda answer: answer.results[0].configs[0].value == "compact")  # noqa: B023
        await peer.ask("after it", after)
        await peer.ask("put back", changed(TOPIC, topic, ("cleanup.policy", SET, "delete")), version)
    for label, change in {
        "append to what is no list": ("retention.ms", APPEND, "5"),
        "subtract what is not there": ("cleanup.policy", SUBTRACT, "compact"),
        "subtract everything": ("cleanup.policy", SUBTRACT, "delete"),
        "append what is there": ("cleanup.policy", APPEND, "delete"),
        "append nonsense": ("cleanup.policy", APPEND, "shred"),
        "append null": ("cleanup.policy", APPEND, None),
        "set null": ("retention.ms", SET, None),
        "set empty": ("retention.ms", SET, ""),
        "set nonsense": ("retention.ms", SET, "soon"),
        "unknown config": ("no.such", SET, "1"),
        "delete an unknown config": ("no.such", DELETE, None),
        "empty name": ("", SET, "1"),
        "min ISR above the factor": ("min.insync.replicas", SET, "7"),
        "remote storage": ("remote.storage.enable", SET, "true"),
        "throttles appended": ("leader.replication.throttled.replicas", APPEND, "0:1"),
    }.items():
        await peer.ask(label, changed(TOPIC, topic, change))
    await _change_several(peer, topic)
    await _change_brokers(peer)
    await _change_others(peer)


async def _change_several(peer: Peer, topic: str) -> None:
    gone = peer.called("gone")
    one = ("retention.ms", SET, "1")
    await peer.ask("one config twice", changed(TOPIC, topic, one, ("retention.ms", SET, "2")))
    await peer.ask("one bad of two", changed(TOPIC, topic, one, ("segment.ms", SET, "x")))
    await peer.ask("validated", changed(TOPIC, topic, one, validate=True))
    await peer.ask("validated nonsense", changed(TOPIC, topic, ("retention.ms", SET, "x"), validate=True))
    await peer.ask("no changes", changed(TOPIC, topic))
    await peer.ask("unknown topic", changed(TOPIC, gone, one))
    await peer.ask("topic without a name", changed(TOPIC, "", one))
    await peer.ask("bad topic name", changed(TOPIC, "a b", one))
    two = changed(TOPIC, topic, one)
    two.resources += changed(TOPIC, gone, one).resources
    await peer.ask("one of two topics", two)
    twice = changed(TOPIC, topic, one)
    twice.resources += changed(TOPIC, topic, ("segment.ms", SET, "5")).resources
    await peer.ask("one resource twice", twice)
    retention = described(TOPIC, topic, "retention.ms")
    await until(lambda: peer.quietly(retention), lambda answer: answer.results[0].configs[0].value == "1")
    await peer.ask("topic after all", described(TOPIC, topic, everything=True))


async def _change_others(peer: Peer) -> None:
    one = ("retention.ms", SET, "1")
    await peer.ask("group", changed(GROUP, peer.called("group"), ("consumer.session.timeout.ms", SET, "50000")))
    await peer.ask("group nonsense", changed(GROUP, peer.called("group"), ("consumer.session.timeout.ms", SET, "x")))
    await peer.ask(
        "group out of range", changed(GROUP, peer.called("group"), ("consumer.session.timeout.ms", SET, "1"))
    )
    await peer.ask("group unknown", changed(GROUP, peer.called("group"), ("no.such", SET, "1")))
    await peer.ask("group without a name", changed(GROUP, "", ("consumer.session.timeout.ms", SET, "50000")))
    for kind in (0, 1, 64):
        await peer.ask(f"resource type {kind}", changed(kind, "x", one))
    await peer.ask("nothing", IncrementalAlterConfigsRequest())


async def _change_brokers(peer: Peer) -> None:
    for label, name, change in (
        ("own", "1", ("log.cleaner.threads", SET, "2")),
        ("all", "", ("log.cleaner.threads", SET, "2")),
        ("own deleted", "1", ("log.cleaner.threads", DELETE, None)),
        ("all deleted", "", ("log.cleaner.threads", DELETE, None)),
        ("nonsense", "1", ("log.cleaner.threads", SET, "two")),
        ("nonsense for all", "", ("log.cleaner.threads", SET, "two")),
        ("read-only", "1", ("node.id", SET, "7")),
        ("read-only for all", "", ("num.partitions", SET, "7")),
        ("per broker for all", "", ("advertised.listeners", SET, "PLAINTEXT://x:1")),
        ("unknown", "1", ("no.such", SET, "7")),
        ("unknown broker", "9", ("log.cleaner.threads", SET, "2")),
        ("no number", "one", ("log.cleaner.threads", SET, "2")),
        ("through another broker", "2", ("log.cleaner.threads", SET, "2")),
        ("through another broker deleted", "2", ("log.cleaner.threads", DELETE, None)),
    ):
        await peer.ask(f"broker: {label}", changed(BROKER, name, change))
    await peer.ask("min ISR of a broker", changed(BROKER, "1", ("min.insync.replicas", SET, "1")))
    await peer.ask("unknown logger", changed(LOGGER, "1", ("no.such.logger", SET, "INFO")))
    await peer.ask("unknown level", changed(LOGGER, "1", ("root", SET, "LOUD")))
    await peer.ask("append to a logger", changed(LOGGER, "1", ("root", APPEND, "INFO")))
    await peer.ask("another broker's logger", changed(LOGGER, "2", ("root", SET, "INFO")))


VALUES = ("-2", "-1", "0", "1", "50", "5000000", "99999999999", "9" * 19, "0.5", "1.5", "x", "", "true", "True", " 7 ")


async def every_topic_config(peer: Peer) -> None:
    """Which values each configuration takes."""
    topic = await peer.create("plain")
    for name in sorted(TOPIC_CONFIGS):
        for value in VALUES:
            await peer.ask(f"{name}={value}", changed(TOPIC, topic, (name, SET, value), validate=True))


async def every_broker_config(peer: Peer) -> None:
    """Which configurations can be changed while a broker runs, its own and all brokers' at once."""
    for name, definition in sorted(BROKER_CONFIGS.items()):
        value = definition.format(definition.default)
        if name in SETTINGS or value is None:
            continue
        for broker in ("1", ""):
            for given in (value, "nonsense"):
                await peer.ask(
                    f"{name}={given} of {broker!r}", changed(BROKER, broker, (name, SET, given), validate=True)
                )


async def list_config_resources(peer: Peer) -> None:
    await peer.ask("in v0", ListConfigResourcesRequest(), 0)
    await peer.ask("in v1", ListConfigResourcesRequest(), 1, shown=lambda answer: answer.error_code)
    for kind in (BROKER, LOGGER, METRICS):
        await peer.ask(f"type {kind}", ListConfigResourcesRequest(resource_types=[kind]))
    for kind in (0, 1, 3, 64, -1):
        await peer.ask(f"type {kind}", ListConfigResourcesRequest(resource_types=[kind]))
    await peer.ask("both", ListConfigResourcesRequest(resource_types=[BROKER, BROKER]))
