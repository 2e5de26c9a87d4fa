"""Pure: what a filter keeps, and which of its comparisons an index can answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scim2_models import Resource, ScimFilter
from scim2_models.path import CompareOperator, Comparison, LogicalExpr, LogicalOperator
from scim2_server.utils import parametrize


@dataclass(frozen=True, slots=True)
class Equals:
    """An attribute, in small letters and without its schema, that must have this value."""

    name: str
    value: str


def equals_in(wanted: ScimFilter[Any] | None) -> Iterator[Equals]:
    """The comparisons without which nothing matches."""
    node = None if wanted is None else wanted.ast
    terms = [node]
    if isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_:
        terms = list(node.terms)
    for one in terms:
        if not isinstance(one, Comparison) or one.op != CompareOperator.eq:
            continue
        if isinstance(one.value, str):
            yield Equals(str(one.attr_path).rpartition(":")[2].casefold(), one.value)


def matching(
    resources: Sequence[Resource[Any]], wanted: ScimFilter[Any] | None
) -> list[Resource[Any]]:
    """The resources that a filter keeps; an attribute that a type lacks matches none of it."""
    if wanted is None:
        return list(resources)
    if wanted.models:
        return [one for one in resources if wanted.match(one)]
    of = {type(one): parametrize(ScimFilter, type(one))(str(wanted)) for one in resources}
    return [one for one in resources if of[type(one)].match(one)]
