"""Airbyte CDK: a destination that writes to the sink and passes states on."""

import json
import sys

import requests
from airbyte_cdk.destinations import Destination
from airbyte_cdk.models import AirbyteConnectionStatus, ConnectorSpecification, Status, Type
from surroundings import BATCH, JSON, SINK

session = requests.Session()
session.headers.update(JSON)


class SinkDestination(Destination):
    def spec(self, *_, **__):
        return ConnectorSpecification(connectionSpecification={})

    def check(self, *_, **__):
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def write(self, config, configured_catalog, input_messages):
        del config, configured_catalog
        waiting = []
        for message in input_messages:
            if message.type == Type.RECORD:
                waiting.append(message.record.data)
                if len(waiting) >= BATCH:
                    self.send(waiting)
            elif message.type == Type.STATE:
                self.send(waiting)
                yield message
        self.send(waiting)

    def send(self, waiting):
        if not waiting:
            return
        if BATCH > 1:
            answer = session.post(f"{SINK}/bulk", data=json.dumps(waiting))
        else:
            one = waiting[0]
            answer = session.put(f"{SINK}/upsert/{one['id']}", data=json.dumps(one))
        answer.raise_for_status()
        waiting.clear()


if __name__ == "__main__":
    SinkDestination().run(sys.argv[1:])
