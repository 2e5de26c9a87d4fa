"""Which groups of the sources stand on a target."""

from fnmatch import fnmatchcase

from pydantic import Field

from hub.events.base import Model
from hub.settings.kinds import Name


class GroupRule(Model):
    """Groups of one instance, chosen by name."""

    instance: Name = Field(description="The instance that the groups come from.")
    name: str = Field(
        min_length=1,
        description="Which of its groups, by name: `*` stands for any signs, `?` for one; capitals "
        "count as small letters.",
    )
    prefix: str = Field(
        "",
        max_length=100,
        description="What stands before the name on the target, where several organisations have "
        "groups of the same name.",
    )

    def chooses(self, instance: str, name: str) -> bool:
        """Whether a group of this instance and name is meant."""
        pattern = self.name.casefold().replace("[", "[[]")
        return instance == self.instance and fnmatchcase(name.casefold(), pattern)
