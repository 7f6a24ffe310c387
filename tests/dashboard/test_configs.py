"""Configurations are shown as they are with what they stand for, and a new topic's form tells what it gets unasked."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.test import AsyncClient

from cluster.client.admin.config_entries import (
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    ConfigSynonym,
    ConfigType,
    ResourceType,
)
from cluster.client.connection import ConnectionLost
from cluster.protocol.errors import ErrorCode, error_for
from dashboard.forms.topics import CreateForm
from dashboard.queries.configs import TopicDefaults, topic_defaults
from dashboard.watch import here
from tests.dashboard import scenes
from tests.dashboard.conftest import Show

WHOLE = scenes.seen(scenes.shape(scenes.topic("orders"), controller=2))
OF_BROKER = {
    "num.partitions": "6",
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "log.cleanup.policy": "delete",
    "log.retention.hours": "168",
    "log.retention.ms": None,
    "log.segment.bytes": "1073741824",
}


def entry(name: str, value: str | None, source: ConfigSource = ConfigSource.DEFAULT, *behind: ConfigSynonym) -> Any:
    return ConfigEntry(
        name=name,
        value=value,
        source=source,
        type=ConfigType.LONG,
        read_only=False,
        sensitive=False,
        documentation=None,
        synonyms=(ConfigSynonym(name=name, value=value, source=source), *behind),
    )


def entries(values: dict[str, str | None]) -> tuple[ConfigEntry, ...]:
    return tuple(entry(name, value) for name, value in values.items())


class Brokers:
    """Answers every question for configurations with `answer`, which may raise; knows whom it was asked of."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[ConfigResource] = []
        self.configs = self

    async def describe(self, resources: Sequence[ConfigResource], *_: Any, **__: Any) -> dict[ConfigResource, Any]:
        self.asked += resources
        if isinstance(self.answer, ConnectionLost):
            raise self.answer
        if isinstance(self.answer, asyncio.Event):
            await self.answer.wait()
        return dict.fromkeys(resources, self.answer)


@pytest.fixture
def brokers(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Brokers]:
    def answering(answer: Any) -> Brokers:
        made = Brokers(answer)
        monkeypatch.setattr(here, "watching", lambda: made)
        return made

    return answering


async def defaults(values: dict[str, str | None]) -> TopicDefaults:
    return await topic_defaults(Brokers(entries(values)), 1)  # type: ignore[arg-type]


async def test_the_first_of_a_brokers_synonyms_that_is_set_is_the_default_in_the_topics_unit() -> None:
    assert dict((await defaults(OF_BROKER)).configs)["retention.ms"] == "604800000"
    minutes = {"log.retention.minutes": "90", "log.retention.hours": "168"}
    assert dict((await defaults(minutes)).configs) == {"retention.ms": "5400000"}
    assert dict((await defaults({**minutes, "log.retention.ms": "1000"})).configs) == {"retention.ms": "1000"}
    assert dict((await defaults({"log.retention.hours": "-1"})).configs) == {"retention.ms": "-1"}


async def test_a_default_that_the_broker_does_not_tell_is_not_made_up() -> None:
    assert await defaults({}) == TopicDefaults()
    assert await defaults({"num.partitions": None, "log.roll.hours": "weekly"}) == TopicDefaults(
        configs=(("segment.ms", "weekly"),)
    )


@pytest.mark.django_db(transaction=True)
async def test_the_form_tells_what_an_empty_field_gets(
    ada: AsyncClient, show: Show, brokers: Callable[[Any], Brokers]
) -> None:
    show(WHOLE)
    asked = brokers(entries(OF_BROKER))
    page = (await ada.get("/create-topic/")).content.decode()
    for number in (6, 3, 2):
        assert f'placeholder="cluster default: {number}"' in page
    assert '<span class="mono">604800000</span> <span class="words">7 days</span>' in page
    assert asked.asked == [ConfigResource(ResourceType.BROKER, "2")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "answer",
    [error_for(ErrorCode.CLUSTER_AUTHORIZATION_FAILED), ConnectionLost("closed"), asyncio.Event()],
    ids=["refused", "lost", "silent"],
)
async def test_the_form_is_there_when_the_defaults_cannot_be_read(
    ada: AsyncClient, show: Show, brokers: Callable[[Any], Brokers], monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr("dashboard.views.topics.MOMENT_S", 0.05)
    show(WHOLE)
    brokers(answer)
    page = (await ada.get("/create-topic/")).content.decode()
    assert page.count('placeholder="cluster default"') == 3
    assert "Cluster defaults" not in page


@pytest.mark.django_db(transaction=True)
async def test_nobody_is_asked_while_no_broker_answers(
    ada: AsyncClient, show: Show, brokers: Callable[[Any], Brokers]
) -> None:
    show(scenes.seen(WHOLE.shape, failures={"shape": "refused"}))
    asked = brokers(entries(OF_BROKER))
    assert (await ada.get("/create-topic/")).status_code == 200
    assert asked.asked == []


def test_min_insync_replicas_has_a_field_and_is_said_once() -> None:
    form = CreateForm({"name": "orders", "min_isr": "2", "configs": "retention.ms=1000"})
    assert form.is_valid()
    assert form.cleaned_data["configs"] == {"retention.ms": "1000", "min.insync.replicas": "2"}
    twice = CreateForm({"name": "orders", "min_isr": "2", "configs": "min.insync.replicas=1"})
    assert "has a field of its own" in str(twice.errors["configs"])
    assert CreateForm({"name": "orders", "configs": "min.insync.replicas=1"}).is_valid()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/topics/orders/configuration/", "/brokers/1/"])
async def test_a_value_and_its_default_stand_raw_with_what_they_stand_for(
    ada: AsyncClient, show: Show, brokers: Callable[[Any], Brokers], path: str
) -> None:
    show(WHOLE)
    behind = ConfigSynonym(name="log.retention.hours", value="168", source=ConfigSource.STATIC_BROKER)
    own = ConfigSource.TOPIC if "topics" in path else ConfigSource.DYNAMIC_BROKER
    brokers((entry("retention.ms", "86400000", own, behind), entry("segment.bytes", "1073741824")))
    page = (await ada.get(path)).content.decode()
    assert '86400000 <span class="words">1 day</span>' in page
    assert '168 <span class="words">7 days</span>' in page
    assert '1073741824 <span class="words">1 GiB</span>' in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/topics/orders/configuration/", "/brokers/1/"])
async def test_a_default_and_who_set_a_value_are_called_so_where_the_head_of_the_table_is_not_shown(
    ada: AsyncClient, show: Show, brokers: Callable[[Any], Brokers], path: str
) -> None:
    show(WHOLE)
    behind = ConfigSynonym(name="retention.ms", value="604800000", source=ConfigSource.DEFAULT)
    own = ConfigSource.TOPIC if "topics" in path else ConfigSource.DYNAMIC_BROKER
    brokers((entry("retention.ms", "86400000", own, behind), entry("flush.ms", "1", own), entry("segment.ms", "9")))
    page = (await ada.get(path)).content.decode()
    assert '<span class="label">Default</span>604800000' in page
    assert '<span class="label">Default</span><span title="The brokers do not tell' in page
    assert page.count('<span class="label">Default</span>') == 2
    assert page.count('<td class="nowrap"><span class="label">Set by</span>') == 3


@pytest.mark.django_db(transaction=True)
async def test_it_is_the_raw_value_that_is_edited(
    ada: AsyncClient, show: Show, brokers: Callable[[Any], Brokers]
) -> None:
    show(WHOLE)
    brokers((entry("retention.ms", "86400000"),))
    page = (await ada.get("/topics/orders/configuration/?edit=retention.ms")).content.decode()
    assert 'value="86400000"' in page
