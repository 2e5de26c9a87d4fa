"""Pure: which comparisons of a filter must hold, so that an index can answer them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scim2_models import ScimFilter
from scim2_models.path import CompareOperator, Comparison, LogicalExpr, LogicalOperator


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
