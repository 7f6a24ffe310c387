"""Configs: describing and altering the configuration of topics, brokers and groups."""

from cluster.protocol.fields import Int8, Int16, Int32, array, field, message, struct


@struct
class DescribeConfigsResource:
    resource_type: Int8 = 0
    resource_name: str = ""
    configuration_keys: list[str] | None = array()


@message("1-4", flexible="4+")
class DescribeConfigsRequest:
    """The configuration of these resources (null keys: all of it)."""

    resources: list[DescribeConfigsResource] = array()
    include_synonyms: bool = False
    include_documentation: bool = field("3+", False)


@struct
class DescribeConfigsSynonym:
    name: str = ""
    value: str | None = ""
    source: Int8 = 0


@struct
class DescribeConfigsResourceResult:
    name: str = ""
    value: str | None = ""
    read_only: bool = False
    config_source: Int8 = -1
    is_sensitive: bool = False
    synonyms: list[DescribeConfigsSynonym] = array()
    config_type: Int8 = field("3+", 0, ignorable=True)
    documentation: str | None = field("3+", "", ignorable=True)


@struct
class DescribeConfigsResult:
    error_code: Int16 = 0
    error_message: str | None = ""
    resource_type: Int8 = 0
    resource_name: str = ""
    configs: list[DescribeConfigsResourceResult] = array()


@message("1-4", flexible="4+")
class DescribeConfigsResponse:
    """Each configuration with its value, its source and its synonyms."""

    throttle_time_ms: Int32 = 0
    results: list[DescribeConfigsResult] = array()


@struct
class AlterConfigsRequestAlterableConfig:
    name: str = ""
    value: str | None = ""


@struct
class AlterConfigsRequestAlterConfigsResource:
    resource_type: Int8 = 0
    resource_name: str = ""
    configs: list[AlterConfigsRequestAlterableConfig] = array()


@message("0-2", flexible="2+")
class AlterConfigsRequest:
    """Replace the whole configuration of these resources."""

    resources: list[AlterConfigsRequestAlterConfigsResource] = array()
    validate_only: bool = False


@struct
class AlterConfigsResponseAlterConfigsResourceResponse:
    error_code: Int16 = 0
    error_message: str | None = ""
    resource_type: Int8 = 0
    resource_name: str = ""


@message("0-2", flexible="2+")
class AlterConfigsResponse:
    """What became of each resource."""

    throttle_time_ms: Int32 = 0
    responses: list[AlterConfigsResponseAlterConfigsResourceResponse] = array()


@struct
class IncrementalAlterConfigsRequestAlterableConfig:
    name: str = ""
    config_operation: Int8 = 0
    value: str | None = ""


@struct
class IncrementalAlterConfigsRequestAlterConfigsResource:
    resource_type: Int8 = 0
    resource_name: str = ""
    configs: list[IncrementalAlterConfigsRequestAlterableConfig] = array()


@message("0-1", flexible="1+")
class IncrementalAlterConfigsRequest:
    """Set, delete, append to or subtract from single configurations (KIP-339)."""

    resources: list[IncrementalAlterConfigsRequestAlterConfigsResource] = array()
    validate_only: bool = False


@struct
class IncrementalAlterConfigsResponseAlterConfigsResourceResponse:
    error_code: Int16 = 0
    error_message: str | None = ""
    resource_type: Int8 = 0
    resource_name: str = ""


@message("0-1", flexible="1+")
class IncrementalAlterConfigsResponse:
    """What became of each resource."""

    throttle_time_ms: Int32 = 0
    responses: list[IncrementalAlterConfigsResponseAlterConfigsResourceResponse] = array()


@message("0-1", flexible="0+")
class ListConfigResourcesRequest:
    """Which resources have a configuration?"""

    resource_types: list[Int8] = array("1+")


@struct
class ConfigResource:
    resource_name: str = ""
    resource_type: Int8 = field("1+", 16, ignorable=True)


@message("0-1", flexible="0+")
class ListConfigResourcesResponse:
    """The resources, by name and type."""

    throttle_time_ms: Int32 = 0
    error_code: Int16 = 0
    config_resources: list[ConfigResource] = array()
