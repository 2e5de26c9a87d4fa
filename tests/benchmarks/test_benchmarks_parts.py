"""The parts of the benchmarks count right: what they say about others must be true."""

import json
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import report
from benchmarks.bars import AIMS, BARS, judge
from benchmarks.control import until
from benchmarks.hub import PLUGIN
from benchmarks.nodered import flow
from benchmarks.process import Program
from benchmarks.rows import Kept, Row, typical
from benchmarks.servers.sink import Sink
from benchmarks.servers.source import Source
from benchmarks.sides import PROGRAMS, ceilings, peers
from benchmarks.works import WORKS
from docs.benchmarks import page, pictures


def ask(app, method, path, body=None, **query):
    sent = b"" if body is None else json.dumps(body).encode()
    reply = app.handle(method, path, {name: str(value) for name, value in query.items()}, sent)
    return reply.status, json.loads(reply.body)


def pages(source, since="", path="/records"):
    found, number = [], 1
    while number:
        _, page = ask(source, "GET", path, page=number, per_page=100, since=since)
        found += page["items"]
        number = page["next_page"]
    return found


def test_the_source_gives_everything_once_and_then_what_changed():
    source = Source()
    ask(source, "POST", "/_reset", n=950)
    everybody = pages(source)
    assert len({one["id"] for one in everybody}) == len(everybody) == 950
    changed = ask(source, "POST", "/_change", n=50)[1]["ids"]
    late = pages(source, since=everybody[-1]["updated_at"])
    assert [one["id"] for one in late] == changed
    assert {one["version"] for one in late} == {2}
    assert sorted(one["id"] for one in pages(source)) == [one["id"] for one in everybody]
    assert ask(source, "GET", "/_stats")[1] == {"requests": 21, "served": 1950}


def test_parts_of_the_source_share_no_id():
    source = Source()
    ask(source, "POST", "/_reset", n=100, parts=5)
    ids = {one["id"] for part in range(5) for one in pages(source, path=f"/parts/{part}/records")}
    assert len(ids) == 100


def test_the_sink_counts_what_came_twice_and_what_came_too_late():
    sink = Sink()
    ask(sink, "PUT", "/upsert/u000001", {"id": "u000001", "version": 2})
    ask(sink, "POST", "/bulk", [{"id": "u000001", "version": 2}, {"id": "u000002", "version": 1}])
    ask(sink, "POST", "/upsert", {"id": "u000001", "version": 1})
    counted = ask(sink, "GET", "/_stats")[1]
    named = {name: counted[name] for name in ("requests", "unique", "duplicates", "regressions")}
    assert named == {"requests": 3, "unique": 2, "duplicates": 1, "regressions": 1}


@pytest.mark.parametrize(("poison", "status", "unique"), [("whole", 422, 0), ("items", 207, 1)])
def test_the_sink_refuses_poison_as_it_is_told(poison, status, unique):
    sink = Sink()
    ask(sink, "POST", "/_reset", poison_every=10, poison=poison)
    records = [{"id": f"u{number:06d}", "version": 1} for number in (5, 6)]
    assert ask(sink, "POST", "/bulk", records)[0] == status
    assert ask(sink, "POST", "/upsert", records[0])[0] == 422
    assert ask(sink, "GET", "/_stats")[1]["unique"] == unique


def test_the_sink_fails_one_request_in_so_many_and_takes_nothing_of_it():
    sink = Sink()
    ask(sink, "POST", "/_reset", fail_every=3)
    records = [{"id": f"u{number:06d}", "version": 1} for number in range(9)]
    said = [ask(sink, "POST", "/upsert", one)[0] for one in records]
    assert said == [200, 200, 503] * 3
    assert ask(sink, "GET", "/_stats")[1]["unique"] == 6


def test_an_employee_comes_out_of_the_hub_as_it_went_in(monkeypatch):
    monkeypatch.syspath_prepend(str(PLUGIN))
    from intranet_hub_bench import mapping
    from intranet_hub_bench.models import Employee

    from hub.engine.projection import Matter, project
    from hub.events.objects import Audience
    from hub.events.route import Route

    source = Source()
    ask(source, "POST", "/_reset", n=3)
    for given in pages(source):
        record = mapping.record(Employee.model_validate(given))
        everyone = Audience(everyone=True)
        route = Route(
            name="r", family="incident", tile="t", audience="everyone", members=everyone,
            targets=("sink",),
        )  # fmt: skip
        matter = Matter("records", record.key, record.payload)
        (made,) = project(matter, [route], record.changed_at).objects
        assert mapping.employee(made.body) == given


def row(work, side="hub", *, wall=1.0, ok=True, time=0, **more):
    return Row(work, side, time, 20_000, ok, 0, wall, 1.0, 100.0, more=more)


def test_a_bar_fails_when_the_hub_is_too_slow_or_wrong():
    dlt = row("W1", "dlt", wall=4.0)

    def passed(*rows):
        return judge([dlt, *rows])[0].passed

    assert passed(row("W1", wall=1.3)) is True
    assert passed(row("W1", wall=1.4)) is False
    assert passed(row("W1", wall=0.1, ok=False)) is False
    assert passed() is None


def test_an_aim_that_is_missed_is_no_failure_but_what_is_promised_instead_is():
    rows = [row("W1", "dlt", wall=4.0), row("W1", wall=5.0)]
    aim, promise = (one for one in judge(rows) if one.name == "W1" and "dlt" in one.asked)
    assert (aim.mark, aim.aim, promise.mark, promise.aim) == ("missed", True, "pass", False)
    rows = [row("W1", "dlt", wall=4.0), row("W1", wall=6.1)]
    assert [one.mark for one in judge(rows)[:9] if "dlt" in one.asked and one.measured] == [
        "missed",
        "FAIL",
    ]


def test_fewer_than_three_peers_is_a_failed_benchmark():
    rows = [row("W1"), row("W1", "raw"), row("W1", "dlt"), row("W1", "singer")]
    assert judge(rows)[-1].passed is False
    assert judge([*rows, row("W1", "nodered", ok=False)])[-1].passed is False
    assert judge([*rows, row("W1", "nodered")])[-1].passed is True


def test_every_bar_is_about_a_work_that_there_is():
    assert {name for name, _, _ in (*AIMS, *BARS)} <= {one.name for one in WORKS}


def test_the_median_counts_but_a_wrong_one_comes_first():
    rows = [row("W1", wall=wall, time=time) for time, wall in enumerate((9.0, 1.0, 2.0))]
    assert typical(rows, "W1", "hub").wall == 2.0
    assert typical([*rows, row("W1", wall=7.0, ok=False, time=3)], "W1", "hub").wall == 7.0


def test_rows_outlive_a_run_that_was_broken_off(tmp_path):
    kept = Kept(tmp_path / "rows.jsonl")
    kept.forget([])
    kept.add(row("W1", span=1.5))
    kept.add(row("W2"))
    again = Kept(tmp_path / "rows.jsonl")
    assert again.rows == kept.rows
    assert again.has("W1", "hub", 0)
    assert not again.has("W1", "hub", 1)
    again.forget([("W1", "hub")])
    assert [one.work for one in Kept(tmp_path / "rows.jsonl").rows] == ["W2"]


def test_a_program_is_measured_with_its_children(tmp_path):
    burn = "import sys\nfor _ in range(3_000_000): pass\nheld = bytearray(60_000_000)\n"
    burn += "import time; time.sleep(0.3)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}], check=True)"
    command = (sys.executable, "-c", parent)
    program = Program(command, env={}, folder=tmp_path, log=tmp_path / "log")
    spent = program.wait(60)
    assert spent.code == 0, (tmp_path / "log").read_text()
    assert spent.cpu > 0.02
    assert spent.rss > 60_000_000
    assert spent.wall >= 0.3


def test_a_program_that_does_not_end_is_killed_with_its_children(tmp_path):
    words = ("bash", "-c", "sleep 600 & echo $!; wait")
    program = Program(words, env={"PATH": "/usr/bin:/bin"}, folder=tmp_path, log=tmp_path / "log")
    spent = program.wait(1.0)
    assert spent.code is None
    child = Path("/proc") / (tmp_path / "log").read_text().strip() / "stat"
    assert until(lambda: not child.exists() or ") Z " in child.read_text(), 20)


def test_every_program_of_a_side_is_there(tmp_path):
    for side in [*ceilings(), *peers()]:
        words = getattr(side, "_words", None) or ("", side._program)
        assert all((PROGRAMS / word).is_file() for word in words[1:]), side.name
    nodes = json.loads(flow(PROGRAMS / "nodered"))
    names = {node["id"] for node in nodes}
    assert {to for node in nodes for wire in node.get("wires", []) for to in wire} <= names


def test_the_page_and_its_pictures_come_from_what_was_kept(tmp_path):
    rows = [
        row("W1", wall=1.0),
        row("W1", "dlt", wall=4.0),
        row("KILL", sent_again=300),
        Row("503", "nodered", 0, 2_000, ok=False, code=0, wall=2.0, cpu=1.0, rss=9.0, lost=20),
        Row("503", "dlt", 0, 2_000, ok=False, code=None, wall=0.0, cpu=0.0, rss=0.0),
    ]
    report.publish(rows, tmp_path / "latest.json")
    text = page(tmp_path / "latest.json")
    assert "| dlt | 20000 | 4.00 | 4.0 |" in text
    assert "| `W1` | wall at most 1/3 of dlt's | 0.25 | pass |" in text
    assert "300 sent again" in text
    assert "20 not delivered" in text
    assert "did not end in time" in text
    (picture,) = pictures(tmp_path / "latest.json").values()
    words = [one.text for one in ET.fromstring(picture).iter() if one.text]
    assert {"the hub", "1.00 s", "dlt", "4.00 s"} <= set(words)


def test_without_a_run_the_page_says_so(tmp_path):
    assert "Nothing was kept yet." in page(tmp_path / "none.json")
    assert pictures(tmp_path / "none.json") == {}
