"""What a library lacks by the matrix, asked of the library itself: when a newer one has it, its cell is due."""

import re
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.clients.libraries import LIBRARIES, Library
from tests.clients.matrix import ABSENT, CONFLUENT_JS, LIMITED, Cell
from tests.clients.programs import NodeProgram
from tests.clients.stage import Garage, Stage
from tests.support.cluster import Cluster
from tests.support.patience import seconds

pytestmark = pytest.mark.slow
Offers = Callable[[Library], Mapping[str, list[str]]]
NAMES = {
    "configs": ("admin", "(describe|alter)_?configs"),
    "delete offsets": ("admin", "delete.*offsets"),
    "delete records": ("admin", "delete.*records"),
    "log dirs": ("admin", "log_?dirs"),
    "offset by time": ("admin", "list_(partition_)?offsets|offsets_?(by|for)"),
    "cluster": ("admin", "describe_?cluster"),
    "groups": ("admin", "delete.*groups"),
    "offsets": ("admin", "(alter|set|reset|commit).*offsets"),
    "topics": ("admin like KafkaJS's", "create_?partitions"),
    "mixed group": ("assignors", "range"),
    "idempotence": ("producer", "idempoten"),
    "static member": ("consumer", "instance"),
    "cooperative": ("assignors", "cooperative"),
}
"""What a library names when it has the behaviour: a call of its admin client, a setting, an assignor."""
BY_CODEC = Cell("KafkaJS", "10,000 in each compression")
"""Its codecs tell this."""
BY_PLAYING = {
    Cell("KafkaJS", "static member"),
    Cell("KafkaJS", "pattern"),
    Cell(CONFLUENT_JS, "0 B to the limit"),
}
"""No name tells these: a scenario does."""
BY_NAME = sorted(cell for cell in ABSENT.keys() | LIMITED.keys() if cell.behaviour in NAMES and cell not in BY_PLAYING)
BY_ROW = {library.name: library for library in LIBRARIES}
KNOWS_ALL = BY_ROW["kafka-python 3"]
REFRESHES_S = 5
"""Ten times the age at which each driver has its metadata refreshed."""


@pytest.fixture(scope="module")
def offers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offers]:
    """Asks a library which calls, settings and assignors it has; no cluster is needed for that."""
    garage = Garage("127.0.0.1:1", tmp_path_factory.mktemp("offers"))
    told: dict[str, Mapping[str, list[str]]] = {}

    def ask(library: Library) -> Mapping[str, list[str]]:
        if reason := library.program.missing():
            pytest.skip(reason)
        if library.name not in told:
            told[library.name] = garage.driver(library).call("offers")
        return told[library.name]

    yield ask
    garage.close()


@pytest.fixture
def stage_of(three_brokers: Cluster, garage: Garage) -> Callable[[str], Stage]:
    """A library's stage; skips the test when it cannot run here."""

    def stage(row: str) -> Stage:
        if reason := BY_ROW[row].program.missing():
            pytest.skip(reason)
        return Stage(BY_ROW[row], three_brokers, garage)

    return stage


def named(offered: Mapping[str, list[str]], behaviour: str) -> list[str]:
    kind, words = NAMES[behaviour]
    assert offered[kind], f"it told no {kind}"
    return [name for name in offered[kind] if re.search(words, name, re.IGNORECASE)]


@pytest.mark.parametrize("cell", BY_NAME, ids=lambda cell: f"{BY_ROW[cell.client].slug}-{cell.behaviour}")
def test_the_library_has_no_name_for_what_it_lacks(offers: Offers, cell: Cell) -> None:
    assert named(offers(BY_ROW[cell.client]), cell.behaviour) == []


@pytest.mark.parametrize("behaviour", [behaviour for behaviour in NAMES if behaviour != "topics"])
def test_a_library_that_has_it_names_it_so(offers: Offers, behaviour: str) -> None:
    assert named(offers(KNOWS_ALL), behaviour)


def test_kafkajs_has_gzip_of_its_own_and_is_given_all_other_codecs(offers: Offers) -> None:
    library = BY_ROW[BY_CODEC.client]
    assert offers(library)["codecs"] == ["gzip"]
    assert isinstance(library.program, NodeProgram)
    packages = {package.rpartition("@")[0] for package in library.program.packages}
    assert LIMITED[BY_CODEC].startswith("gzip of its own")
    assert {"kafkajs", *re.findall(r"by (\S+?)(?:,|$)", LIMITED[BY_CODEC])} == packages


def test_every_absence_and_limit_has_a_proof() -> None:
    assert ABSENT.keys() | LIMITED.keys() == {*BY_NAME, *BY_PLAYING, BY_CODEC}


@pytest.mark.cluster
@pytest.mark.parametrize(("row", "known"), [("KafkaJS", []), ("aiokafka", ["constant"])])
def test_kafkajs_joins_as_a_dynamic_member_whatever_its_instance_is_called(
    stage_of: Callable[[str], Stage], row: str, known: list[str]
) -> None:
    stage = stage_of(row)
    topic, group = stage.topic(), stage.name()
    stage.driver.open(group, [topic], group=group, instance="constant")
    stage.wait_assigned(group, {(topic, 0)})
    admin = stage.cluster.admin()
    (member,) = admin.describe_consumer_groups([group])[group].result(seconds(30)).members
    assert [name for name in [member.group_instance_id] if name] == known
    stage.driver.close(group)


@pytest.mark.cluster
def test_kafkajs_matches_a_pattern_again_only_when_it_subscribes_again(stage_of: Callable[[str], Stage]) -> None:
    stage = stage_of("KafkaJS")
    base, group = stage.name(), stage.name()
    first = stage.cluster.create_topic(f"{base}-first", 1)
    stage.driver.open(group, pattern=f"{base}-.*", group=group)
    stage.wait_assigned(group, {(first, 0)})
    later = stage.cluster.create_topic(f"{base}-later", 1)
    end = time.monotonic() + REFRESHES_S
    while time.monotonic() < end:
        stage.wait_assigned(group, {(first, 0)})
    stage.driver.close(group)
    stage.driver.open(group, pattern=f"{base}-.*", group=group)
    stage.wait_assigned(group, {(first, 0), (later, 0)})
    stage.driver.close(group)


@pytest.mark.cluster
def test_kafka_javascript_writes_an_empty_buffer_of_its_own_as_null(stage_of: Callable[[str], Stage]) -> None:
    stage = stage_of(CONFLUENT_JS)
    topic, group = stage.topic(), stage.name()
    stage.driver.call("produce_empty_of_its_own", topic=topic)
    stage.driver.open(group, [topic], group=group)
    assert [record.value for record in stage.read(group, 1)] == [None]
    stage.driver.close(group)
