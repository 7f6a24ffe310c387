"""Headers: what comes before the body of every request and response."""

from cluster.protocol.fields import Int16, Int32, field, message


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
