"""DescribeLogDirs."""

from cluster.protocol.messages.storage import DescribableLogDirTopic, DescribeLogDirsRequest, DescribeLogDirsResponse
from tests.conformance.batches import good
from tests.conformance.recorder import Peer
from tests.conformance.scenarios.produce import produced


def _whole_sizes(answer: DescribeLogDirsResponse) -> DescribeLogDirsResponse:
    """Of a disk's size only that it is known."""
    for directory in answer.results:
        directory.total_bytes, directory.usable_bytes = min(directory.total_bytes, 1), min(directory.usable_bytes, 1)
    return answer


async def log_dirs(peer: Peer) -> None:
    topic = await peer.create("filled", 2)
    await peer.ask("filled", produced(peer, topic, good(3)))
    gone = peer.called("gone")
    for label, name, indexes in (
        ("known", topic, [0, 1]),
        ("unknown partition", topic, [7]),
        ("unknown topic", gone, [0]),
        ("no partitions", topic, []),
        ("bad name", "a b", [0]),
    ):
        asked = [DescribableLogDirTopic(topic=name, partitions=indexes)]
        await peer.ask_in_every_version(label, lambda _, t=asked: DescribeLogDirsRequest(topics=t), shown=_whole_sizes)

    def own(answer: DescribeLogDirsResponse) -> DescribeLogDirsResponse:
        for directory in _whole_sizes(answer).results:
            directory.topics = [topic for topic in directory.topics if topic.name.startswith(peer.called(""))]
        return answer

    await peer.ask_in_every_version("everything", lambda _: DescribeLogDirsRequest(topics=None), shown=own)
    await peer.ask("no topics", DescribeLogDirsRequest(topics=[]), shown=_whole_sizes)
