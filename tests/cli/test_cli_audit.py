"""`hub audit`: who did what is found, verified here and elsewhere, exported and erased."""

import getpass
import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli import audit, exits

HOWTO = Path(__file__).parents[2] / "docs/howto/who-did-what.md"
POST = ("disturbance", "post", "--title", "Telefonie bij J. de Vries", "--id", "telefonie")
ME = getpass.getuser()
PEOPLE = """\
Personeelsnummer;Voornaam;Achternaam
1001;Anna;Vogel
1002;Bert;Kraan
"""


@pytest.fixture
def acted(hub):
    """Somebody posted, changed and paused."""
    hub.manual()
    for words in (POST, ("disturbance", "update", "telefonie", "--title", "Telefonie")):
        assert hub(*words).code == 0
    assert hub("pause", "--all").code == 0
    return hub


def rows(hub, *words):
    return [(row["action"], row["what"]) for row in hub("audit", "search", "--json", *words).json]


def tampered(hub, *statements: str) -> None:
    """As whoever owns the file can."""
    with sqlite3.connect(hub.store) as store:
        for (name,) in store.execute("select name from sqlite_master where type = 'trigger'"):
            store.execute(f"drop trigger {name}")
        for statement in statements:
            store.execute(statement)
    store.close()


# --- search ---------------------------------------------------------------------------------------


def test_search_says_who_changed_what_from_what_to_what_and_why(acted):
    (paused, changed, posted) = acted("audit", "search", "--json").json
    assert {row["actor"] for row in (paused, changed, posted)} == {ME}
    assert paused["what"] == {"instances": ["manual"], "fields": {"paused": [False, True]}}
    about = {"instance": "manual", "stream": "disturbances", "subject": "manual/telefonie"}
    assert changed["what"].items() > (about | {"order": "update"}).items()
    assert changed["what"]["fields"] == {
        "title": [{"nl": "Telefonie bij J. de Vries"}, {"nl": "Telefonie"}]
    }
    assert posted["what"]["fields"]["title"] == [None, {"nl": "Telefonie bij J. de Vries"}]
    facts = {one["id"] for one in acted("events", "--json").json}
    assert facts == {changed["what"]["event"], posted["what"]["event"]}


def test_search_for_people_folds_and_cuts_what_is_long(acted):
    found = acted("audit", "search", "--action", "pause")
    assert "paused: no -> yes" in found.out
    assert found.last.startswith("Next: `hub audit verify`")
    assert acted("audit", "search", "--actor", "nobody").out.startswith("Nobody did such a thing.")
    assert acted("audit", "search", "--since", "25:99").code == exits.USAGE


def test_each_thing_that_changed_stands_with_its_fields():
    fields = {"title": [{"nl": "Een"}, {"nl": "Twee"}]}
    what = {"hold": "4f2a", "changes": [{"object": "web/1", "fields": fields}] * 7, "subjects": []}
    hold, changes = audit._said(what)
    assert hold == "hold 4f2a"
    assert changes.startswith("changes (object web/1; title: nl Een -> nl Twee), (")
    assert changes.endswith(") and 2 more")


def test_that_somebody_searched_is_a_row(acted):
    acted("audit", "search", "--about", "vries")
    assert rows(acted, "--action", "look") == [("look audit", {"asked": {"about": "vries"}})]
    assert [what["asked"] for _, what in rows(acted, "--action", "look")] == [
        {"action": "look"},
        {"about": "vries"},
    ]


# --- looking at people ----------------------------------------------------------------------------


@pytest.fixture
def staff(hub, tmp_path):
    folder = tmp_path / "hr"
    folder.mkdir()
    (folder / "personeel.csv").write_text(PEOPLE)
    hub.instance("hr", f"connector: csv\nmode: watch\nsettings: {{folder: {folder}}}\n")
    hub.manual()
    assert hub("sync").code == 0
    assert hub(*POST).code == 0
    return hub


def test_who_looks_at_people_is_noted_and_nothing_of_them(staff):
    people = {"hr/1001", "hr/1002"}
    assert "Vogel" in staff("events", "--family", "person", "--json").out
    ((action, what),) = rows(staff, "--action", "look events")
    assert action == "look events"
    assert (set(what["subjects"]), what["number"]) == (people, 2)
    staff("events", "--subject", "1001")
    assert rows(staff, "--action", "look events")[0][1] == {
        "subjects": ["hr/1001"],
        "number": 1,
        "asked": {"subject": "1001"},
    }
    assert "Vogel" not in staff("audit", "search", "--json").out


def test_who_looks_at_anything_else_is_not_noted(staff):
    for words in (
        ("events", "--family", "incident"),
        ("explain", "telefonie"),
        ("plan", "--stored", "--json"),
        ("hold", "list", "--json"),
        ("status",),
    ):
        assert staff(*words).code == 0
    assert rows(staff, "--action", "look") == []


def test_a_hold_and_a_plan_that_name_people_are_noted(staff):
    from datetime import UTC, datetime

    from hub.store import holds

    line = {"subject": 1, "key": "1001", "family": "person", "reason": "left"}
    text = json.dumps([line], sort_keys=True, separators=(",", ":"))
    mark = holds.content_hash("hr", "removal", [line])
    with sqlite3.connect(staff.store) as store:
        at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        values = ("hr", "removal", "open", mark, text, at)
        names = "instance, action, state, hash, content, opened_at"
        store.execute(f"insert into hold ({names}) values (?, ?, ?, ?, ?, ?)", values)
    store.close()
    assert "Vogel" in staff("hold", "show", mark).out
    staff("hold", "list")
    staff("plan", "--stored")
    staff("hold", "list", "--json")
    staff("plan", "--stored", "--json")
    found = rows(staff, "--action", "look")
    assert [action for action, _ in found] == ["look plan", "look hold", "look hold"]
    assert [what["subjects"] for _, what in found] == [["hr/1001"]] * 3
    assert found[-1][1]["asked"] == {"hold": mark}


# --- verify and heads -----------------------------------------------------------------------------


def test_a_whole_trail_is_said_to_be_whole(acted):
    found = acted("audit", "verify")
    assert found.code == 0
    assert "3 rows, each follows" in found.out
    assert "no head was exported" in found.out
    assert acted("audit", "head", "--json").json["written"]
    again = acted("audit", "head")
    assert "It stood in" in again.out
    assert len(acted.store.with_name("hub.db.heads").read_text().splitlines()) == 1
    assert "1 heads" in acted("audit", "verify").out


def test_an_altered_row_is_named_and_the_code_is_1(acted):
    tampered(acted, "update audit set actor = 'somebody' where seq = 2")
    found = acted("audit", "verify")
    assert found.code == exits.FAILED
    assert "row 2 was altered" in found.out
    assert "compare with a backup" in found.last
    document = acted("audit", "verify", "--json").json
    assert (document["whole"], document["first"]) == (False, {"seq": 2, "what": "altered"})


def test_a_cut_end_shows_by_the_heads_alone(acted, tmp_path):
    acted("audit", "head")
    copy = tmp_path / "copy"
    acted.store.with_name("hub.db.heads").rename(copy)
    cut = "delete from audit_value where seq = 3", "delete from audit where seq = 3"
    tampered(acted, *cut)
    assert acted("audit", "verify").code == 0
    found = acted("audit", "verify", "--head", str(copy))
    assert found.code == exits.FAILED
    assert "row 3 was exported as the head and is not there" in found.out
    missing = acted("audit", "verify", "--head", str(tmp_path / "away"))
    assert missing.code == exits.CONFIGURATION
    assert "--head" in missing.err


def test_a_line_that_is_no_head_is_named(acted):
    acted("audit", "head")
    path = acted.store.with_name("hub.db.heads")
    path.write_text("nonsense\n" + path.read_text())
    found = acted("audit", "verify")
    assert found.code == 0
    assert "no head stands in line 1" in found.err
    assert "1 heads" in found.out


def test_each_day_has_its_head_where_hub_yaml_says(hub, tmp_path):
    hub.hub_yaml(more=f"audit: {{head_file: {tmp_path / 'kept' / 'heads'}}}\n")
    hub.manual()
    hub(*POST)
    hub("pause", "--all")
    assert "audit_head_failed" in hub("sync").err, "there is no such folder"
    (tmp_path / "kept").mkdir()
    for _ in range(2):
        assert hub("sync").code == 0
    (line,) = (tmp_path / "kept/heads").read_text().splitlines()
    assert line.split()[1] == "2"
    yesterday = re.sub(r"^\S+", "2026-01-01T00:00:00.000000Z", line)
    (tmp_path / "kept/heads").write_text(yesterday[:-4] + "0000\n")
    assert "audit_replaced" in hub("sync").err
    assert hub("audit", "verify").code == exits.FAILED


# --- export ---------------------------------------------------------------------------------------


@pytest.fixture
def lines(tmp_path):
    """The lines of Python in the how-to, as a program of their own."""
    code = re.search(r"```python\n(.*?)```", HOWTO.read_text("utf-8"), flags=re.DOTALL)[1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 24
    program = tmp_path / "verify.py"
    program.write_text(code)

    def run(file: Path) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-I", program, file],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    return run


def test_an_export_is_verified_by_the_lines_of_the_how_to(acted, tmp_path, lines):
    file = tmp_path / "trail.jsonl"
    acted("audit", "erase", "Vries", "--yes")
    assert acted("audit", "export", str(file), "--json").json["rows"] == 5
    assert file.stat().st_mode & 0o777 == 0o600
    head = acted("audit", "head", "--json").json
    assert lines(file) == (0, f"whole: row 5 has digest {head['digest']}\n")
    assert json.loads(file.read_text().splitlines()[-1])["action"] == "audit export"
    assert acted("audit", "export", str(file)).code == 0, "an older one is replaced"


def test_the_lines_of_the_how_to_find_what_was_changed(acted, tmp_path, lines):
    file, forged = tmp_path / "trail.jsonl", tmp_path / "forged.jsonl"
    acted("audit", "erase", "Vries", "--yes")
    acted("audit", "export", str(file))
    whole = [json.loads(line) for line in file.read_text().splitlines()]

    def said(number: int, **changes) -> str:
        made = [*whole]
        made[number] = whole[number] | changes
        forged.write_text("".join(json.dumps(row) + "\n" for row in made))
        code, text = lines(forged)
        assert code == 1 or text.startswith("altered")
        return text

    assert "row 3 was altered" in said(2, actor="b")
    assert "what row 3 says" in said(2, what="{}")
    assert "altered: [(1, 4)]" in said(0, what="{}")
    assert "what row 1 says" in said(0, erased=None)
    forged.write_text("".join(json.dumps(row) + "\n" for row in [*whole[:2], *whole[3:]]))
    assert "row 4 was altered, or rows before it" in lines(forged)[1]


def test_a_place_where_no_export_can_stand_is_named(acted, tmp_path):
    found = acted("audit", "export", str(tmp_path / "away" / "trail.jsonl"))
    assert found.code == exits.CONFIGURATION
    assert "Name a file in a folder" in found.err
    assert rows(acted, "--action", "audit export") == []


# --- erase ----------------------------------------------------------------------------------------


def test_erase_shows_first_and_with_yes_no_row_says_it_any_more(acted):
    before = acted.store.read_bytes()
    shown = acted("audit", "erase", "j. de vries")
    assert "would be erased from 2 rows: 1, 2." in shown.out
    assert "--yes" in shown.last
    assert acted.store.read_bytes() == before
    assert acted("audit", "erase", "j. de vries", "--yes", "--json").json == {
        "rows": [1, 2],
        "done": True,
    }
    assert "Vries" not in acted("audit", "search", "--json").out
    assert acted("audit", "search", "--action", "audit erase").out.count("rows 1, 2") == 1
    assert acted("audit", "verify").code == 0
    assert acted("audit", "erase").code == exits.USAGE


def test_who_reads_meanwhile_keeps_the_log_and_that_is_said(acted):
    with sqlite3.connect(acted.store) as reader:
        reader.execute("begin")
        reader.execute("select * from audit").fetchall()
        found = acted("audit", "erase", "vries", "--yes")
    reader.close()
    assert found.code == 0
    assert "still holds what was erased" in found.err
    assert "still holds" not in acted("audit", "erase", "vries", "--yes").err
