"""Singer: a target that writes to the sink."""

import json

import requests
from singer_sdk import Target
from singer_sdk import typing as th
from singer_sdk.sinks import BatchSink, RecordSink
from surroundings import BATCH, JSON, SINK

session = requests.Session()
session.headers.update(JSON)


class InBatches(BatchSink):
    max_size = BATCH

    def process_batch(self, context):
        body = json.dumps(context["records"], default=str)
        session.post(f"{SINK}/bulk", data=body).raise_for_status()


class OneByOne(RecordSink):
    def process_record(self, record, context):
        del context
        body = json.dumps(record, default=str)
        session.put(f"{SINK}/upsert/{record['id']}", data=body).raise_for_status()


class TargetBench(Target):
    name = "target-bench"
    config_jsonschema = th.PropertiesList().to_dict()
    default_sink_class = InBatches if BATCH > 1 else OneByOne


if __name__ == "__main__":
    TargetBench.cli()
