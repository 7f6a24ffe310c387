"""Requests of the data path, as clients would send them, and what is in their answers."""

from collections.abc import Iterable
from typing import Any

from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.fetch import FetchPartition, FetchRequest, FetchResponse, FetchTopic, PartitionData
from cluster.protocol.messages.offsets import (
    ListOffsetsPartition,
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsTopic,
)
from cluster.protocol.messages.produce import (
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from cluster.protocol.messages.topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    DeleteTopicsRequest,
    DeleteTopicState,
)
from cluster.protocol.primitives import ZERO_UUID, Uuid
from cluster.protocol.records.batch import batches
from cluster.protocol.records.build import BatchOptions, NewRecord, build_batch
from cluster.protocol.records.iterate import records
from tests.support.nodes import Nodes

ALL, LEADER, NOBODY = -1, 1, 0
TOPIC = "orders"


def batch(*values: bytes, at: int = -1, **options: Any) -> bytearray:
    """One batch of records with these values. `at` is their timestamp; `options` are those of the batch."""
    return build_batch([NewRecord(None, value, at) for value in values], BatchOptions(**options))


def idempotent(*values: bytes, sequence: int, producer: int = 7, epoch: int = 0) -> bytearray:
    """A batch of an idempotent producer."""
    return batch(*values, producer_id=producer, producer_epoch=epoch, base_sequence=sequence)


def produce(
    *values: bytes,
    topic: str = TOPIC,
    index: int = 0,
    acks: int = ALL,
    timeout_ms: int = 5_000,
    records: Any = None,
    topic_id: Uuid = ZERO_UUID,
) -> ProduceRequest:
    """A produce of one batch to one partition."""
    data = PartitionProduceData(index=index, records=records if records is not None else batch(*values))
    topic_data = TopicProduceData(name=topic, topic_id=topic_id, partition_data=[data])
    return ProduceRequest(acks=acks, timeout_ms=timeout_ms, topic_data=[topic_data])


def produced(response: ProduceResponse) -> PartitionProduceResponse:
    """The answer for the one partition."""
    ((result,),) = [topic.partition_responses for topic in response.responses]
    return result


def position(offset: int = 0, index: int = 0, **more: Any) -> FetchPartition:
    """Where a fetch reads from."""
    return FetchPartition(**{"partition": index, "fetch_offset": offset, "partition_max_bytes": 1 << 20, **more})


def fetch(*positions: FetchPartition, topic: str = TOPIC, topic_id: Uuid = ZERO_UUID, **more: Any) -> FetchRequest:
    """A fetch of partitions of one topic; by default one without a session that does not wait."""
    topics = [FetchTopic(topic=topic, topic_id=topic_id, partitions=list(positions))] if positions else []
    return FetchRequest(**{"max_wait_ms": 0, "min_bytes": 1, "max_bytes": 1 << 20, "topics": topics, **more})


def fetched(response: FetchResponse) -> PartitionData:
    """The answer for the one partition."""
    assert response.error_code == ErrorCode.NONE, ErrorCode(response.error_code)
    ((data,),) = [topic.partitions for topic in response.responses]
    return data


def partitions_of(response: FetchResponse) -> dict[int, PartitionData]:
    """The answers by partition index."""
    return {data.partition_index: data for topic in response.responses for data in topic.partitions}


def values_in(data: PartitionData | Any) -> list[bytes]:
    """The values of the records in an answer."""
    return [record.value or b"" for record in _records(data)]


def offsets_in(data: PartitionData) -> list[int]:
    return [record.offset for record in _records(data)]


def _records(data: Any) -> Iterable[Any]:
    content = data.records if isinstance(data, PartitionData) else data
    content = content if not isinstance(content, list) else b"".join(content)
    return [record for one in batches(content or b"") for record in records(one)]


def list_offset(
    timestamp: int, *, topic: str = TOPIC, index: int = 0, epoch: int = -1, replica: int = -1, isolation: int = 0
) -> ListOffsetsRequest:
    asked = ListOffsetsPartition(partition_index=index, timestamp=timestamp, current_leader_epoch=epoch)
    topics = [ListOffsetsTopic(name=topic, partitions=[asked])]
    return ListOffsetsRequest(replica_id=replica, isolation_level=isolation, topics=topics)


def listed(response: Any) -> ListOffsetsPartitionResponse:
    ((answer,),) = [topic.partitions for topic in response.topics]
    return answer


async def create(nodes: Nodes, *replicas: int, topic: str = TOPIC, partitions: int = 1, **configs: str) -> Uuid:
    """Create a topic whose partitions all live on these brokers, the first of them leading; wait until all know."""
    wanted = CreatableTopic(
        name=topic,
        num_partitions=-1,
        replication_factor=-1,
        assignments=[
            CreatableReplicaAssignment(partition_index=index, broker_ids=list(replicas)) for index in range(partitions)
        ],
        configs=[CreatableTopicConfig(name=name.replace("_", "."), value=value) for name, value in configs.items()],
    )
    broker = next(iter(nodes.nodes))
    response = await nodes.ask(broker, CreateTopicsRequest(topics=[wanted], timeout_ms=5_000))
    (result,) = response.topics
    assert result.error_code == ErrorCode.NONE, (ErrorCode(result.error_code), result.error_message)
    await nodes.until(
        lambda: (
            all(topic in nodes.state(i).topics for i in nodes.nodes)
            and all(nodes[i].parts.replicas.get(topic, partitions - 1) for i in replicas if i in nodes.nodes)
        ),
        f"every broker knows {topic}",
    )
    return Uuid(result.topic_id)


async def delete(nodes: Nodes, topic: str = TOPIC) -> None:
    """Delete a topic; wait until all brokers know."""
    broker = next(iter(nodes.nodes))
    asked = DeleteTopicsRequest(topics=[DeleteTopicState(name=topic)], topic_names=[topic], timeout_ms=5_000)
    response = await nodes.ask(broker, asked)
    assert [result.error_code for result in response.responses] == [ErrorCode.NONE]
    await nodes.until(lambda: all(topic not in nodes.state(i).topics for i in nodes.nodes), f"nobody knows {topic}")


def error(answer: Any) -> ErrorCode:
    return ErrorCode(answer.error_code)


BY_NAME = {ProduceRequest: 12, FetchRequest: 12}
"""The last versions that name topics by their names."""


async def put(nodes: Nodes, broker: int, *values: bytes, **more: Any) -> PartitionProduceResponse:
    """Produce one batch to one partition through this broker."""
    return produced(await nodes.ask(broker, produce(*values, **more), BY_NAME[ProduceRequest]))


async def get(nodes: Nodes, broker: int, *positions: FetchPartition, **more: Any) -> FetchResponse:
    """Fetch from this broker."""
    return await nodes.ask(broker, fetch(*positions, **more), BY_NAME[FetchRequest])
