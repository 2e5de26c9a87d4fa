"""Pure: an employee travels as an incident, the family that there is, and comes out as it was.

Every field of the employee stands in one text, so that the sink gets the same words from the hub
as from everybody else.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.contract import Record
from hub.events.incident import Incident, IncidentState
from intranet_hub_bench.models import Employee

SEPARATOR = "|"


def record(employee: Employee) -> Record:
    """The employee as the hub carries it."""
    changed = datetime.fromisoformat(employee.updated_at)
    incident = Incident(
        title={"nl": employee.display_name},
        state=IncidentState.OPEN,
        since=changed,
        category={"nl": employee.department},
        workaround={"nl": SEPARATOR.join(_fields(employee))},
    )
    return Record(
        key=employee.id,
        payload=incident,
        container="all",
        revision=employee.version,
        changed_at=changed,
    )


def _fields(employee: Employee) -> list[str]:
    return [
        employee.id,
        str(employee.version),
        employee.updated_at,
        str(employee.seq),
        employee.email,
        employee.title,
        employee.phone,
        employee.manager_id,
        "1" if employee.active else "0",
        ",".join(employee.groups),
        employee.location,
    ]


def employee(body: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a tile as the sink takes it: the employee again."""
    fields = body["workaround"]["nl"].split(SEPARATOR)
    name, version, updated, seq, email, title, phone, manager, active, groups, location = fields
    return {
        "id": name,
        "version": int(version),
        "updated_at": updated,
        "seq": int(seq),
        "display_name": body["title"]["nl"],
        "email": email,
        "department": body["category"]["nl"],
        "title": title,
        "phone": phone,
        "manager_id": manager,
        "active": active == "1",
        "groups": groups.split(","),
        "location": location,
    }
