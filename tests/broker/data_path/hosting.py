"""A led partition without a node around it: a host that remembers, a clock that the test turns."""

from pathlib import Path

from cluster.broker.partitions.followers import Position
from cluster.broker.partitions.partition import Partition
from cluster.broker.partitions.peers import Peers
from cluster.controller.state import BrokerState, ClusterState, PartitionState
from cluster.log.files import RealFiles
from cluster.protocol.primitives import Uuid
from tests.broker.data_path.requests import batch
from tests.log.support import NOW, open_log

LED = PartitionState(replicas=(1, 2, 3), isr=(1, 2, 3), leader=1, leader_epoch=4, partition_epoch=9)
MAX_LAG_MS = 1_000


class TimedPeers(Peers):
    """Peers whose clock the test turns."""

    def __init__(self) -> None:
        super().__init__(1, MAX_LAG_MS)
        self.clock_ms = 100_000.0

    def now_ms(self) -> float:
        return self.clock_ms


class Host:
    """A broker that only remembers what its partition wants."""

    def __init__(self) -> None:
        self.peers = TimedPeers()
        self.proposals: list[tuple[int, ...]] = []

    def propose(self, partition: Partition) -> None:
        proposal = partition.led().isr.proposal
        assert proposal is not None
        self.proposals.append(proposal.isr)

    def know(self, **epochs: int) -> None:
        """Brokers `b1`, `b2` … are registered with these epochs; one that is not named is fenced."""
        known = {
            i: BrokerState(
                id=i, epoch=epochs.get(f"b{i}", 0), incarnation=Uuid(bytes(16)), host="", port=0,
                fenced=f"b{i}" not in epochs,
            )
            for i in (1, 2, 3)
        }  # fmt: skip
        self.peers.follow(ClusterState(cluster_id="a", brokers=known))


def host_of_three() -> Host:
    """The host on broker 1, which knows brokers 1 to 3 with the epochs 11 to 13."""
    made = Host()
    made.know(b1=11, b2=12, b3=13)
    return made


def led_by_1(host: Host, folder: Path) -> Partition:
    """Led by broker 1 with 2 and 3 in sync and min ISR 2; nothing in it."""
    led = Partition("orders", 0, open_log(RealFiles(), folder=str(folder / "orders-0")), host)
    led.lead(LED, min_isr=2)
    return led


def append(partition: Partition, count: int = 1, acks: int = -1) -> None:
    for _ in range(count):
        partition.append(memoryview(batch(b"a", at=NOW)), acks, NOW)


def fetches(partition: Partition, broker: int, offset: int, epoch: int | None = None) -> None:
    epoch = 10 + broker if epoch is None else epoch
    follower = partition.led().follower(broker, epoch)
    partition.follower_fetched(follower, Position(epoch, offset, 0))
