"""Consumer groups: which there are, who is in them, removing them and their members."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cluster.client.addresses import TopicPartition
from cluster.client.admin.results import check, refusal
from cluster.client.connection import Connection
from cluster.client.fan_out import ask_every_broker, ask_owners
from cluster.client.routing import Router
from cluster.protocol.errors import KafkaError, ProtocolViolation
from cluster.protocol.messages.consumer_protocol import decode_assignment, decode_subscription
from cluster.protocol.messages.groups import (
    DeleteGroupsRequest,
    DeleteGroupsResponse,
    DescribedGroup,
    DescribedGroupMember,
    DescribeGroupsRequest,
    DescribeGroupsResponse,
    ListGroupsRequest,
    ListGroupsResponse,
)
from cluster.protocol.messages.membership import LeaveGroupRequest, LeaveGroupResponse, MemberIdentity

CONSUMER = "consumer"
STATES_SINCE, TYPES_SINCE = 4, 5
"""The versions of ListGroups that filter by state (KIP-518) and by type (KIP-848)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupListing:
    """`state` and `type` are empty where the broker is too old to tell them."""

    group_id: str
    protocol_type: str
    state: str
    type: str
    coordinator: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupList:
    """Groups by id, and the brokers whose groups are missing because they did not answer."""

    groups: tuple[GroupListing, ...]
    unavailable: Mapping[int, KafkaError]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMember:
    """`topics` and `assignment` are empty when the group is not one of consumers, or cannot be read."""

    member_id: str
    instance_id: str | None
    client_id: str
    host: str
    topics: tuple[str, ...]
    assignment: tuple[TopicPartition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDescription:
    """`state` is `Dead` for a group that does not exist; `protocol` is the chosen assignor."""

    group_id: str
    state: str
    protocol_type: str
    protocol: str
    members: tuple[GroupMember, ...]


@dataclass(frozen=True, slots=True)
class GroupAdmin:
    """Operations on groups. Each raises ConnectionLost or KafkaError when the cluster cannot be asked at all."""

    router: Router

    async def all(self, states: Sequence[str] = (), types: Sequence[str] = ()) -> GroupList:
        """Every group (in these states, of these types), gathered from all brokers."""

        async def ask(connection: Connection) -> ListGroupsResponse:
            version = (await connection.versions()).common(ListGroupsRequest)
            request = ListGroupsRequest(
                states_filter=list(states) if version >= STATES_SINCE else [],
                types_filter=list(types) if version >= TYPES_SINCE else [],
            )
            response: ListGroupsResponse = await connection.send(request, version)
            check(response.error_code)
            return response

        answers = await self.router.retrying(lambda: ask_every_broker(self.router, ask))
        groups = [_listing(broker, answer) for broker, answer in answers.items() if not isinstance(answer, KafkaError)]
        return GroupList(
            groups=tuple(sorted((group for part in groups for group in part), key=lambda group: group.group_id)),
            unavailable={broker: answer for broker, answer in answers.items() if isinstance(answer, KafkaError)},
        )

    async def describe(self, group_ids: Sequence[str]) -> dict[str, GroupDescription | KafkaError]:
        """State and members of each group."""

        async def ask(connection: Connection, part: Sequence[str]) -> Mapping[str, GroupDescription | KafkaError]:
            response: DescribeGroupsResponse = await connection.send(DescribeGroupsRequest(groups=list(part)))
            return {
                told.group_id: refusal(told.error_code, told.error_message) or _description(told)
                for told in response.groups
            }

        return await self.router.retrying(lambda: ask_owners(self.router, group_ids, self.router.coordinators, ask))

    async def delete(self, group_ids: Sequence[str]) -> dict[str, KafkaError | None]:
        """Delete empty groups with their offsets; None for each that is gone."""

        async def ask(connection: Connection, part: Sequence[str]) -> Mapping[str, KafkaError | None]:
            response: DeleteGroupsResponse = await connection.send(DeleteGroupsRequest(groups_names=list(part)))
            return {told.group_id: refusal(told.error_code) for told in response.results}

        return await self.router.retrying(lambda: ask_owners(self.router, group_ids, self.router.coordinators, ask))

    async def remove_members(
        self, group_id: str, member_ids: Sequence[str], reason: str = ""
    ) -> dict[str, KafkaError | None]:
        """Make members leave their group; None for each that left."""
        members = [MemberIdentity(member_id=member_id, reason=reason or None) for member_id in member_ids]

        async def ask() -> dict[str, KafkaError | None]:
            connection = await self.router.coordinator(group_id)
            response: LeaveGroupResponse = await connection.send(LeaveGroupRequest(group_id=group_id, members=members))
            check(response.error_code)
            return {told.member_id: refusal(told.error_code) for told in response.members}

        return await self.router.retrying(ask)


def _listing(broker: int, response: ListGroupsResponse) -> list[GroupListing]:
    return [
        GroupListing(
            group_id=told.group_id,
            protocol_type=told.protocol_type,
            state=told.group_state,
            type=told.group_type,
            coordinator=broker,
        )
        for told in response.groups
    ]


def _description(told: DescribedGroup) -> GroupDescription:
    return GroupDescription(
        group_id=told.group_id,
        state=told.group_state,
        protocol_type=told.protocol_type,
        protocol=told.protocol_data,
        members=tuple(_member(member, told.protocol_type) for member in told.members),
    )


def _member(told: DescribedGroupMember, protocol_type: str) -> GroupMember:
    topics, assignment = _plans(told) if protocol_type == CONSUMER else ((), ())
    return GroupMember(
        member_id=told.member_id,
        instance_id=told.group_instance_id,
        client_id=told.client_id,
        host=told.client_host,
        topics=topics,
        assignment=assignment,
    )


def _plans(told: DescribedGroupMember) -> tuple[tuple[str, ...], tuple[TopicPartition, ...]]:
    """What clients wrote for each other may be anything; what cannot be read is shown as nothing."""
    try:
        topics = tuple(decode_subscription(told.member_metadata).topics)
        assigned = decode_assignment(told.member_assignment).assigned_partitions
    except ProtocolViolation:
        return (), ()
    return topics, tuple(sorted(TopicPartition(part.topic, number) for part in assigned for number in part.partitions))
