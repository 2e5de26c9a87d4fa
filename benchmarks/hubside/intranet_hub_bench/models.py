"""What the source sends, and the settings of both ends."""

from pydantic import BaseModel, ConfigDict, Field, HttpUrl


class Closed(BaseModel):
    """No field but these, and none changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceSettings(Closed):
    """How the source is read."""

    url: HttpUrl = Field(description="Address in front of /records.")
    deltas: bool = Field(True, description="Whether it is asked only for what changed.")
    inbox: bool = Field(False, description="Whether employees may come by request as well.")


class SinkSettings(Closed):
    """How the sink is written to."""

    url: HttpUrl = Field(description="Address in front of /upsert and /bulk.")
    batch: int = Field(100, ge=1, description="Records a request; 1: one by one.")
    at_once: int = Field(8, ge=1, description="Requests in flight.")


class Employee(Closed):
    """One employee, as the source sends it."""

    id: str
    version: int
    updated_at: str
    seq: int
    display_name: str
    email: str
    department: str
    title: str
    phone: str
    manager_id: str
    active: bool
    groups: tuple[str, ...]
    location: str


class Page(Closed):
    """One page of employees."""

    items: tuple[Employee, ...]
    page: int
    next_page: int | None
    total: int
