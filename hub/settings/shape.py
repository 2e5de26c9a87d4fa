"""What a model's JSON Schema says about a place: keys, descriptions, and where secrets stand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema, WithDefaultSchema

from hub.settings.problems import Place

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """A model, asked by place."""

    root: Node = field(repr=False)

    @classmethod
    def of(cls, model: type[BaseModel]) -> "Shape":
        """The shape of what this model takes."""
        return cls(model.model_json_schema())

    @classmethod
    def narrow(cls, model: type[BaseModel], value: Any) -> "Shape":
        """As much of it as this value touches: the rest of a large model takes long."""
        given = frozenset(value) if isinstance(value, Mapping) else frozenset()
        generator = cast("type[GenerateJsonSchema]", partial(_Narrow, model, given))
        return cls(model.model_json_schema(schema_generator=generator))

    def keys(self, place: Place) -> list[str]:
        """The keys that exist there."""
        return sorted({key for node in self._at(place) for key in node.get("properties", {})})

    def description(self, place: Place) -> str:
        """What the model says about this key; empty when it says nothing."""
        return next((node["description"] for node in self._at(place) if "description" in node), "")

    def secrets(self, value: Any) -> list[Place]:
        """The places of a value that the model keeps secret."""
        return sorted(set(self._secrets(self.root, value, ())), key=str)

    def _at(self, place: Place) -> list[Node]:
        nodes = list(self._unfold(self.root))
        for key in place:
            nodes = [one for node in nodes for one in self._below(node, key)]
        return nodes

    def _unfold(self, node: Node) -> Iterator[Node]:
        """The node, and every node that it refers to or chooses from."""
        yield node
        if reference := node.get("$ref"):
            yield from self._unfold(self._target(reference))
        for word in ("anyOf", "oneOf", "allOf"):
            for choice in node.get(word, ()):
                yield from self._unfold(choice)

    def _target(self, reference: str) -> Node:
        node: Any = self.root
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        found: Node = node
        return found

    def _below(self, node: Node, key: str | int) -> Iterator[Node]:
        if isinstance(key, int):
            below = [*node.get("prefixItems", ())[key : key + 1], node.get("items")]
        else:
            named = node.get("properties", {}).get(key)
            below = [named or node.get("additionalProperties")]
            below += [] if named else node.get("patternProperties", {}).values()
        for one in below:
            if isinstance(one, Mapping):
                yield from self._unfold(one)

    def _secrets(self, start: Node, value: Any, place: Place) -> Iterator[Place]:
        nodes = list(self._unfold(start))
        if any(node.get("format") == "password" for node in nodes):
            yield place
        for key, below in _entries(value):
            for node in nodes:
                for one in self._below(node, key):
                    yield from self._secrets(one, below, (*place, key))


class _Narrow(GenerateJsonSchema):
    """A JSON Schema without defaults; of the model itself only with the fields that are given."""

    def __init__(self, model: type[BaseModel], given: frozenset[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._model, self._given = model, given

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        """Of a model, narrowed where it is the one that is asked for."""
        fields = schema["schema"]
        if schema["cls"] is self._model and fields["type"] == "model-fields":
            kept = {
                name: one
                for name, one in fields["fields"].items()
                if name in self._given or "validation_alias" in one
            }
            schema = {**schema, "schema": {**fields, "fields": kept}}
        return super().model_schema(schema)

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        """What is taken, without saying what comes where nothing is given."""
        return self.generate_inner(schema["schema"])


def _entries(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)
