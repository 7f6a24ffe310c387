"""The questions that make an observation, asked through `cluster.client` as any Kafka client could."""

from collections.abc import Mapping

from cluster.client.addresses import TopicPartition
from cluster.client.admin import Admin
from cluster.client.admin.cluster import Broker
from cluster.client.admin.config_entries import ConfigResource, ResourceType
from cluster.client.admin.descriptions import Topic, topic_of_metadata
from cluster.client.admin.groups import GroupDescription, GroupListing
from cluster.client.admin.offsets import CommittedOffset, Instant, ListedOffset
from cluster.client.connection import Connection, ConnectionLost
from cluster.protocol.errors import KafkaError
from cluster.protocol.messages.metadata import MetadataRequest, MetadataResponse
from dashboard.watch.asking import of_database
from dashboard.watch.changes import NO_LEADER, Change
from dashboard.watch.metadata_log import MetadataLog
from dashboard.watch.nodes import Node, read_nodes
from dashboard.watch.observation import Group, Observation, PartitionKey, Shape
from dashboard.watch.observer import Reading
from dashboard.watch.rates import RatePoint, read_rates

MIN_ISR = "min.insync.replicas"
OFFSETS_TOPIC = "__consumer_offsets"
CONSUMER = "consumer"
DEAD = "Dead"
# The second broker that is asked may only be busy: a cluster is not to be called away too soon.
SLOWLY_MS = 6_000


class Readings:
    """Asks one cluster. Belongs to one event loop."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin
        self._asked: Connection | None = None
        self._log = MetadataLog()

    def all(self) -> Mapping[str, Reading]:
        readings = (
            Reading(name="nodes", every_s=0.5, read=self.nodes),
            Reading(name="shape", every_s=0.25, read=self.shape),
            Reading(name="ends", every_s=1.0, read=self.ends),
            Reading(name="starts", every_s=5.0, read=self.starts),
            Reading(name="groups", every_s=1.0, read=self.groups),
            Reading(name="sizes", every_s=4.0, read=self.sizes),
            Reading(name="offline_directories", every_s=4.0, read=self.offline_directories),
            Reading(name="rates", every_s=2.0, read=self.rates),
            Reading(name="events", every_s=0.5, read=self.events),
            Reading(name="min_isr", every_s=15.0, read=self.min_isr),
        )
        return {reading.name: reading for reading in readings}

    async def nodes(self, seen: Observation) -> tuple[Node, ...]:
        return await of_database(read_nodes())

    async def rates(self, seen: Observation) -> tuple[RatePoint, ...] | None:
        return await of_database(read_rates()) if seen.nodes else None

    async def events(self, seen: Observation) -> tuple[Change, ...] | None:
        return await of_database(self._log.read(seen))

    async def shape(self, seen: Observation) -> Shape:
        """Brokers and topics in one answer, always from the same broker while it lives: two may be of two minds."""
        response = await self._metadata()
        shape = Shape(
            cluster_id=response.cluster_id or "",
            # Apache Kafka names any living broker here, another one each time.
            controller_id=response.controller_id if seen.nodes else None,
            brokers={
                told.node_id: Broker(id=told.node_id, host=told.host, port=told.port, rack=told.rack, fenced=False)
                for told in sorted(response.brokers, key=lambda told: told.node_id)
            },
            topics={topic.name: topic for topic in sorted(_topics(response), key=lambda topic: topic.name)},
        )
        # The same object for the same shape keeps what was computed from it.
        return seen.shape if seen.shape == shape and seen.shape else shape

    async def _metadata(self) -> MetadataResponse:
        request = MetadataRequest(topics=None, allow_auto_topic_creation=False)
        if self._asked is not None and not self._asked.closed:
            try:
                pinned: MetadataResponse = await self._asked.send(request)
                return pinned
            except ConnectionLost:
                self._asked = None
        self._asked = await self._admin.router.any_broker()
        response: MetadataResponse = await self._asked.send(request, timeout_ms=SLOWLY_MS)
        return response

    async def ends(self, seen: Observation) -> Mapping[PartitionKey, int]:
        """High watermarks of all partitions that have a leader; what is offline keeps its last known one."""
        return await self._offsets(seen, seen.ends, Instant.LATEST)

    async def starts(self, seen: Observation) -> Mapping[PartitionKey, int]:
        return await self._offsets(seen, seen.starts, Instant.EARLIEST)

    async def _offsets(
        self, seen: Observation, before: Mapping[PartitionKey, int] | None, instant: Instant
    ) -> Mapping[PartitionKey, int]:
        partitions = seen.shape.partitions if seen.shape else {}
        led = [TopicPartition(*key) for key, each in partitions.items() if each.leader != NO_LEADER]
        listed = await self._admin.offsets.list(dict.fromkeys(led, int(instant)))
        offsets: dict[PartitionKey, int] = {key: offset for key, offset in (before or {}).items() if key in partitions}
        offsets.update({key: told.offset for key, told in listed.items() if isinstance(told, ListedOffset)})
        return offsets

    async def sizes(self, seen: Observation) -> Mapping[tuple[int, str, int], int]:
        """Bytes of each replica by (broker, topic, partition)."""
        sizes: dict[tuple[int, str, int], int] = {}
        for broker_id, directories in (await self._admin.storage.log_directories()).items():
            if isinstance(directories, KafkaError):
                continue
            for replica in (each for directory in directories for each in directory.replicas if not each.future):
                sizes[broker_id, *replica.partition] = replica.size_bytes
        return sizes

    async def offline_directories(self, seen: Observation) -> Mapping[int, tuple[str, ...]]:
        """Only brokers with several directories live on with one that failed, and then say so."""
        return {
            broker_id: offline
            for broker_id, directories in (await self._admin.storage.log_directories([])).items()
            if not isinstance(directories, KafkaError)
            and (offline := tuple(each.path for each in directories if each.error is not None))
        }

    async def min_isr(self, seen: Observation) -> Mapping[str, int]:
        topics = seen.shape.topics if seen.shape else ()
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in topics]
        told = await self._admin.configs.describe(resources, [MIN_ISR]) if resources else {}
        return {
            resource.name: int(entries[0].value or 1)
            for resource, entries in told.items()
            if not isinstance(entries, KafkaError) and entries
        }

    async def groups(self, seen: Observation) -> Mapping[str, Group]:
        listing = await self._admin.groups.all()
        found = {each.group_id: each for each in listing.groups}
        described = await self._admin.groups.describe(list(found)) if found else {}
        committed = await self._admin.offsets.committed(list(found)) if found else {}
        groups: dict[str, Group] = {}
        for group_id, listed in found.items():
            commits = committed.get(group_id, {})
            offsets = {} if isinstance(commits, KafkaError) else commits
            groups[group_id] = _group(listed, described.get(group_id), offsets)
        answering = seen.alive - listing.unavailable.keys()
        return groups if _all_listed(seen, answering) else {**(seen.groups or {}), **groups}


def _all_listed(seen: Observation, answering: frozenset[int]) -> bool:
    """Whether every coordinator there can be has answered; if not, a group that none lists is as it was last seen."""
    offsets = seen.shape.topics.get(OFFSETS_TOPIC) if seen.shape else None
    return offsets is None or all(partition.leader in answering for partition in offsets.partitions)


def _topics(response: MetadataResponse) -> list[Topic]:
    return [topic for told in response.topics if isinstance(topic := topic_of_metadata(told), Topic)]


def _group(
    listed: GroupListing,
    described: GroupDescription | KafkaError | None,
    commits: Mapping[TopicPartition, CommittedOffset | KafkaError],
) -> Group:
    """Groups of other kinds than the classic one are described as Dead: then the listing knows better."""
    told = described if isinstance(described, GroupDescription) and described.state != DEAD else None
    return Group(
        group_id=listed.group_id,
        state=told.state if told else listed.state or "Unknown",
        type=listed.type or "classic",
        protocol_type=listed.protocol_type,
        protocol=told.protocol if told else "",
        coordinator=listed.coordinator,
        members=told.members if told else (),
        described=told is not None,
        committed={key: told.offset for key, told in commits.items() if isinstance(told, CommittedOffset)},
    )
