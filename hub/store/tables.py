"""Tables (DESIGN, section 7). Times are UTC texts that sort; JSON is canonical text."""

import json
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    true,
)

from hub.events.base import JsonText, canonical

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def moment_out(value: datetime | None) -> str | None:
    """A moment as it is stored: `2026-11-23T07:12:00.000000Z`, UTC."""
    if value is None:
        return None
    text = value.astimezone(UTC).isoformat(timespec="microseconds")  # four digits of the year
    return text.replace("+00:00", "Z")


def moment_in(text: str | None) -> datetime | None:
    """Back to an aware datetime in UTC."""
    return None if text is None else datetime.fromisoformat(text)


def json_out(value: Any) -> str | None:
    """JSON values as they are stored; what is canonical text already is taken as it is."""
    return value if value is None or isinstance(value, JsonText) else canonical(value)


def json_in(text: str | None) -> Any:
    """Back to JSON values."""
    return None if text is None else _loads(text)


class Moment(TypeDecorator[datetime]):
    """An aware datetime as `2026-11-23T07:12:00.000000Z`: sorts as text on every database."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """To text, in UTC."""
        del dialect
        return moment_out(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Back to an aware datetime in UTC."""
        del dialect
        return moment_in(value)


class Json(TypeDecorator[Any]):
    """JSON values as canonical text: equal content is equal text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """To canonical text."""
        del dialect
        return json_out(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Back to JSON values."""
        del dialect
        return json_in(value)


def _loads(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:  # what only the standard library could write (`canonical`)
        return json.loads(text)


BIG = BigInteger().with_variant(Integer(), "sqlite")  # whose integers are long already


def _short(length: int) -> String:
    """Text that ought to be this short; PostgreSQL, unlike SQLite, would refuse a longer one."""
    return String(length).with_variant(Text(), "postgresql")


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, default=False, server_default=false())


def _count(name: str, start: int = 0) -> Column[int]:
    return Column(name, Integer, nullable=False, default=start, server_default=str(start))


instance = Table(
    "instance",
    metadata,
    Column("id", _short(64), primary_key=True),
    Column("connector", _short(64), nullable=False),
    Column("mode", _short(16), nullable=False),
    Column("state", _short(16), nullable=False),  # active | orphaned | failed
    _flag("paused"),
    _flag("withdrawn"),
    Column("routing", Json),  # as applied; a changed one waits in `routing_wanted` while held
    Column("routing_wanted", Json),
)

target = Table(
    "target",
    metadata,
    Column("id", _short(64), primary_key=True),
    Column("address", Text, nullable=False),
    Column("address_wanted", Text),  # set: the address changed, and nothing is sent
    Column("health", _short(16), nullable=False, default="unknown"),
    Column("reason", Text),
    Column("since", Moment),
    Column("retry_at", Moment),
    _count("failures"),
)

stream = Table(
    "stream",
    metadata,
    Column("instance", _short(64), primary_key=True),
    Column("stream", _short(64), primary_key=True),
    Column("partition", _short(64), primary_key=True),
    Column("checkpoint", Text),
    Column("delta_checkpoint", Text),
    _count("sweep"),
    Column("sweep_started", Moment),
    _flag("sweep_open"),
    Column("finished", Json),  # slices that the open sweep covered
    Column("incomplete", Json),  # containers with unreadable rows of unknown key; null in it: all
    _count("epoch"),
    Column("sweep_fingerprint", _short(32)),  # configuration of the open sweep
    Column("fingerprint", _short(32)),  # configuration of the last complete sweep
    Column("complete_at", Moment),
    Column("health", _short(16), nullable=False, default="unknown"),
    Column("reason", Text),
    Column("since", Moment),
    Column("due", Moment),
    _count("failures"),
    Column("delta_at", Moment),  # when the last good delta began
    Column("taken_at", Moment),  # when the last reading began
    Column("hinted", Moment),  # the source said "read again", and no reading began since
)

subject = Table(
    "subject",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("instance", _short(64), nullable=False),
    Column("stream", _short(64), nullable=False),
    Column("family", _short(32), nullable=False),
    Column("key", _short(255), nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Json),
    Column("fingerprint", _short(32), nullable=False),
    Column("revision", BIG),
    _count("seq"),
    Column("container", _short(255), nullable=False, default=""),
    Column("at", Moment),
    Column("sweep", Integer, nullable=False),
    _count("missing"),
    Column("staged", _short(64)),
    Column("removed_at", Moment),
    Column("pending", Json),  # a state that only the changed configuration made; waits in a hold
    Column("pending_fingerprint", _short(32)),
    _count("episode"),
    _count("reopened"),
    Column("began_at", Moment),
    Column("ended_at", Moment),
    Column("look_again", Moment),
    Column("looked_at", Moment),
    Column("unverified_at", Moment),
    UniqueConstraint("instance", "family", "key"),
    Index("ix_subject_slice", "instance", "stream", "container", "sweep"),
    Index("ix_subject_look_again", "look_again"),
)
ref = Table(
    "ref",
    metadata,
    Column("subject", ForeignKey("subject.id", ondelete="CASCADE"), primary_key=True),
    Column("role", _short(64), primary_key=True),
    Column("namespace", _short(64), primary_key=True),
    Column("kind", _short(32), primary_key=True),
    Column("value", _short(255), primary_key=True),
    Index("ix_ref_value", "value"),
)

photo = Table(  # of an account: the bytes, which stand in no event
    "photo",
    metadata,
    Column("subject", ForeignKey("subject.id", ondelete="CASCADE"), primary_key=True),
    Column("sha256", _short(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", _short(32), nullable=False, unique=True),
    Column("subject", ForeignKey("subject.id"), nullable=False, index=True),
    Column("type", _short(128), nullable=False),
    Column("body", Json, nullable=False),
    Column("run", Integer),
    Column("at", Moment, nullable=False),
)


obj = Table(
    "object",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("target", _short(64), nullable=False),
    Column("kind", _short(32), nullable=False),
    Column("key", _short(255), nullable=False),
    Column("instance", _short(64), nullable=False, index=True),
    Column("lane", _short(255), nullable=False),
    Column("tile", _short(64)),
    Column("audience", _short(64)),
    Column("body", Json, nullable=False),
    Column("hash", _short(32), nullable=False),
    Column("state", _short(8), nullable=False),  # present | absent
    _count("seq"),
    _flag("withdrawn"),
    _flag("withheld"),  # wanted, but its audience is outside the pilot; its state is then absent
    Column("due", Moment),
    _count("attempts"),
    # waiting | done | rejected | dropped (rejected, and nobody wants to hear of it)
    # | uncertain (a create that may have arrived, and can't be found: a person decides)
    Column("status", _short(16), nullable=False, default="waiting"),
    Column("reason", Text),
    Column("remote_id", _short(255)),
    Column("remote_version", _short(255)),
    _count("done_seq"),
    Column("done_state", _short(8)),
    Column("done_body", Json),
    Column("done_at", Moment),
    Column("ownership", _short(16)),  # created | adopted | linked
    Column("intent", Integer),
    Column("changed_at", Moment, nullable=False),
    UniqueConstraint("target", "kind", "key"),
    Index("ix_object_tile", "target", "tile", "audience"),
    Index("ix_object_waiting", "target", "status", "due"),
)

requirement = Table(  # an object waits, unattempted, until what it requires stands on its target
    "requirement",
    metadata,
    Column("object", ForeignKey("object.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", _short(32), primary_key=True),
    Column("key", _short(255), primary_key=True),
    Column("target", _short(64), nullable=False),
    Index("ix_requirement_required", "target", "kind", "key"),
)

cause = Table(
    "cause",
    metadata,
    Column("object", ForeignKey("object.id", ondelete="CASCADE"), primary_key=True),
    Column("subject", ForeignKey("subject.id"), primary_key=True),
    Column("route", _short(64), primary_key=True),
    Index("ix_cause_subject", "subject"),
)

hold = Table(
    "hold",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("instance", _short(64), nullable=False),
    Column(
        "action", _short(16), nullable=False
    ),  # removal | configuration | preview | address | ...
    Column("state", _short(16), nullable=False),  # open | released | dropped | closed
    Column("hash", _short(12), nullable=False),
    Column("content", Json, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index("ix_hold_open", "instance", "action", "state"),
)

unreadable = Table(
    "unreadable",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("instance", _short(64), nullable=False),
    Column("stream", _short(64), nullable=False),
    Column("key", _short(255)),
    Column("container", _short(255)),
    Column("reason", Text, nullable=False),
    Column("run", Integer),
    Column("at", Moment, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("instance", _short(64), nullable=False),
    Column("stream", _short(64), nullable=False),
    Column("reading", _short(8), nullable=False),
    Column("started", Moment, nullable=False),
    Column("ended", Moment),
    Column("outcome", _short(16)),  # complete | failed | received | refused | previewed
    Column("counts", Json),
    Column("reason", Text),
    Column("traceparent", _short(55), nullable=False),
    Index("ix_run_stream", "instance", "stream", "id"),
)

audit = (
    Table(  # append-only (`hub.store.append_only`); a row's digest covers that of the one before
        "audit",
        metadata,
        Column("seq", Integer, primary_key=True),
        Column("prev", _short(64), nullable=False, unique=True),  # nothing follows a row twice
        Column("digest", _short(64), nullable=False),
        Column("at", Moment, nullable=False),
        Column("actor", _short(128), nullable=False),
        Column("action", _short(64), nullable=False),
        Column("body", _short(64), nullable=False),  # digest of the values, with their nonce
    )
)

audit_value = Table(  # what a row is about; erasable, and nothing else
    "audit_value",
    metadata,
    Column("seq", ForeignKey("audit.seq"), primary_key=True),
    Column("nonce", _short(64), nullable=False),
    Column("what", Json, nullable=False),
    Column("erased", ForeignKey("audit.seq")),  # the row that says what the values became
)

dirty = Table(
    "dirty",
    metadata,
    Column("subject", ForeignKey("subject.id", ondelete="CASCADE"), primary_key=True),
)

request = Table(
    "request",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("action", _short(32), nullable=False),
    Column("body", Json, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("needs", _short(255)),  # the lease that whoever takes it must own; null: none
    Column("taken", _short(64)),
    Column("answer", Json),
    Column("error", Text),
    Column("done_at", Moment),
)

signature = Table(  # of calls from outside that were taken: none of them is taken twice
    "signature",
    metadata,
    Column("digest", _short(64), primary_key=True),
    Column("until", Moment, nullable=False, index=True),
)

tile = Table(
    "tile",
    metadata,
    Column("tile", _short(64), primary_key=True),
    Column("audience", _short(64), primary_key=True),
    Column("view", _short(8), primary_key=True),  # live | preview
    Column("token", _short(64), nullable=False, unique=True),
)

lease = Table(  # processes, instances and targets; SQLite has a lock instead, and no rows here
    "lease",
    metadata,
    Column("name", _short(255), primary_key=True),
    _count("epoch"),
    Column("owner", _short(255)),  # of an instance or target: the name of a process's row
    Column("holder", Json),  # of a process: who it is and what it can work for
    Column("expires", DateTime(timezone=True)),  # by the database's clock, so in its own type
)

person = Table(  # the one human behind many accounts
    "person",
    metadata,
    Column("id", _short(36), primary_key=True),  # the hub's own, from no source
    Column("state", _short(16), nullable=False),  # hub.people.states
    Column("since", Moment, nullable=False),
    Column("until", Moment),  # suspended: the end of grace; merged: until it can be undone
    Column("made_at", Moment, nullable=False),
    Column("name", Text),
    Column("attributes", Json),  # field to value, instance and since when
    Column("merged_into", _short(36), index=True),
    Column("merged_from", Json),  # merged: the accounts it had
    # changed since its accounts on targets were brought up to date; so is a new one
    Column("stale", Boolean, nullable=False, default=True, server_default=true()),
)
account = Table(  # what a subject of the family `person` is to persons
    "account",
    metadata,
    Column("subject", ForeignKey("subject.id", ondelete="CASCADE"), primary_key=True),
    Column("person", ForeignKey("person.id"), index=True),  # null: waits for a human
    Column("tier", _short(16), nullable=False),  # what that rests on: hub.people.matching
    Column("evidence", Json, nullable=False),
    Column("since", Moment, nullable=False),
)
anchor = Table(  # what accounts of one person may share
    "anchor",
    metadata,
    Column("subject", ForeignKey("subject.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", _short(16), primary_key=True),
    Column("value", _short(255), primary_key=True),
    Index("ix_anchor_value", "value"),
)
stale_group = Table(  # groups that changed since their objects on targets were brought up to date
    "stale_group",
    metadata,
    Column("subject", ForeignKey("subject.id", ondelete="CASCADE"), primary_key=True),
)
review = Table(  # may this account be of that person? a human says
    "review",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subject", ForeignKey("subject.id", ondelete="CASCADE"), nullable=False),
    Column("person", ForeignKey("person.id"), nullable=False),
    Column("tier", _short(16), nullable=False),
    Column("evidence", Json, nullable=False),
    Column("state", _short(16), nullable=False, index=True),  # open | accepted | rejected | closed
    Column("opened_at", Moment, nullable=False),
    Column("ended_at", Moment),
    UniqueConstraint("subject", "person"),
)
erased = Table(  # accounts of persons who are forgotten: an old feed must not bring them back
    "erased",
    metadata,
    Column("digest", _short(64), primary_key=True),
    Column("person", _short(36), nullable=False),
)
told = Table(  # what a person was told about a topic, and what is due; no names
    "told",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", _short(36), nullable=False),
    Column("topic", _short(330), nullable=False),  # `guest instance/key`
    Column("told", Json),  # null: nothing yet
    Column("wanted", Json),  # what the newest notice says
    Column("status", _short(16), nullable=False, index=True),  # hub.store.notices
    Column("due", Moment),
    Column("expires", Moment),
    Column("tried_at", Moment),
    Column("sent_at", Moment),
    _count("attempts"),
    Column("reason", Text),
    Column("token", _short(64), index=True),  # digest of what its link ends in
    Column("token_until", Moment),
    UniqueConstraint("person", "topic"),
)
policy = Table(  # what the running hub was told, for every step and command that rests on it
    "policy",
    metadata,
    Column("name", _short(32), primary_key=True),
    Column("body", Json, nullable=False),
)
session = Table(  # of a visitor on personal pages
    "session",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", _short(64), nullable=False, unique=True),  # of the token, which nobody keeps
    Column("person", ForeignKey("person.id"), nullable=False, index=True),
    Column("how", _short(16), nullable=False),  # oidc | device
    Column("device", _short(64), nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("used_at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("idle", Integer),  # seconds; null: it does not matter
    Column("ends", Moment, nullable=False, index=True),  # unless it is used before
)
invitation = Table(  # a one-time code of one person
    "invitation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", _short(64), nullable=False, unique=True),  # of the code, which nobody keeps
    Column("person", ForeignKey("person.id"), nullable=False, index=True),
    Column("channel", _short(8), nullable=False),  # mail | paper | shown
    Column("state", _short(16), nullable=False),  # open | redeemed | replaced | revoked
    Column("made_at", Moment, nullable=False),
    Column("until", Moment, nullable=False, index=True),
    Column("sent_at", Moment),  # by mail: when the server took it
    Column("ended_at", Moment),  # when it was redeemed, replaced or revoked
    _count("attempts"),  # wrong answers beside the right code
    Column("handover", _short(64), index=True),  # digest of what the visitor's browser took along
    Column("handover_until", Moment),
)
login = Table(  # of the organisation's provider: whose it is, as an invitation said
    "login",
    metadata,
    Column("issuer", _short(255), primary_key=True),
    Column("subject", _short(255), primary_key=True),
    Column("person", ForeignKey("person.id"), nullable=False, index=True),
    Column("since", Moment, nullable=False),
)


# Indexes of those few rows that wait. `PARTIAL`, and not a part of the tables, because naming a
# database's own option here loads both dialects at each start.
WAITING = ("staged", "pending_fingerprint", "unverified_at")
PARTIAL = {f"ix_subject_{name}": f"subject (instance) WHERE {name} IS NOT NULL" for name in WAITING}
PARTIAL["ix_person_stale"] = "person (id) WHERE stale"
PARTIAL["ix_object_ahead"] = "object (target, state, id) WHERE status = 'waiting'"
