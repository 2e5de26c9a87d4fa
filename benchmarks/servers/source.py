"""The source: employees in pages of 100, oldest change first, and since when."""

import time
from array import array
from collections.abc import Mapping
from typing import Any

from benchmarks.servers.http import Reply, json_reply

DEPARTMENTS = ("Zorg", "ICT", "Sociaal Domein", "Burgerzaken", "Bouw", "Filiaal 12", "HR")
BEGIN = 1_767_225_600  # 1 January 2026, UTC, in seconds: the source's clock starts here


def moment(tick: int) -> str:
    """The source's clock at a tick of one millisecond: ISO 8601 of fixed width, UTC."""
    seconds, milliseconds = divmod(tick, 1000)
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(BEGIN + seconds))
    return f"{text}.{milliseconds:03d}Z"


class Employees:
    """Records that are made when asked for, so that a million of them cost no memory.

    Args:
        prefix: what their ids begin with.
        count: how many there are.
    """

    def __init__(self, prefix: str, count: int) -> None:
        self._prefix = prefix
        self._count = count
        self._clock = count
        self._changed: dict[int, tuple[int, int]] = {}  # number -> (version, tick)
        self._order = array("l", range(count))

    def change(self, count: int) -> list[str]:
        """Change so many, spread evenly; their ids."""
        step = max(1, self._count // count)
        numbers = [(one * step) % self._count for one in range(count)]
        for number in numbers:
            self._clock += 1
            version, _ = self._changed.get(number, (1, 0))
            self._changed[number] = (version + 1, self._clock)
        kept = (one for one in self._order if one not in self._changed)
        late = sorted(self._changed, key=lambda one: self._changed[one][1])
        self._order = array("l", [*kept, *late])
        return [self._id(number) for number in numbers]

    def page(self, number: int, size: int, since: str) -> dict[str, Any]:
        """One page of what changed after `since`, from the number 1 on."""
        first = self._after(since) if since else 0
        start, end = first + (number - 1) * size, first + number * size
        items = [self.record(one) for one in self._order[start:end]]
        total = len(self._order)
        return {
            "items": items,
            "page": number,
            "next_page": number + 1 if end < total else None,
            "total": total - first,
        }

    def record(self, number: int) -> dict[str, Any]:
        """One employee."""
        version, tick = self._changed.get(number, (1, number + 1))
        return {
            "id": self._id(number),
            "version": version,
            "updated_at": moment(tick),
            "seq": tick,
            "display_name": f"Medewerker {number} van der Berg",
            "email": f"m{number}@gemeente.example",
            "department": DEPARTMENTS[number % len(DEPARTMENTS)],
            "title": "Medewerker dienstverlening",
            "phone": f"+3110{number:07d}",
            "manager_id": self._id(number // 10),
            "active": True,
            "groups": ["alle-medewerkers", f"team-{number % 200}"],
            "location": "Stadhuis",
        }

    def _id(self, number: int) -> str:
        return f"{self._prefix}{number:06d}"

    def _after(self, since: str) -> int:
        """The place in the order of the first that changed after `since`."""
        low, high = 0, len(self._order)
        while low < high:
            middle = (low + high) // 2
            number = self._order[middle]
            tick = self._changed.get(number, (1, number + 1))[1]
            low, high = (middle + 1, high) if moment(tick) <= since else (low, middle)
        return low


class Source:
    """GET /records and /parts/K/records; POST /_reset and /_change; GET /_stats."""

    def __init__(self) -> None:
        self._parts: dict[str, Employees] = {}
        self._requests = self._served = 0
        self._reset({})

    def handle(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Reply:
        """Answer a request."""
        del method, body
        parts = path.strip("/").split("/")
        if parts[-1] == "records":
            return self._page(parts[1] if parts[0] == "parts" else "", query)
        orders = {"_reset": self._reset, "_change": self._change, "_stats": self._stats}
        order = orders.get(parts[0])
        return json_reply(order(query)) if order else Reply(404)

    def _page(self, part: str, query: Mapping[str, str]) -> Reply:
        if part not in self._parts:
            return Reply(404)
        number, size = int(query.get("page", 1)), int(query.get("per_page", 100))
        page = self._parts[part].page(number, size, query.get("since", ""))
        self._requests += 1
        self._served += len(page["items"])
        return json_reply(page)

    def _reset(self, query: Mapping[str, str]) -> dict[str, Any]:
        """So many employees, in one part or in several that are read apart."""
        count, parts = int(query.get("n", 0)), int(query.get("parts", 1))
        self._requests = self._served = 0
        if parts == 1:
            self._parts = {"": Employees("u", count)}
        else:
            each = count // parts
            self._parts = {str(one): Employees(f"p{one}-u", each) for one in range(parts)}
        return {}

    def _change(self, query: Mapping[str, str]) -> dict[str, Any]:
        return {"ids": self._parts[query.get("part", "")].change(int(query["n"]))}

    def _stats(self, query: Mapping[str, str]) -> dict[str, Any]:
        del query
        return {"requests": self._requests, "served": self._served}
