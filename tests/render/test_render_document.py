from datetime import timedelta

import jsonschema
import pytest

from hub.render.document import TileDocument, tile_json


@pytest.fixture
def document(view, now):
    return lambda at=now, **changes: tile_json(view(**changes), now=at)


def test_the_document_is_complete_in_both_languages(document, item):
    body = document(items=[item(title={"nl": "x" * 900, "en": "y"})] * 50)
    assert len(body["items"]) == 50
    assert body["items"][0]["title"] == {"nl": "x" * 900, "en": "y"}
    assert body["open"] == 50


def test_the_document_satisfies_its_published_schema(document, item):
    link = {"rel": "details", "href": "https://portal.example.org/1"}
    body = document(items=[item(links=[link])])
    schema = TileDocument.model_json_schema(mode="serialization")
    jsonschema.validate(body, schema)
    with pytest.raises(jsonschema.ValidationError, match="extra"):
        jsonschema.validate(body | {"extra": 1}, schema)


def test_audiences_stay_inside(document, item):
    assert "audience" not in document(items=[item()])["items"][0]


def test_trust_is_said(document, now):
    assert document()["trust"] == "fresh"
    assert document()["as_of"] == "2026-11-05T07:30:00Z"
    assert document(at=now + timedelta(hours=1))["trust"] == "stale"
    none = document(freshness=())
    assert (none["trust"], none["as_of"], none["valid_until"]) == ("none", None, None)
