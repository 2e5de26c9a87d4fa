"""`hub people sessions`: where somebody is logged in, and ending that; status counts."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from hub.people import finding
from hub.store import sessions
from hub.store.sessions import How
from hub.store.store import Store

HR = "Personeelsnummer;Roepnaam;Achternaam\n1042;Noor;Berg\n1043;Sem;Visser\n"


@pytest.fixture
def office(hub, tmp_path):
    """Two people; Noor is logged in on two devices, Sem on one."""
    folder = tmp_path / "hr"
    folder.mkdir()
    (folder / "personeel.csv").write_text(HR)
    hub.hub_yaml()
    hub.instance("hr", f"connector: csv\nmode: live\nsettings: {{folder: {folder}}}\n")
    assert hub("sync").code == 0

    async def log_in():
        store = await Store(f"sqlite:///{hub.config.parent / 'hub.db'}").open()
        now = datetime.now(UTC)
        for who, how, device in (
            ("noor", How.OIDC, "Edge, Windows"),
            ("noor", How.DEVICE, "Safari, iPhone"),
            ("sem", How.OIDC, "Firefox, Linux"),
        ):
            row = await store.read(finding.person, who)
            given = {"now": now, "until": now + timedelta(hours=8), "device": device}
            await store.write(sessions.start, row.id, how, **given)
        await store.close()

    asyncio.run(log_in())
    return hub


def test_they_are_shown_and_ended_for_one_person(office):
    assert office("status", "--json").json["people"]["sessions"] == {"oidc": 2, "device": 1}
    shown = office("people", "sessions", "noor")
    assert shown.code == 0
    for word in ("Edge, Windows", "Safari, iPhone", "Sessions of Noor Berg: 2.", "--end"):
        assert word in " ".join(shown.out.split())
    assert "Firefox" not in shown.out
    ended = office("people", "sessions", "noor", "--end", "--json").json
    assert (len(ended["sessions"]), ended["ended"]) == (2, True)
    assert office("people", "sessions", "noor", "--json").json["sessions"] == []
    assert office("status", "--json").json["people"]["sessions"] == {"oidc": 1}
    actions = [row["action"] for row in office("audit", "search", "--json").json]
    assert actions.count("people logout") == 1


def test_nobody_is_said(office):
    assert office("people", "sessions", "emma").code == 1
