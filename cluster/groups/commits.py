"""OffsetCommit, OffsetFetch and OffsetDelete: how far a group has read, partition by partition."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from cluster.groups.effects import Barrier, Instant, PendingAppend, Waiter
from cluster.groups.group import Group, check_commit, check_offset_delete
from cluster.groups.offsets import CommittedOffset, Partition
from cluster.groups.rebalance import keep_alive
from cluster.groups.records import offset_record, offset_tombstone
from cluster.groups.state import ShardState
from cluster.protocol.errors import ErrorCode, GroupIdNotFound, IllegalGeneration, InvalidGroupId, KafkaError
from cluster.protocol.messages.commits import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
    OffsetDeleteRequest,
    OffsetDeleteRequestTopic,
    OffsetDeleteResponse,
    OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartition,
    OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
)
from cluster.protocol.primitives import ZERO_UUID, Uuid


@dataclass(slots=True)
class _Draft:
    """A commit as it is being checked: what will be written, and the answers of the partitions that exist."""

    shard: ShardState
    waiter: Waiter
    now: Instant
    commits: list[tuple[str, int, CommittedOffset]] = field(default_factory=list)
    existing: list[OffsetCommitResponsePartition] = field(default_factory=list)

    @property
    def expires_at_ms(self) -> int | None:
        """When the commit expires by the client's own wish."""
        request: OffsetCommitRequest = self.waiter.request
        return self.now.wall_ms + request.retention_time_ms if request.retention_time_ms != -1 else None


def commit(shard: ShardState, waiter: Waiter, now: Instant) -> None:
    """Versions 2 to 4 carry a retention, 6 adds the leader epoch, 7 the instance id, 9 GROUP_ID_NOT_FOUND,
    10 names topics by their id. Topics and partitions that do not exist are refused one by one."""
    request: OffsetCommitRequest = waiter.request
    draft = _Draft(shard, waiter, now)
    answer = OffsetCommitResponse(topics=[_draft_topic(draft, topic) for topic in request.topics])
    if draft.existing:
        try:
            _check_committer(shard, waiter, now)
        except KafkaError as error:
            draft.commits.clear()
            for partition in draft.existing:
                partition.error_code = error.code
    if draft.commits:
        _append_commits(draft, answer)
    else:
        shard.outbox.reply(waiter, answer)


def _draft_topic(draft: _Draft, topic: OffsetCommitRequestTopic) -> OffsetCommitResponseTopic:
    topics = draft.shard.topics
    if draft.waiter.api_version >= 10:
        name, topic_id = topics.topic_name(topic.topic_id), topic.topic_id
        missing = ErrorCode.UNKNOWN_TOPIC_ID
    else:
        name, topic_id = topic.name, topics.topic_id(topic.name) or ZERO_UUID
        missing = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    answers = []
    for partition in topic.partitions:
        answer = OffsetCommitResponsePartition(partition_index=partition.partition_index, error_code=missing)
        if name is not None and topic_id != ZERO_UUID:
            _draft_partition(draft, name, topic_id, partition, answer)
        answers.append(answer)
    return OffsetCommitResponseTopic(name=name or "", topic_id=topic.topic_id, partitions=answers)


def _draft_partition(
    draft: _Draft,
    topic: str,
    topic_id: Uuid,
    partition: OffsetCommitRequestPartition,
    answer: OffsetCommitResponsePartition,
) -> None:
    if not draft.shard.topics.has_partition(topic, partition.partition_index):
        answer.error_code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        return
    draft.existing.append(answer)
    metadata = partition.committed_metadata or ""
    if _utf16_units(metadata) > draft.shard.config.offset_metadata_max_bytes:
        answer.error_code = ErrorCode.OFFSET_METADATA_TOO_LARGE
        return
    answer.error_code = ErrorCode.NONE
    committed = CommittedOffset(
        offset=partition.committed_offset,
        leader_epoch=partition.committed_leader_epoch,
        metadata=metadata,
        committed_at_ms=draft.now.wall_ms,
        expires_at_ms=draft.expires_at_ms,
        topic_id=topic_id,
    )
    draft.commits.append((topic, partition.partition_index, committed))


def _utf16_units(text: str) -> int:
    """The length of a string as Java counts it, and with it `offset.metadata.max.bytes`."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _check_committer(shard: ShardState, waiter: Waiter, now: Instant) -> None:
    """A member's commit counts as a heartbeat. Who is no member may commit where no group is, or an empty one."""
    request: OffsetCommitRequest = waiter.request
    generation = request.generation_id_or_member_epoch
    group = shard.groups.get(request.group_id)
    if group is None:
        if generation >= 0:
            raise GroupIdNotFound if waiter.api_version >= 9 else IllegalGeneration
        return
    member = check_commit(group, request.member_id, request.group_instance_id, generation)
    if member is not None:
        keep_alive(shard, group, member, now)


def _append_commits(draft: _Draft, answer: OffsetCommitResponse) -> None:
    shard, waiter = draft.shard, draft.waiter
    group_id = waiter.request.group_id
    shard.offsets.expect(group_id, [(topic, partition) for topic, partition, _ in draft.commits])
    shard.append(
        [offset_record(group_id, *one) for one in draft.commits],
        PendingAppend(
            applied=partial(_commits_stored, shard, waiter, draft.commits, answer),
            undo=partial(_commits_lost, shard, group_id, draft.commits),
            waiter=waiter,
        ),
        draft.now,
    )


def _commits_stored(
    shard: ShardState,
    waiter: Waiter,
    commits: list[tuple[str, int, CommittedOffset]],
    answer: OffsetCommitResponse,
    now: Instant,
) -> None:
    """A commit where no group is makes one without a protocol, there for its offsets only."""
    group_id = waiter.request.group_id
    shard.offsets.settle(group_id, [(topic, partition) for topic, partition, _ in commits])
    if group_id not in shard.groups:
        shard.create_group(group_id, now)
    for topic, partition, committed in commits:
        shard.offsets.put(group_id, topic, partition, committed)
    shard.outbox.reply(waiter, answer)


def _commits_lost(
    shard: ShardState, group_id: str, commits: list[tuple[str, int, CommittedOffset]], _: ErrorCode, __: Instant
) -> None:
    shard.offsets.settle(group_id, [(topic, partition) for topic, partition, _ in commits])


def fetch(shard: ShardState, waiter: Waiter, now: Instant, *, require_stable: bool) -> None:
    """Version 2 may ask for all topics (null), 7 for stable offsets, 8 for several groups (the driver hands them in
    one by one), 10 names topics by their id. Stable offsets are those that no commit under way will replace."""
    request: OffsetFetchRequestGroup = waiter.request

    def answer(_: Instant) -> None:
        read = _fetch_all if request.topics is None else _fetch_some
        topics = read(shard, request, by_id=waiter.api_version >= 10)
        shard.outbox.reply(waiter, OffsetFetchResponseGroup(group_id=request.group_id, topics=topics))

    if require_stable and shard.offsets.coming(request.group_id):
        shard.outbox.when_settled(Barrier(waiter=waiter, proceed=answer), now)
    else:
        answer(now)


def _fetch_some(shard: ShardState, request: OffsetFetchRequestGroup, *, by_id: bool) -> list[OffsetFetchResponseTopics]:
    """The topics asked for, those that are unknown at the end."""
    offsets = shard.offsets.of_group(request.group_id)
    known: list[OffsetFetchResponseTopics] = []
    unknown: list[OffsetFetchResponseTopics] = []
    for topic in request.topics or ():
        name = shard.topics.topic_name(topic.topic_id) if by_id else topic.name
        answer = OffsetFetchResponseTopics(name=name or "", topic_id=topic.topic_id)
        of_topic = offsets.get(answer.name, {})
        for index in topic.partition_indexes:
            committed = of_topic.get(index)
            if committed is not None and _is_of_another_topic(committed, topic.topic_id):
                committed = None
            code = ErrorCode.NONE if name is not None else ErrorCode.UNKNOWN_TOPIC_ID
            answer.partitions.append(_fetched(index, committed, code))
        (known if name is not None else unknown).append(answer)
    return known + unknown


def _fetch_all(shard: ShardState, request: OffsetFetchRequestGroup, *, by_id: bool) -> list[OffsetFetchResponseTopics]:
    """All that the group has committed. A topic that has no id any more cannot be told to who asks by id."""
    answers = []
    for name, partitions in shard.offsets.of_group(request.group_id).items():
        topic_id = shard.topics.topic_id(name) if by_id else ZERO_UUID
        if topic_id is not None:
            fetched = [_fetched(index, committed, ErrorCode.NONE) for index, committed in partitions.items()]
            answers.append(OffsetFetchResponseTopics(name=name, topic_id=topic_id, partitions=fetched))
    return answers


def _is_of_another_topic(committed: CommittedOffset, topic_id: Uuid) -> bool:
    """Whether the offset was committed for an earlier topic of the same name."""
    return ZERO_UUID not in (committed.topic_id, topic_id) and committed.topic_id != topic_id


def _fetched(index: int, committed: CommittedOffset | None, code: ErrorCode) -> OffsetFetchResponsePartitions:
    if committed is None:
        return OffsetFetchResponsePartitions(partition_index=index, committed_offset=-1, metadata="", error_code=code)
    return OffsetFetchResponsePartitions(
        partition_index=index,
        committed_offset=committed.offset,
        committed_leader_epoch=committed.leader_epoch,
        metadata=committed.metadata,
        error_code=code,
    )


def groups_of_fetch(request: OffsetFetchRequest, api_version: int) -> list[OffsetFetchRequestGroup]:
    """The groups that an OffsetFetch asks for, each for its own coordinator. Before version 8 it is one."""
    if api_version >= 8:
        return request.groups
    topics = None
    if request.topics is not None:
        topics = [
            OffsetFetchRequestTopics(name=topic.name, partition_indexes=topic.partition_indexes)
            for topic in request.topics
        ]
    return [OffsetFetchRequestGroup(group_id=request.group_id, topics=topics)]


def fetch_response(groups: list[OffsetFetchResponseGroup], api_version: int) -> OffsetFetchResponse:
    """The answers of all groups in the shape of this version."""
    if api_version >= 8:
        return OffsetFetchResponse(groups=groups)
    (group,) = groups
    topics = [
        OffsetFetchResponseTopic(
            name=topic.name,
            partitions=[
                OffsetFetchResponsePartition(
                    partition_index=partition.partition_index,
                    committed_offset=partition.committed_offset,
                    committed_leader_epoch=partition.committed_leader_epoch,
                    metadata=partition.metadata,
                    error_code=partition.error_code,
                )
                for partition in topic.partitions
            ],
        )
        for topic in group.topics
    ]
    return OffsetFetchResponse(topics=topics, error_code=group.error_code)


def delete(shard: ShardState, waiter: Waiter, now: Instant) -> None:
    """One version only. Topics that a member consumes keep their offsets."""
    request: OffsetDeleteRequest = waiter.request
    if not request.group_id:
        raise InvalidGroupId
    group = shard.group(request.group_id)
    check_offset_delete(group)
    known = frozenset(shard.offsets.of_group_and_coming(group.group_id))
    doomed: list[Partition] = []
    answer = OffsetDeleteResponse(
        topics=[_delete_topic(shard, group, topic, known, doomed) for topic in request.topics]
    )
    if not doomed:
        shard.outbox.reply(waiter, answer)
        return
    shard.append(
        [offset_tombstone(group.group_id, *one) for one in doomed],
        PendingAppend(applied=partial(_offsets_deleted, shard, waiter, doomed, answer), waiter=waiter),
        now,
    )


def _delete_topic(
    shard: ShardState,
    group: Group,
    topic: OffsetDeleteRequestTopic,
    known: frozenset[Partition],
    doomed: list[Partition],
) -> OffsetDeleteResponseTopic:
    answer = OffsetDeleteResponseTopic(name=topic.name)
    subscribed = group.subscribed_to(topic.name)
    for partition in topic.partitions:
        index = partition.partition_index
        code = ErrorCode.NONE
        if shard.topics.topic_id(topic.name) is None or not shard.topics.has_partition(topic.name, index):
            code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        elif subscribed:
            code = ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC
        elif (topic.name, index) in known:
            doomed.append((topic.name, index))
        answer.partitions.append(OffsetDeleteResponsePartition(partition_index=index, error_code=code))
    return answer


def _offsets_deleted(
    shard: ShardState, waiter: Waiter, doomed: list[Partition], answer: OffsetDeleteResponse, _: Instant
) -> None:
    for topic, partition in doomed:
        shard.offsets.remove(waiter.request.group_id, topic, partition)
    shard.outbox.reply(waiter, answer)
