"""Handshake: what a client and a broker tell each other first; the headers that come before everything they say."""

from cluster.protocol.fields import Int16, Int32, Int64, array, field, message, struct


@message("0-2", flexible="2+")
class RequestHeader:
    """What every request begins with. Version 2 has tagged fields, but its client id stays int16-prefixed."""

    request_api_key: Int16 = 0
    request_api_version: Int16 = 0
    correlation_id: Int32 = 0
    client_id: str | None = field("1+", "", compact=False)


@message("0-1", flexible="1+")
class ResponseHeader:
    """What every response begins with; that of ApiVersions is always version 0 (KIP-511)."""

    correlation_id: Int32 = 0


@message("0-4", flexible="3+")
class ApiVersionsRequest:
    """Which versions do you speak? The first request of most clients."""

    client_software_name: str = field("3+", "", ignorable=True)
    client_software_version: str = field("3+", "", ignorable=True)


@struct
class ApiVersion:
    api_key: Int16 = 0
    min_version: Int16 = 0
    max_version: Int16 = 0


@struct
class SupportedFeatureKey:
    name: str = ""
    min_version: Int16 = 0
    max_version: Int16 = 0


@struct
class FinalizedFeatureKey:
    name: str = ""
    max_version_level: Int16 = 0
    min_version_level: Int16 = 0


@message("0-4", flexible="3+")
class ApiVersionsResponse:
    """The version range of every advertised API, and the features of the cluster."""

    error_code: Int16 = 0
    api_keys: list[ApiVersion] = array()
    throttle_time_ms: Int32 = field("1+", 0, ignorable=True)
    supported_features: list[SupportedFeatureKey] = array("3+", tag=0, ignorable=True)
    finalized_features_epoch: Int64 = field("3+", -1, tag=1, ignorable=True)
    finalized_features: list[FinalizedFeatureKey] = array("3+", tag=2, ignorable=True)
    zk_migration_ready: bool = field("3+", False, tag=3, ignorable=True)
