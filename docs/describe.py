"""Models as Markdown: what a field takes, what it is unless given, what it means. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

Node = Mapping[str, Any]

_BOUNDS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "minItems": "at least {} entries",
}
_BY_REFERENCE = "secret, by reference"
_FORMATS = {
    "password": _BY_REFERENCE,
    "date-time": "moment with a zone",
    "uri": "address",
}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, row)) + " |" for row in lines) + "\n"


def _cell(text: str) -> str:
    parts = " ".join(text.split()).replace("|", "\\|").split("`")
    return "`".join(one if at % 2 else one.replace("<", "&lt;") for at, one in enumerate(parts))


def model(of: type[BaseModel], *, title: str = "", level: int = 2) -> str:
    """One model and every model below it, each a heading and a table."""
    schema = of.model_json_schema()
    parts = [_section(title or of.__name__, schema, schema, level)]
    for name, below in schema.get("$defs", {}).items():
        if "properties" in below:
            parts.append(_section(name, below, schema, level + 1))
    return "\n".join(parts)


def _section(title: str, node: Node, root: Node, level: int) -> str:
    about = node.get("description", "")
    rows = fields(node, root)
    shown = table(("key", "takes", "unless given", "what"), rows) if rows else "No keys.\n"
    return f"{'#' * level} {title}\n\n{about.strip()}\n\n{shown}"


def fields(node: Node, root: Node) -> list[list[str]]:
    """A row per field: name, type, default, description."""
    required = set(node.get("required", ()))
    return [
        [f"`{name}`", kind(one, root), _default(one, name in required), _about(one, root)]
        for name, one in node.get("properties", {}).items()
    ]


def _default(node: Node, required: bool) -> str:  # noqa: FBT001  a fact about the node
    if required:
        return "**required**"
    value = node.get("default")
    if value in (None, [], {}, ""):
        return "none"
    if isinstance(value, dict | list):
        return "see there"
    return f"`{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}`"


def _about(node: Node, root: Node) -> str:
    target = _target(node, root)
    return str(node.get("description") or target.get("description") or "").strip()


def _target(node: Node, root: Node) -> Node:
    name = str(node.get("$ref", "")).rpartition("/")[2]
    found: Node = root.get("$defs", {}).get(name, {}) if name else {}
    return found


def kind(node: Node, root: Node) -> str:
    """What a field takes, in words."""
    if "$ref" in node:
        return _named(node, root)
    if choices := node.get("anyOf") or node.get("oneOf"):
        real = [one for one in choices if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kind(one, root) for one in real))
    if "const" in node:
        return f"`{json.dumps(node['const'])}`"
    if "enum" in node:
        return _one_of(node["enum"])
    return ", ".join([_plain(node, root), *_limits(node)])


def _named(node: Node, root: Node) -> str:
    target = _target(node, root)
    if "enum" in target:
        return _one_of(target["enum"])
    name = str(node["$ref"]).rpartition("/")[2]
    return f"[{name}](#{name.lower()})" if "properties" in target else kind(target, root)


def _one_of(values: Sequence[Any]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _plain(node: Node, root: Node) -> str:
    what = node.get("type")
    if what == "array":
        return f"list of {kind(node['items'], root)}" if "items" in node else "list"
    if what == "object":
        return _mapping(node, root)
    if examples := node.get("examples"):
        return "such as " + _one_of(examples)
    names = {"string": "text", "integer": "number", "number": "number", "boolean": "yes or no"}
    return _FORMATS.get(str(node.get("format", "")), names.get(str(what), "any value"))


def _mapping(node: Node, root: Node) -> str:
    patterns = list(node.get("patternProperties", {}).values())
    below = node.get("additionalProperties") or (patterns[0] if patterns else None)
    if languages := node.get("propertyNames", {}).get("enum"):
        return "text per language: " + _one_of(languages)
    return f"names, each with {kind(below, root)}" if isinstance(below, Mapping) else "keys"


def _limits(node: Node) -> Iterator[str]:
    for word, text in _BOUNDS.items():
        if word in node and not (word == "minLength" and node[word] == 1):
            yield text.format(node[word])
