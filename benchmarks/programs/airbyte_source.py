"""Airbyte CDK: a declarative source, read incrementally."""

import json
import sys
from pathlib import Path

from airbyte_cdk.entrypoint import launch
from airbyte_cdk.models import AirbyteStateMessageSerializer, ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)
from surroundings import SOURCE

MOMENT = "%Y-%m-%dT%H:%M:%S.%_msZ"
SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "version": {"type": "integer"},
        "updated_at": {"type": "string"},
    },
}
PAGES = {
    "type": "DefaultPaginator",
    "page_token_option": {
        "type": "RequestOption",
        "inject_into": "request_parameter",
        "field_name": "page",
    },
    "pagination_strategy": {
        "type": "PageIncrement",
        "start_from_page": 1,
        "page_size": 100,
        "inject_on_first_request": True,
    },
}
REQUESTER = {
    "type": "HttpRequester",
    "url_base": SOURCE,
    "path": "/records",
    "http_method": "GET",
    "request_parameters": {"per_page": "100", "since": "{{ stream_interval['start_time'] }}"},
}
CURSOR = {
    "type": "DatetimeBasedCursor",
    "cursor_field": "updated_at",
    "datetime_format": MOMENT,
    "cursor_datetime_formats": [MOMENT],
    "start_datetime": {
        "type": "MinMaxDatetime",
        "datetime": "2000-01-01T00:00:00.000Z",
        "datetime_format": MOMENT,
    },
}
STREAM = {
    "type": "DeclarativeStream",
    "name": "records",
    "primary_key": ["id"],
    "schema_loader": {"type": "InlineSchemaLoader", "schema": SCHEMA},
    "incremental_sync": CURSOR,
    "retriever": {
        "type": "SimpleRetriever",
        "requester": REQUESTER,
        "paginator": PAGES,
        "record_selector": {
            "type": "RecordSelector",
            "extractor": {"type": "DpathExtractor", "field_path": ["items"]},
        },
    },
}
MANIFEST = {
    "version": "6.0.0",
    "type": "DeclarativeSource",
    "check": {"type": "CheckStream", "stream_names": ["records"]},
    "streams": [STREAM],
    "spec": {
        "type": "Spec",
        "connection_specification": {"type": "object", "properties": {}},
    },
}


def given(option):
    words = sys.argv[1:]
    return json.loads(Path(words[words.index(option) + 1]).read_text()) if option in words else None


if __name__ == "__main__":
    catalog = ConfiguredAirbyteCatalogSerializer.load(given("--catalog"))
    state = [AirbyteStateMessageSerializer.load(one) for one in given("--state") or []]
    source = ConcurrentDeclarativeSource(
        source_config=MANIFEST, config={}, catalog=catalog, state=state or None
    )
    launch(source, sys.argv[1:])
