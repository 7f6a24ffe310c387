"""DeleteTopics, CreatePartitions, ElectLeaders; timeouts."""

from cluster.protocol.messages.topics import (
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsTopic,
    CreateTopicsRequest,
    DeleteTopicsRequest,
    DeleteTopicState,
    ElectLeadersRequest,
    ElectLeadersResponse,
    ReplicaElectionResult,
    TopicPartitions,
)
from tests.conformance.recorder import UNKNOWN_ID, Peer
from tests.conformance.scenarios.creation import creatable


async def hurried_topics(peer: Peer) -> None:
    """Timeouts that are over before anything has begun."""
    for timeout in (0, -1):
        name = peer.called(f"made-{timeout}")
        request = CreateTopicsRequest(topics=[creatable(name)], timeout_ms=timeout)
        await peer.ask(f"created within {timeout}", request, shown=lambda answer: answer.topics[0].error_code)
        topic = await peer.create(f"there-{timeout}")
        grown = [CreatePartitionsTopic(name=topic, count=3, assignments=None)]
        await peer.ask(f"grown within {timeout}", CreatePartitionsRequest(topics=grown, timeout_ms=timeout))
        elected = [TopicPartitions(topic=topic, partitions=[0])]
        await peer.ask(f"elected within {timeout}", ElectLeadersRequest(topic_partitions=elected, timeout_ms=timeout))
        gone = [DeleteTopicState(name=topic)]
        await peer.ask(f"deleted within {timeout}", DeleteTopicsRequest(topics=gone, timeout_ms=timeout))


async def delete_topics(peer: Peer) -> None:
    for version in range(1, 6):
        topic = await peer.create(f"old-{version}")
        await peer.ask("by name", DeleteTopicsRequest(topic_names=[topic], timeout_ms=10_000), version)
        await peer.forgotten(topic)
        await peer.ask("again", DeleteTopicsRequest(topic_names=[topic], timeout_ms=10_000), version)

    async def ask(label: str, *topics: DeleteTopicState) -> None:
        await peer.ask(label, DeleteTopicsRequest(topics=list(topics), timeout_ms=10_000))

    named, by_id = await peer.create("named"), await peer.create("by-id")
    await ask("by name", DeleteTopicState(name=named))
    await ask("by id", DeleteTopicState(name=None, topic_id=peer.topic_id(by_id)))
    await peer.forgotten(by_id)
    await ask("by the same id", DeleteTopicState(name=None, topic_id=peer.topic_id(by_id)))
    await ask("unknown name", DeleteTopicState(name=peer.called("gone")))
    await ask("unknown id", DeleteTopicState(name=None, topic_id=UNKNOWN_ID))
    await ask("neither", DeleteTopicState(name=None))
    kept = await peer.create("kept")
    await ask("both", DeleteTopicState(name=kept, topic_id=peer.topic_id(kept)))
    twice = DeleteTopicState(name=kept)
    await ask("name twice", twice, DeleteTopicState(name=kept))
    same_id = DeleteTopicState(name=None, topic_id=peer.topic_id(kept))
    await ask("id twice", same_id, DeleteTopicState(name=None, topic_id=peer.topic_id(kept)))
    await ask("name and id of one", DeleteTopicState(name=kept), same_id)
    await ask("bad name", DeleteTopicState(name="a b"), DeleteTopicState(name=""))
    await ask("nothing")
    other = await peer.create("other")
    await ask("one of two", DeleteTopicState(name=other), DeleteTopicState(name=peer.called("gone")))


async def create_partitions(peer: Peer) -> None:
    async def ask(label: str, *topics: CreatePartitionsTopic, validate_only: bool = False) -> None:
        request = CreatePartitionsRequest(topics=list(topics), timeout_ms=10_000, validate_only=validate_only)
        await peer.ask(label, request)

    def grown(name: str, count: int, *replicas: list[int]) -> CreatePartitionsTopic:
        wanted = [CreatePartitionsAssignment(broker_ids=ids) for ids in replicas] if replicas else None
        return CreatePartitionsTopic(name=name, count=count, assignments=wanted)

    await peer.offsets_topic()
    topic = await peer.create("grows")
    for version in range(4):
        request = CreatePartitionsRequest(topics=[grown(topic, version + 2)], timeout_ms=10_000)
        await peer.ask("one more", request, version)
        await peer.ask("the same again", request, version)
    for count in (5, 4, 0, -1):
        await ask(f"to {count}", grown(topic, count))
    await ask("validated", grown(topic, 9), validate_only=True)
    await ask("unknown topic", grown(peer.called("gone"), 3))
    await ask("bad name", grown("a b", 3), grown("", 3))
    await ask("twice", grown(topic, 7), grown(topic, 8))
    await ask("internal", grown("__consumer_offsets", 3))
    await ask("too few assignments", grown(topic, 8, [1, 2, 3]))
    await ask("too many assignments", grown(topic, 6, [1, 2, 3], [2, 3, 1]))
    await ask("unknown broker", grown(topic, 6, [1, 2, 9]))
    await ask("broker twice", grown(topic, 6, [1, 1, 2]))
    await ask("another replication factor", grown(topic, 6, [1, 2]))
    await ask("different replication factors", grown(topic, 7, [1, 2, 3], [1, 2]))
    await ask("no replicas", grown(topic, 6, []))
    empty = grown(topic, 6)
    empty.assignments = []
    await ask("empty assignments", empty, validate_only=True)
    await ask("assigned by hand", grown(topic, 6, [3, 2, 1]))
    await ask("nothing")


async def elect_leaders(peer: Peer) -> None:
    topic = await peer.create("led", 3)
    for version in range(3):
        for kind in (0, 1) if version else (0,):
            for name, index in ((topic, [0, 1]), (topic, [7]), (peer.called("gone"), [0]), ("a b", [0])):
                asked = [TopicPartitions(topic=name, partitions=index)]
                request = ElectLeadersRequest(election_type=kind, topic_partitions=asked, timeout_ms=5000)
                await peer.ask(f"type {kind} {name.removeprefix(peer.run)} {index}", request, version)
    for kind in (2, -1):
        asked = [TopicPartitions(topic=topic, partitions=[0])]
        await peer.ask(f"type {kind}", ElectLeadersRequest(election_type=kind, topic_partitions=asked, timeout_ms=5000))
    await peer.ask("nothing", ElectLeadersRequest(topic_partitions=[], timeout_ms=5000))
    everything = ElectLeadersRequest(topic_partitions=None, timeout_ms=5000)
    await peer.ask("everything", everything, shown=lambda answer: (answer.error_code, _about(topic, answer)))


def _about(topic: str, answer: ElectLeadersResponse) -> list[ReplicaElectionResult]:
    return [result for result in answer.replica_election_results if result.topic == topic]
