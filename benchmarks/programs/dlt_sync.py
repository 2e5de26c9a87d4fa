"""dlt: its REST source, a custom destination, its own state."""

import os

os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}

import dlt
import httpx
from dlt.common import json
from dlt.sources.rest_api import rest_api_source
from surroundings import AT_ONCE, BATCH, JSON, SINK, SOURCE, STATE

client = httpx.Client()


@dlt.destination(
    name="sink",
    batch_size=BATCH,
    loader_file_format="typed-jsonl",
    skip_dlt_columns_and_tables=True,
    max_parallel_load_jobs=AT_ONCE,
)
def sink(items, table):
    del table
    if BATCH > 1:
        answer = client.post(f"{SINK}/bulk", content=json.dumpb(items), headers=JSON)
    else:
        one = items[0] if isinstance(items, list) else items
        address = f"{SINK}/upsert/{one['id']}"
        answer = client.put(address, content=json.dumpb(one), headers=JSON)
    answer.raise_for_status()


PAGES = {
    "type": "page_number",
    "base_page": 1,
    "page_param": "page",
    "total_path": None,
    "stop_after_empty_page": True,
}
SINCE = {"cursor_path": "updated_at", "initial_value": "2000-01-01T00:00:00.000Z"}
records = {
    "name": "records",
    "primary_key": "id",
    "max_table_nesting": 0,
    "write_disposition": "append",
    "endpoint": {
        "path": "records",
        "data_selector": "items",
        "params": {"per_page": 100, "since": "{incremental.start_value}"},
        "incremental": SINCE,
    },
}
source = rest_api_source(
    {"client": {"base_url": f"{SOURCE}/", "paginator": PAGES}, "resources": [records]}
)
pipeline = dlt.pipeline("bench", destination=sink, pipelines_dir=str(STATE), dataset_name="bench")
if pipeline.has_pending_data:
    pipeline.run()  # what its documentation says after a crash
pipeline.run(source)
