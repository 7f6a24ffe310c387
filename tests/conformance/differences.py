"""The differences from Apache Kafka that are meant, each with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.conformance.compare import MISSING, Difference
from tests.conformance.plain import A_TEXT


@dataclass(frozen=True, slots=True)
class Meant:
    """Differences of an API whose label and field match these patterns."""

    api: str
    field: str
    reason: str
    label: str = "*"
    ours: str = "*"

    def covers(self, difference: Difference) -> bool:
        return (
            fnmatchcase(difference.api, self.api)
            and fnmatchcase(difference.field, self.field)
            and fnmatchcase(difference.label, self.label)
            and fnmatchcase(str(difference.ours), self.ours)
        )


FAILS_INSIDE = "Kafka fails inside (UNKNOWN_SERVER_ERROR, or no answer at all); we say what is wrong"
MIN_ISR_COPIED = (
    "Kafka copies the brokers' minimum into the cluster's where eligible leader replicas are on; ours stays"
)
LATER_GROUPS = "the classic protocol alone, so far: the newer kinds of groups and their configurations come later"

MEANT = (
    Meant(
        api="*",
        field="*error_message",
        ours=A_TEXT,
        reason="we say what is wrong also where Kafka gives the code alone",
    ),
    Meant(
        api="ApiVersions",
        field="api_keys[[]*",
        ours=MISSING,
        reason="what is not implemented yet is not advertised: transactions, SASL, quotas, newer kinds of groups",
    ),
    Meant(api="ApiVersions", field="*features*", reason="no KRaft features: clients then use the older transactions"),
    Meant(api="DescribeTopicPartitions", label="bad name ''", field="*", reason=FAILS_INSIDE),
    Meant(api="Produce", label="null records", field="*", reason=FAILS_INSIDE),
    Meant(api="Produce", label="unknown codec *", field="*", reason=FAILS_INSIDE),
    Meant(
        api="Produce",
        label="codec lies*",
        field="*",
        reason="compressed records are not inflated where nothing depends on it: readers check what they unpack",
    ),
    Meant(
        api="Produce",
        label="count and delta one *",
        field="*",
        reason="records are not counted where nothing else makes us walk over them: the header's count is believed",
    ),
    Meant(
        api="Produce",
        label="more records, to be looked at",
        field="*",
        reason="a batch of more than 2²⁰ records is refused where each has to be looked at, as in a compacted topic",
    ),
    Meant(
        api="Produce",
        label="one * twice*",
        field="*",
        reason="two batches for one partition are both appended and answered; Kafka silently drops all but the last",
    ),
    Meant(
        api="Produce",
        label="bad batch elsewhere",
        field="*",
        reason="who does not lead a partition says so before it looks at a batch: the leader is told of what is wrong",
    ),
    Meant(
        api="Fetch",
        label="an unknown topic beside others",
        field="*",
        reason="that a topic is unknown is told at once; Kafka first waits for records of the request's other ones",
    ),
    Meant(
        api="*",
        label="* within *",
        field="*",
        reason="who does not want to wait still gets what was asked for; Kafka's controller gives up before it begins",
    ),
    Meant(
        api="CreateTopics",
        label="colliding name",
        field="*made_8*",
        reason="names that differ in dots and underscores collide within one request too; Kafka looks at older ones",
    ),
    Meant(api="*", field="*[[]min.insync.replicas*config_source", reason=MIN_ISR_COPIED),
    Meant(api="*", field="*[[]min.insync.replicas[]].synonyms*", reason=MIN_ISR_COPIED),
    Meant(api="DescribeConfigs", label="default broker", field="*.configs", reason=MIN_ISR_COPIED),
    Meant(
        api="DescribeConfigs",
        label="broker*",
        field="*",
        ours=MISSING,
        reason="configurations of what we do not have: Java's security, KRaft's quorum, transactions, remote storage",
    ),
    Meant(
        api="DescribeGroups",
        label="before the sync",
        field="groups*",
        reason="a group is told from its first member on; Kafka tells it once its first assignment is stored",
    ),
    Meant(api="*Configs", label="group*", field="*", reason=LATER_GROUPS),
    Meant(api="DescribeConfigs", field="*[[]group.coordinator.rebalance.protocols[]]*", reason=LATER_GROUPS),
    Meant(api="DescribeConfigs", label="metrics", field="*", reason="clients' metrics are not collected (KIP-714)"),
    Meant(
        api="DescribeConfigs",
        field="*[[]listeners[]]*",
        reason="we have no listener for controllers, and do not change listeners while we run",
    ),
    Meant(
        api="DescribeConfigs", field="*[[]log.dir*", reason="directories are where each cluster was told to keep data"
    ),
)


def reason_for(difference: Difference) -> str | None:
    """Why this difference is meant; None when it is not."""
    return next((meant.reason for meant in MEANT if meant.covers(difference)), None)


def outdated(found: Sequence[Difference]) -> list[Meant]:
    """The meant differences that no answer shows any more: they are to be taken off the list."""
    return [meant for meant in MEANT if not any(meant.covers(difference) for difference in found)]
