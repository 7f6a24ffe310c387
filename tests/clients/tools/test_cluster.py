"""kafka-log-dirs, kafka-leader-election, kafka-broker-api-versions, kafka-cluster: all brokers are there."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from cluster.protocol.catalog import advertised_apis
from tests.clients.cells import AGAINST
from tests.clients.tools.shell import Shell
from tests.support.ports import free_ports

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
DIRECTORIES, ELECTIONS = "kafka-log-dirs", "kafka-leader-election"
VERSIONS, CLUSTER = "kafka-broker-api-versions", "kafka-cluster"
Made = Callable[..., str]


def directories(shell: Shell, *options: str) -> dict[int, list[dict[str, Any]]]:
    """Broker -> what its one directory has."""
    lines = shell.done("log-dirs", "--describe", *options)
    told = json.loads(next(line for line in lines if line.startswith("{")))
    assert all(directory["error"] is None for broker in told["brokers"] for directory in broker["logDirs"])
    return {broker["broker"]: broker["logDirs"][0]["partitions"] for broker in told["brokers"]}


@pytest.mark.cell(DIRECTORIES, "what it is for")
def test_every_replica_is_told_with_its_size(shell: Shell, filled: str) -> None:
    told = directories(shell, "--topic-list", filled)
    assert sorted(told) == [1, 2, 3]
    sizes = {replica["partition"]: replica["size"] for replica in told[1]}
    assert sizes.keys() == {f"{filled}-0", f"{filled}-1"}
    assert all(size > 10 * len("key-0value-0") for size in sizes.values())
    for replicas in told.values():
        assert {replica["partition"]: replica["size"] for replica in replicas} == sizes
        assert all((replica["offsetLag"], replica["isFuture"]) == (0, False) for replica in replicas)


@pytest.mark.cell(DIRECTORIES, "its options")
def test_brokers_and_topics_are_chosen(shell: Shell, filled: str, made: Made) -> None:
    other = made(replication=1)
    told = directories(shell, "--broker-list", "2", "--topic-list", f"{filled},{other}")
    assert list(told) == [2]
    assert {f"{filled}-0", f"{filled}-1"} <= {replica["partition"] for replica in told[2]}
    everything = directories(shell)
    assert sorted(everything) == [1, 2, 3]
    assert sum(replica["partition"] == f"{other}-0" for replicas in everything.values() for replica in replicas) == 1


@pytest.mark.cell(DIRECTORIES, "its errors")
def test_brokers_that_are_not_there_are_told(shell: Shell) -> None:
    outcome = shell.run("log-dirs", "--describe", "--broker-list", "1,9")
    assert "brokers do not exist from --broker-list: 9" in outcome.out + outcome.err


@pytest.mark.cell(ELECTIONS, "its options")
def test_no_leader_changes_where_the_preferred_one_leads(shell: Shell, made: Made) -> None:
    topic = made(2)
    one = ("--topic", topic, "--partition", "0")
    for kind in ("preferred", "unclean"):
        printed = shell.done("leader-election", "--election-type", kind, *one)
        assert printed == [f"Valid replica already elected for partitions {topic}-0"]
    assert shell.done("leader-election", "--election-type", "preferred", "--all-topic-partitions") == []


@pytest.mark.cell(ELECTIONS, "its errors")
def test_partitions_that_are_not_there_elect_nobody(shell: Shell, made: Made) -> None:
    for topic, partition in (("gone", "0"), (made(), "5")):
        options = ("--election-type", "preferred", "--topic", topic, "--partition", partition)
        outcome = shell.run("leader-election", *options)
        assert outcome.status == 1
        assert "UnknownTopicOrPartitionException" in outcome.out


@pytest.mark.cell(VERSIONS, "what it is for")
def test_every_broker_tells_its_versions(shell: Shell) -> None:
    lines = shell.done("broker-api-versions")
    heading = re.compile(r"127\.0\.0\.1:\d+ \(id: [123] rack: null isFenced: false\) -> \(")
    assert sum(heading.fullmatch(line) is not None for line in lines) == 3
    usable = {one[1]: one[2] for one in (re.match(r"\t(\w+)\((\d+)\): .*usable: ", line) for line in lines) if one}
    for spec in advertised_apis():
        assert usable[spec.name] == str(int(spec.key))
    if AGAINST == "odradek":
        assert len(usable) == len(list(advertised_apis()))
    shown = [line.strip(",") for line in lines]
    for spec in advertised_apis():
        versions = f"{spec.advertised_min} to {spec.max_version}"
        if spec.advertised_min == spec.max_version:
            versions = str(spec.max_version)
        assert shown.count(f"\t{spec.name}({int(spec.key)}): {versions} [usable: {spec.max_version}]") == 3


@pytest.mark.cell(CLUSTER, "what it is for")
def test_the_cluster_has_an_id_and_endpoints(shell: Shell) -> None:
    (told,) = shell.done("cluster", "cluster-id")
    assert re.fullmatch(r"Cluster ID: \S{22}", told)
    assert shell.done("cluster", "cluster-id") == [told]
    servers = [server.split(":") for server in shell.bootstrap.split(",")]
    lines = [line.split() for line in shell.done("cluster", "list-endpoints")]
    assert sorted(lines[1:]) == [
        [str(broker), host, port, "null", "unfenced", "broker"] for broker, (host, port) in enumerate(servers, 1)
    ]


@pytest.mark.cell(VERSIONS, "its options")
@pytest.mark.cell(VERSIONS, "its errors")
@pytest.mark.cell(CLUSTER, "its errors")
@pytest.mark.parametrize("tool", [("broker-api-versions",), ("cluster", "cluster-id")], ids=" ".join)
def test_a_cluster_that_is_not_there_is_told(
    shell: Shell, written: Callable[[str], str], tool: tuple[str, ...]
) -> None:
    patience = written("default.api.timeout.ms=1000\nrequest.timeout.ms=500\n")
    nobody = f"127.0.0.1:{free_ports(1)}"
    outcome = shell.run(*tool, "--command-config", patience, bootstrap=nobody)
    assert outcome.status == 1
    assert re.search("TimeoutException|Request METADATA failed on brokers", outcome.err)
