"""Limits of connections that are changed while a broker runs."""

import asyncio
from pathlib import Path

from cluster.protocol.api import ApiKey
from cluster.protocol.errors import ErrorCode
from cluster.protocol.frames import encode_request
from cluster.protocol.messages.configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsRequestAlterableConfig,
    IncrementalAlterConfigsRequestAlterConfigsResource,
)
from cluster.protocol.messages.metadata import MetadataRequest
from cluster.protocol.messages.replication import EnvelopeRequest
from tests.support.nodes import Nodes, brokers
from tests.support.patience import seconds

BROKER = 4


async def alter(nodes: Nodes, name: str, value: str) -> ErrorCode:
    """Set a configuration for all brokers."""
    configs = [IncrementalAlterConfigsRequestAlterableConfig(name=name, config_operation=0, value=value)]
    resource = IncrementalAlterConfigsRequestAlterConfigsResource(
        resource_type=BROKER, resource_name="", configs=configs
    )
    answer = await nodes.ask(1, IncrementalAlterConfigsRequest(resources=[resource]))
    return ErrorCode(answer.responses[0].error_code)


async def turned_away(nodes: Nodes) -> bool:
    """Whether one more connection is closed at once."""
    reader, writer = await asyncio.open_connection("127.0.0.1", nodes.port(1))
    try:
        return await asyncio.wait_for(reader.read(1), seconds(0.3)) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    finally:
        writer.close()


async def test_limits_change_while_the_broker_runs_and_are_described(tmp_path: Path) -> None:
    async with brokers(tmp_path, 1) as nodes:
        assert await alter(nodes, "max.connections.per.ip", "1") == ErrorCode.NONE
        await nodes.until(lambda: nodes[1].parts.config.max_connections_per_ip == 1, "the broker knows")
        assert await turned_away(nodes)
        assert await alter(nodes, "max.connections.per.ip.overrides", "127.0.0.1:2") == ErrorCode.NONE
        await nodes.until(lambda: nodes[1].parts.config.max_connections_per_ip_overrides, "the broker knows")
        assert not await turned_away(nodes)
        names = ["max.connections.per.ip", "max.connections.per.ip.overrides", "queued.max.request.bytes"]
        asked = DescribeConfigsResource(resource_type=BROKER, resource_name="1", configuration_keys=names)
        (described,) = (await nodes.ask(1, DescribeConfigsRequest(resources=[asked]))).results
        found = {entry.name: (entry.value, entry.read_only) for entry in described.configs}
        assert found == dict(zip(names, [("1", False), ("127.0.0.1:2", False), ("-1", True)], strict=True))


async def test_limits_that_cannot_be_are_refused(tmp_path: Path) -> None:
    async with brokers(tmp_path, 1) as nodes:
        for name, value in (
            ("max.connections.per.ip.overrides", "127.0.0.1"),
            ("max.connections.per.ip.overrides", "127.0.0.1:many"),
            ("max.connections.per.ip", "0"),
            ("max.connections", "0"),
            ("max.connection.creation.rate", "0"),
            ("queued.max.request.bytes", "1000000000"),
        ):
            assert await alter(nodes, name, value) == ErrorCode.INVALID_REQUEST, (name, value)


async def test_an_envelope_with_what_is_not_for_the_controller_is_refused(tmp_path: Path) -> None:
    async with brokers(tmp_path, 1) as nodes:
        inside = b"".join(encode_request(ApiKey.METADATA, 12, 1, "a-test", MetadataRequest()))[4:]
        answer = await nodes.ask(1, EnvelopeRequest(request_data=inside, client_host_address=bytes(4)), 0)
        assert answer.error_code == ErrorCode.INVALID_REQUEST
