"""Which version of a request both a broker and this client know."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from cluster.protocol.api import ApiKey
from cluster.protocol.catalog import API_SPECS, ApiSpec
from cluster.protocol.errors import ErrorCode, UnsupportedVersion, error_for
from cluster.protocol.messages.handshake import ApiVersionsRequest, ApiVersionsResponse

SOFTWARE_NAME = "odradek"
SOFTWARE_VERSION = "1"

SPECS: Mapping[type, ApiSpec] = MappingProxyType({spec.request: spec for spec in API_SPECS.values()})
"""The declared APIs by their request class."""


@dataclass(frozen=True, slots=True)
class OfferedVersions:
    """What one broker serves: API key -> lowest and highest version."""

    ranges: Mapping[int, tuple[int, int]]

    @classmethod
    def of(cls, response: ApiVersionsResponse) -> Self:
        return cls({api.api_key: (api.min_version, api.max_version) for api in response.api_keys})

    def serves(self, key: ApiKey) -> bool:
        return key in self.ranges

    def common(self, request: type, at_most: int | None = None) -> int:
        """The highest version that both sides know, bounded by `at_most`. Raises UnsupportedVersion."""
        spec = SPECS[request]
        lowest, highest = self.ranges.get(spec.key, (0, -1))
        highest = min(highest, spec.max_version, spec.max_version if at_most is None else at_most)
        if max(lowest, spec.min_version) > highest:
            raise UnsupportedVersion(f"the broker and this client have no version of {spec.name} in common")
        return highest


async def negotiate(ask: Callable[[ApiVersionsRequest, int], Awaitable[ApiVersionsResponse]]) -> OfferedVersions:
    """Ask for the versions, and again when the broker does not know ours: it answers with its own (KIP-511).

    Raises KafkaError, and whatever `ask` raises.
    """
    version = API_SPECS[ApiKey.API_VERSIONS].max_version
    request = ApiVersionsRequest(client_software_name=SOFTWARE_NAME, client_software_version=SOFTWARE_VERSION)
    response = await ask(request, version)
    if response.error_code == ErrorCode.UNSUPPORTED_VERSION:
        known = {api.api_key: api.max_version for api in response.api_keys}
        response = await ask(request, min(version, known.get(ApiKey.API_VERSIONS, 0)))
    if response.error_code != ErrorCode.NONE:
        raise error_for(response.error_code)
    return OfferedVersions.of(response)
