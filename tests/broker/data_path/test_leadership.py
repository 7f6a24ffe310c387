"""One led partition by itself: the high watermark, who is in sync, what is proposed, who is told when it ends."""

from dataclasses import replace
from pathlib import Path

import pytest

from cluster.broker.partitions.followers import Position
from cluster.broker.partitions.isr import InSyncReplicas
from cluster.broker.partitions.leadership import Leadership
from cluster.broker.partitions.partition import Partition
from cluster.log.files import RealFiles
from cluster.protocol.errors import (
    ErrorCode,
    FencedLeaderEpoch,
    NotEnoughReplicas,
    NotLeaderOrFollower,
    UnknownLeaderEpoch,
)
from tests.broker.data_path.hosting import LED, MAX_LAG_MS, Host, append, fetches
from tests.log.support import open_log

# -- the high watermark


def test_it_is_what_all_in_sync_replicas_have(partition: Partition) -> None:
    append(partition, 3)
    fetches(partition, 2, 3)
    assert partition.log.high_watermark == 0
    fetches(partition, 3, 1)
    assert partition.log.high_watermark == 1
    fetches(partition, 3, 3)
    assert partition.log.high_watermark == 3


def test_it_never_goes_back(partition: Partition) -> None:
    append(partition, 2)
    for broker in (2, 3):
        fetches(partition, broker, 2)
    fetches(partition, 2, 0)
    assert partition.log.high_watermark == 2


def test_it_stands_while_fewer_than_the_minimum_are_in_sync(partition: Partition) -> None:
    append(partition)
    partition.lead(replace(LED, isr=(1,), partition_epoch=10), min_isr=2)
    assert partition.log.high_watermark == 0
    partition.lead(replace(LED, isr=(1,), partition_epoch=10), min_isr=1)
    assert partition.log.high_watermark == 1


def test_the_minimum_is_bounded_by_the_number_of_replicas(partition: Partition) -> None:
    partition.lead(replace(LED, replicas=(1,), isr=(1,), partition_epoch=10), min_isr=3)
    append(partition)
    assert partition.log.high_watermark == 1


def test_an_open_shrink_still_counts_those_who_are_to_leave(partition: Partition, host: Host) -> None:
    append(partition)
    fetches(partition, 2, 1)
    host.peers.clock_ms += MAX_LAG_MS + 1
    fetches(partition, 2, 1)
    partition.review()
    assert host.proposals == [(1, 2)]
    assert partition.log.high_watermark == 0
    partition.lead(replace(LED, isr=(1, 2), partition_epoch=10), min_isr=2)
    assert partition.log.high_watermark == 1


def test_an_open_expansion_counts_those_who_are_to_come(partition: Partition, host: Host) -> None:
    partition.lead(replace(LED, isr=(1, 2), partition_epoch=10), min_isr=2)
    append(partition)
    fetches(partition, 3, 1)
    assert host.proposals == [(1, 2, 3)]
    append(partition)
    fetches(partition, 2, 2)
    host.peers.clock_ms += 10 * MAX_LAG_MS
    partition.reconsider()
    assert partition.log.high_watermark == 1
    fetches(partition, 3, 2)
    assert partition.log.high_watermark == 2


def test_it_waits_for_a_follower_that_keeps_up_but_is_not_in_sync_yet(partition: Partition, host: Host) -> None:
    partition.lead(replace(LED, isr=(1, 2), leader_epoch=5, partition_epoch=10), min_isr=2)
    append(partition, 2)
    fetches(partition, 2, 2)
    fetches(partition, 3, 0)
    append(partition)
    fetches(partition, 2, 3)
    assert partition.log.high_watermark == 3, "3 has never had everything"
    fetches(partition, 3, 3)
    partition.led().isr = partition.led().isr.reset()
    append(partition)
    fetches(partition, 2, 4)
    assert partition.log.high_watermark == 3, "3 had everything a moment ago"
    host.peers.clock_ms += MAX_LAG_MS + 1
    partition.reconsider()
    assert partition.log.high_watermark == 4, "3 has stopped"


def test_it_waits_for_no_follower_that_is_fenced(partition: Partition, host: Host) -> None:
    partition.lead(replace(LED, isr=(1, 2), partition_epoch=10), min_isr=2)
    fetches(partition, 3, 0)
    append(partition)
    host.know(b1=11, b2=12)
    partition.led().isr = partition.led().isr.reset()
    fetches(partition, 2, 1)
    assert partition.log.high_watermark == 1


# -- in-sync replicas


def test_one_that_has_caught_up_is_proposed_with_the_epoch_of_its_fetch(partition: Partition, host: Host) -> None:
    partition.lead(replace(LED, isr=(1,), partition_epoch=10), min_isr=1)
    append(partition, 2)
    fetches(partition, 2, 1)
    assert host.proposals == []
    fetches(partition, 2, 2)
    proposal = partition.led().isr.proposal
    assert proposal is not None
    assert (proposal.isr, proposal.broker_epochs, proposal.partition_epoch) == ((1, 2), (-1, 12), 10)


def test_an_earlier_incarnation_is_not_proposed(partition: Partition, host: Host) -> None:
    partition.lead(replace(LED, isr=(1,), partition_epoch=10), min_isr=1)
    host.know(b1=11, b2=11, b3=13)
    fetches(partition, 2, 0, epoch=12)
    assert host.proposals == []


def test_one_must_reach_the_beginning_of_the_leaders_epoch(tmp_path: Path, host: Host) -> None:
    log = open_log(RealFiles(), folder=str(tmp_path / "orders-0"))
    partition = Partition("orders", 0, log, host)
    partition.lead(replace(LED, isr=(1,), leader_epoch=1), min_isr=1)
    append(partition, 3, acks=1)
    log.high_watermark = 0
    partition.lead(replace(LED, isr=(1, 3), leader_epoch=2, partition_epoch=10), min_isr=1)
    fetches(partition, 2, 2)
    assert host.proposals == []
    fetches(partition, 2, 3)
    assert host.proposals == [(1, 3, 2)]


def test_those_who_fell_behind_are_to_leave(partition: Partition, host: Host) -> None:
    append(partition)
    fetches(partition, 2, 1)
    partition.review()
    assert host.proposals == []
    host.peers.clock_ms += MAX_LAG_MS + 1
    partition.review()
    assert host.proposals == [(1, 2)], "2 has everything, however long ago it showed that"


def test_one_that_follows_a_growing_log_keeps_up(partition: Partition, host: Host) -> None:
    for offset in range(1, 30):
        append(partition)
        for broker in (2, 3):
            fetches(partition, broker, offset - 1)
        host.peers.clock_ms += MAX_LAG_MS / 4
    partition.review()
    assert host.proposals == []


def test_only_one_proposal_is_open_at_a_time(partition: Partition, host: Host) -> None:
    partition.lead(replace(LED, isr=(1,), partition_epoch=10), min_isr=1)
    fetches(partition, 2, 0)
    fetches(partition, 3, 0)
    partition.review()
    assert host.proposals == [(1, 2)]


def test_the_log_decides_over_an_open_proposal_unless_it_is_older() -> None:
    isr = InSyncReplicas(committed=(1,), partition_epoch=5).propose((1, 2), (-1, 12))
    assert isr.maximal == (1, 2)
    assert isr.commit((1, 3), 5) is isr
    assert isr.commit((1, 3), 6) == InSyncReplicas(committed=(1, 3), partition_epoch=6)
    assert isr.reset() == InSyncReplicas(committed=(1,), partition_epoch=5)


# -- who asks


def test_epochs_of_those_who_ask(partition: Partition) -> None:
    partition.check_epoch(-1)
    partition.check_epoch(4)
    with pytest.raises(FencedLeaderEpoch):
        partition.check_epoch(3)
    with pytest.raises(UnknownLeaderEpoch):
        partition.check_epoch(5)


def test_followers_that_are_none(partition: Partition) -> None:
    with pytest.raises(UnknownLeaderEpoch):
        partition.led().follower(7, 1)
    with pytest.raises(NotLeaderOrFollower):
        partition.led().follower(2, 11)
    assert partition.led().follower(2, -1).broker_id == 2


def test_too_few_in_sync_refuse_acks_all_only(partition: Partition) -> None:
    partition.lead(replace(LED, isr=(1,), partition_epoch=10), min_isr=2)
    with pytest.raises(NotEnoughReplicas):
        append(partition)
    append(partition, acks=1)
    assert partition.log.log_end_offset == 1


# -- the end


def test_those_who_wait_are_told_when_another_leads(partition: Partition) -> None:
    append(partition)
    told: list[ErrorCode] = []
    partition.wait_for(1, told.append)
    partition.led().low_waits.add(1, told.append)
    partition.follow(replace(LED, leader=2, leader_epoch=5, partition_epoch=10))
    assert told == [ErrorCode.NOT_LEADER_OR_FOLLOWER] * 2
    with pytest.raises(NotLeaderOrFollower):
        append(partition)


def test_a_new_epoch_of_the_same_leader_begins_at_its_end_and_knows_nothing_of_its_followers(
    partition: Partition,
) -> None:
    append(partition, 2)
    fetches(partition, 2, 2)
    told: list[ErrorCode] = []
    partition.wait_for(2, told.append)
    assert partition.lead(replace(LED, leader_epoch=5, partition_epoch=10), min_isr=2)
    assert told == [ErrorCode.NOT_LEADER_OR_FOLLOWER]
    leadership: Leadership = partition.led()
    assert (leadership.start_offset, leadership.followers[2].log_end_offset) == (2, -1)
    assert partition.log.epochs.entries == [(4, 0), (5, 2)]
    assert not leadership.settled()


def test_the_same_epoch_again_keeps_what_is_known(partition: Partition) -> None:
    append(partition, 2)
    fetches(partition, 2, 2)
    assert not partition.lead(replace(LED, isr=(1, 2), partition_epoch=10), min_isr=2)
    assert partition.led().followers[2].log_end_offset == 2
    assert partition.log.high_watermark == 2


def test_the_lowest_start_among_the_living_is_the_low_watermark(partition: Partition, host: Host) -> None:
    append(partition, 3)
    for broker in (2, 3):
        fetches(partition, broker, 3)
    told: list[ErrorCode] = []
    partition.log.advance_log_start(2)
    leadership = partition.led()
    leadership.low_waits.add(2, told.append)
    leadership.settle_low_watermark()
    assert (leadership.low_watermark(), told) == (0, [])
    partition.follower_fetched(leadership.follower(2, 12), Position(12, 3, 2))
    assert told == []
    host.know(b1=11, b2=12)
    partition.reconsider()
    assert told == [ErrorCode.NONE]
