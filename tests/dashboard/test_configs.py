"""Configurations are shown as they are, with what they stand for."""

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
)
from dashboard.watch import here
from tests.dashboard import scenes
from tests.dashboard.conftest import Show

WHOLE = scenes.seen(scenes.shape(scenes.topic("orders"), controller=2))


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


class Brokers:
    """Answers every question for configurations with `answer`; knows whom it was asked of."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[ConfigResource] = []
        self.configs = self

    async def describe(self, resources: Sequence[ConfigResource], *_: Any, **__: Any) -> dict[ConfigResource, Any]:
        self.asked += resources
        return dict.fromkeys(resources, self.answer)


@pytest.fixture
def brokers(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Brokers]:
    def answering(answer: Any) -> Brokers:
        made = Brokers(answer)
        monkeypatch.setattr(here, "watching", lambda: made)
        return made

    return answering


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
async def test_it_is_the_raw_value_that_is_edited(
    ada: AsyncClient, show: Show, brokers: Callable[[Any], Brokers]
) -> None:
    show(WHOLE)
    brokers((entry("retention.ms", "86400000"),))
    page = (await ada.get("/topics/orders/configuration/?edit=retention.ms")).content.decode()
    assert 'value="86400000"' in page
