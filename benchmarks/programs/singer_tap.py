"""Singer: a tap on the source."""

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.pagination import BaseAPIPaginator
from surroundings import SOURCE

TEXTS = (
    "id", "display_name", "email", "department", "title", "phone", "manager_id", "location",
)  # fmt: skip


class NextPage(BaseAPIPaginator):
    def has_more(self, response):
        return response.json()["next_page"] is not None

    def get_next(self, response):
        return response.json()["next_page"]


class Records(RESTStream):
    name = "records"
    path = "/records"
    url_base = SOURCE
    primary_keys = ("id",)
    replication_key = "updated_at"
    is_sorted = True
    records_jsonpath = "$.items[*]"
    schema = th.PropertiesList(
        *[th.Property(name, th.StringType) for name in TEXTS],
        th.Property("version", th.IntegerType),
        th.Property("seq", th.IntegerType),
        th.Property("updated_at", th.DateTimeType),
        th.Property("active", th.BooleanType),
        th.Property("groups", th.ArrayType(th.StringType)),
    ).to_dict()

    def get_new_paginator(self):
        return NextPage(1)

    def get_url_params(self, context, next_page_token):
        since = self.get_starting_replication_key_value(context)
        asked = {"page": next_page_token or 1, "per_page": 100}
        return asked | ({"since": since} if since else {})


class TapBench(Tap):
    name = "tap-bench"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self):
        return [Records(self)]


if __name__ == "__main__":
    TapBench.cli()
