"""The only door for connectors and targets.

A connector adapts one kind of source: it hands over whole states of subjects in batches, and knows
nothing of intranets. A target adapts one kind of intranet: it makes objects look as desired.
Base door for connectors, at most twelve names: Connector, Context, Stream, ReadRequest, Batch,
Record, Removal, Ref, Unreadable, Slice, Checkpoint, Finding. Abilities add at most four each:
LooksUp (Present, Gone, Unknown), Hints, Receives (Received), Serves (Call, Reply, Kept) and
Answers (Answered, OwnTicket), TakesFiles (Understood); of targets Links (Sought, Account).
`hub.testing` counts them.
"""

from hub.contract.abilities import (
    Answered,
    Answers,
    Call,
    Gone,
    Hints,
    Kept,
    LooksUp,
    OwnTicket,
    Present,
    Received,
    Receives,
    Reply,
    Serves,
    TakesFiles,
    Understood,
    Unknown,
)
from hub.contract.links import Account, Links, Sought
from hub.contract.source import (
    Batch,
    Checkpoint,
    Connector,
    Context,
    Finding,
    ReadRequest,
    Record,
    Ref,
    Removal,
    Slice,
    Stream,
    Unreadable,
)
from hub.contract.target import (
    Ability,
    Capabilities,
    Delivery,
    Outcome,
    Remote,
    Target,
)

__all__ = [
    "Ability",
    "Account",
    "Answered",
    "Answers",
    "Batch",
    "Call",
    "Capabilities",
    "Checkpoint",
    "Connector",
    "Context",
    "Delivery",
    "Finding",
    "Gone",
    "Hints",
    "Kept",
    "Links",
    "LooksUp",
    "Outcome",
    "OwnTicket",
    "Present",
    "ReadRequest",
    "Received",
    "Receives",
    "Record",
    "Ref",
    "Remote",
    "Removal",
    "Reply",
    "Serves",
    "Slice",
    "Sought",
    "Stream",
    "TakesFiles",
    "Target",
    "Understood",
    "Unknown",
    "Unreadable",
]
