"""The demo's three topics and the group that reads them."""

import json

from cluster.client.admin import Admin
from cluster.client.admin.topics import NewTopic
from cluster.protocol.errors import KafkaError, TopicAlreadyExists

HOST_METRICS = "demo.host-metrics"
CONSOLE_REQUESTS = "demo.console-requests"
CLUSTER_EVENTS = "demo.cluster-events"
READERS = "demo.readers"

DAY_MS = str(24 * 60 * 60 * 1000)

# Events keep the order of the metadata log, so they have one partition.
TOPICS = (
    NewTopic(name=HOST_METRICS, partitions=6, configs={"retention.ms": DAY_MS}),
    NewTopic(name=CONSOLE_REQUESTS, partitions=3, configs={"retention.ms": DAY_MS}),
    NewTopic(name=CLUSTER_EVENTS, partitions=1),
)


async def create_missing(admin: Admin) -> None:
    """Make the topics that are not there. Raises KafkaError when the cluster refuses one."""
    for outcome in (await admin.topics.create(TOPICS)).values():
        if isinstance(outcome, KafkaError) and not isinstance(outcome, TopicAlreadyExists):
            raise outcome


def as_json(value: object) -> bytes:
    """A record's value, without blanks."""
    return json.dumps(value, separators=(",", ":")).encode()
