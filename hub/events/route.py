"""A route: the rule from subjects to objects, and for whom; as configured, stored and applied."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any

from pydantic import Field

from hub.events.base import Family, Model
from hub.events.objects import Audience

RENDERING = 1  # one more whenever projection would make other objects of the same state


class Route(Model):
    """A route of which every name stands for something.

    Attributes:
        name: tile and audience, numbered where an instance has several of the same.
        members: who the audience is.
        when: payload field to the values that it may have; empty: everything.
        targets: ids of targets, `web` among them where it is meant.
        visible_from: how long before it begins planned work is shown.
        withheld: a pilot is on, and this audience is not in it: its objects are never sent.
        rendering: how objects are made of states; another number is a changed configuration.
    """

    name: str
    family: Family
    tile: str
    audience: str
    members: Audience
    when: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    keep_solved: timedelta = timedelta(hours=4)
    visible_from: timedelta = timedelta(days=7)
    targets: tuple[str, ...]
    withheld: bool = False
    rendering: int = RENDERING

    @cached_property
    def audience_values(self) -> dict[str, Any]:
        """The audience as JSON values."""
        return self.members.model_dump(mode="json")
