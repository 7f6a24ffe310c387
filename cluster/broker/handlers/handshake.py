"""ApiVersions: what this broker serves."""

from __future__ import annotations

import re

from cluster.broker.services import RequestContext, Services
from cluster.protocol.catalog import advertised_apis
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.handshake import ApiVersion, ApiVersionsRequest, ApiVersionsResponse

SOFTWARE = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?")
"""What a client's software name and version must look like (KIP-511)."""


def api_versions(request: ApiVersionsRequest, context: RequestContext, services: Services) -> ApiVersionsResponse:
    """v0 keys only; v1 throttle time; v3 flexible, software name and version; v4 features with minimum 0.

    No feature is finalized: without `transaction.version` producers use the first transaction protocol.
    """
    if context.api_version >= 3 and not (
        SOFTWARE.fullmatch(request.client_software_name) and SOFTWARE.fullmatch(request.client_software_version)
    ):
        return ApiVersionsResponse(error_code=ErrorCode.INVALID_REQUEST)
    return ApiVersionsResponse(
        api_keys=[
            ApiVersion(api_key=api.key, min_version=api.advertised_min, max_version=api.max_version)
            for api in advertised_apis()
        ]
    )
