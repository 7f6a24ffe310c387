"""Topics that are deleted and made again under the same name: what still goes by the old id, session or commit."""

from typing import Any

from cluster.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic
from cluster.protocol.messages.topics import DeleteTopicsRequest, DeleteTopicState
from cluster.protocol.primitives import Uuid
from tests.conformance.batches import good
from tests.conformance.recorder import Peer, until
from tests.conformance.scenarios.commits import committing, fetching
from tests.conformance.scenarios.fetch import fetched, sessionless
from tests.conformance.scenarios.offsets import LATEST, deleted, listed
from tests.conformance.scenarios.produce import produced

NONE_COMMITTED = -1


async def recreated_topics(peer: Peer) -> None:
    await peer.offsets_topic()
    topic = await peer.create("again")
    group = peer.called("reader")
    at = await peer.coordinator(group)
    await peer.ask("filled", produced(peer, topic, good(5)))
    await peer.ask("committed", committing(peer, group, topic, 3), broker=at)
    opened = await peer.ask("session", sessionless(fetched(peer, topic, 0), session_id=0, session_epoch=0))
    by_name = await peer.ask("session by name", sessionless(fetched(peer, topic, 0), session_id=0, session_epoch=0), 12)
    old = peer.topic_id(topic)
    await peer.ask("deleted", DeleteTopicsRequest(topics=[DeleteTopicState(name=topic)], timeout_ms=10_000))
    await peer.forgotten(topic)
    await _by_id(peer, "gone", topic, old)
    await peer.ask("gone from the session", sessionless(session_id=opened.session_id, session_epoch=1))
    await peer.ask("gone from the session by name", sessionless(session_id=by_name.session_id, session_epoch=1), 12)
    await until(
        lambda: peer.quietly(fetching(peer, 9, group, topic), 9, broker=at),
        lambda answer: answer.groups[0].topics[0].partitions[0].committed_offset == NONE_COMMITTED,
    )
    await peer.ask("all commits", fetching(peer, 9, group), 9, broker=at)

    await peer.create("again")
    await _by_id(peer, "made again", topic, old)
    await peer.ask("commits of the new", fetching(peer, 10, group, topic), broker=at)
    await peer.ask("the new by name", produced(peer, topic, good()), 12)
    await peer.ask("end of the new", listed(topic, LATEST))
    await peer.ask("the new in the old session", sessionless(session_id=opened.session_id, session_epoch=2))
    await peer.ask("the new in the session by name", sessionless(session_id=by_name.session_id, session_epoch=2), 12)
    await peer.ask("up to the end of the old", deleted(topic, 5))


async def _by_id(peer: Peer, label: str, topic: str, old: Uuid) -> None:
    """What a client does that still knows the old id."""
    new = peer.topic_ids[topic]
    peer.topic_ids[topic] = old
    group = peer.called("late")
    at = await peer.coordinator(group)
    asked: dict[str, tuple[Any, int]] = {
        "produce": (produced(peer, topic, good()), 1),
        "fetch": (sessionless(fetched(peer, topic, 0)), 1),
        "commit": (committing(peer, group, topic, 1), at),
        "read": (fetching(peer, 10, group, topic), at),
        "metadata": (MetadataRequest(topics=[MetadataRequestTopic(topic_id=old, name=None)]), 1),
        "delete": (DeleteTopicsRequest(topics=[DeleteTopicState(name=None, topic_id=old)], timeout_ms=10_000), 1),
    }
    for name, (request, broker) in asked.items():
        await peer.ask(f"{label}: {name} by the old id", request, broker=broker)
    peer.topic_ids[topic] = new
