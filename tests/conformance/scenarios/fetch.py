"""Fetch: offsets, epochs, sizes, sessions."""

from typing import Any

from cluster.protocol.messages.fetch import (
    FetchableTopicResponse,
    FetchPartition,
    FetchRequest,
    FetchResponse,
    FetchTopic,
    ForgottenTopic,
)
from tests.conformance.batches import good
from tests.conformance.recorder import Peer, until
from tests.conformance.scenarios.produce import produced

ENTIRE = 1 << 20


def fetched(peer: Peer, topic: str, offset: int, *, partition: int = 0, **fields: Any) -> FetchTopic:
    """One partition from this offset; all of it unless `partition_max_bytes` says otherwise."""
    wanted = {"partition_max_bytes": ENTIRE, **fields}
    partitions = [FetchPartition(partition=partition, fetch_offset=offset, **wanted)]
    return FetchTopic(topic=topic, topic_id=peer.topic_id(topic), partitions=partitions)


def sessionless(*topics: FetchTopic, **fields: Any) -> FetchRequest:
    return FetchRequest(**{"max_bytes": ENTIRE, "min_bytes": 0, "max_wait_ms": 100, "topics": list(topics), **fields})


async def fetch(peer: Peer) -> None:
    topic, empty = await peer.create("full", 3), await peer.create("empty")
    for count in (1, 5, 10):
        await peer.ask("filled", produced(peer, topic, good(count)))
    at_follower = sessionless(fetched(peer, topic, 0))
    await until(
        lambda: peer.quietly(at_follower, broker=2),
        lambda answer: answer.responses[0].partitions[0].high_watermark == 16,
    )
    for offset in (0, 1, 3, 6, 15, 16, 17, -1, -2, 2**62):
        await peer.ask_in_every_version(f"from {offset}", lambda _, at=offset: sessionless(fetched(peer, topic, at)))
    await peer.ask_in_every_version("empty", lambda _: sessionless(fetched(peer, empty, 0)))
    await peer.ask_in_every_version("read committed", lambda _: sessionless(fetched(peer, topic, 0), isolation_level=1))
    await peer.ask_in_every_version("not the leader", lambda _: sessionless(fetched(peer, topic, 0, partition=1)))
    await peer.ask_in_every_version("at a follower", lambda _: sessionless(fetched(peer, topic, 0)), broker=2)
    await peer.ask_in_every_version("unknown partition", lambda _: sessionless(fetched(peer, topic, 0, partition=9)))
    gone = peer.called("gone")
    await peer.ask_in_every_version("unknown topic", lambda _: sessionless(fetched(peer, gone, 0)))
    for epoch in (0, 1, 5, -1, -2):
        for version in (9, 12, 18):
            request = sessionless(fetched(peer, topic, 0, current_leader_epoch=epoch))
            await peer.ask(f"leader epoch {epoch}", request, version)
            await peer.ask(f"leader epoch {epoch} at a follower", request, version, broker=2)
    for epoch, offset in ((0, 3), (0, 16), (1, 3), (5, 3), (-1, 3), (0, 99)):
        for version in (12, 18):
            request = sessionless(fetched(peer, topic, offset, last_fetched_epoch=epoch))
            await peer.ask(f"last fetched epoch {epoch} at {offset}", request, version)
    for most in (0, 1, 100, 150, 250, 10_000):
        await peer.ask(f"at most {most}", sessionless(fetched(peer, topic, 0), max_bytes=most))
        await peer.ask(
            f"at most {most} of the partition", sessionless(fetched(peer, topic, 0, partition_max_bytes=most))
        )
        both = sessionless(fetched(peer, empty, 0), fetched(peer, topic, 1), fetched(peer, topic, 0), max_bytes=most)
        await peer.ask(f"at most {most} of several", both)
    for least in (-1, 1, 100, 100_000):
        await peer.ask(f"at least {least}", sessionless(fetched(peer, topic, 0), min_bytes=least))
    await peer.ask("at least 1 of nothing", sessionless(fetched(peer, empty, 0), min_bytes=1))
    await peer.ask("no wait", sessionless(fetched(peer, empty, 0), min_bytes=1, max_wait_ms=0))
    await peer.ask("negative wait", sessionless(fetched(peer, empty, 0), min_bytes=1, max_wait_ms=-1))
    await peer.ask("no topics", sessionless())
    twice = sessionless(fetched(peer, topic, 0), fetched(peer, topic, 6))
    await peer.ask("one partition twice", twice)
    await peer.ask("wrong cluster", sessionless(fetched(peer, topic, 0), cluster_id="another"))
    for replica in (2, -2):
        await peer.ask(f"as replica {replica}", sessionless(fetched(peer, empty, 0), replica_id=replica), 12)


async def fetch_sessions(peer: Peer) -> None:
    for version in (7, 11, 12, 13, 18):
        topic, other = await peer.create(f"one{version}"), await peer.create(f"two{version}")
        await _session(peer, topic, other, version)


def each_topic_once(answer: FetchResponse) -> FetchResponse:
    """Kafka begins a topic anew where another came in between."""
    merged: dict[tuple[str, bytes], FetchableTopicResponse] = {}
    for topic in answer.responses:
        known = merged.setdefault((topic.topic, topic.topic_id), topic)
        if known is not topic:
            known.partitions += topic.partitions
    answer.responses = list(merged.values())
    return answer


async def _session(peer: Peer, topic: str, other: str, version: int) -> None:
    async def ask(label: str, session: int, epoch: int, *topics: FetchTopic, **fields: Any) -> Any:
        request = sessionless(*topics, session_id=session, session_epoch=epoch, **fields)
        return await peer.ask(label, request, version, shown=each_topic_once)

    await ask("unknown session", 12345, 1)
    await ask("unknown session, epoch 0", 12345, 0, fetched(peer, topic, 0))
    await ask("unknown session, epoch -1", 12345, -1, fetched(peer, topic, 0))
    await ask("session 0, epoch 5", 0, 5, fetched(peer, topic, 0))
    await ask("empty new session", 0, 0)
    opened = await ask("new", 0, 0, fetched(peer, topic, 0), fetched(peer, other, 0))
    session = opened.session_id
    await ask("nothing new", session, 1)
    await ask("the same epoch again", session, 1)
    await ask("an epoch too far", session, 9)
    await peer.ask("filled", produced(peer, topic, good(2)), 9)
    await ask("something new", session, 2)
    await ask("unmoved offset", session, 3)
    await ask("moved", session, 4, fetched(peer, topic, 2))
    await ask("nothing again", session, 5)
    forgotten = ForgottenTopic(topic=topic, topic_id=peer.topic_id(topic), partitions=[0])
    await ask("forgotten", session, 6, forgotten_topics_data=[forgotten])
    await peer.ask("filled", produced(peer, topic, good(2)), 9)
    await ask("of the forgotten nothing", session, 7)
    await ask("added with an error", session, 8, fetched(peer, topic, 99, partition=0))
    await ask("the error again", session, 9)
    await ask("unknown partition added", session, 10, fetched(peer, topic, 0, partition=4))
    await ask("unknown topic added", session, 11, fetched(peer, peer.called("gone"), 0))
    await ask("and again", session, 12)
    never = ForgottenTopic(topic=other, topic_id=peer.topic_id(other), partitions=[3])
    await ask("forget what was never there", session, 13, forgotten_topics_data=[never])
    await ask("closed", session, -1)
    await ask("gone on after the close", session, 14)
