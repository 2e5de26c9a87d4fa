"""Who may decide: over everything, over one municipality, and two together."""

from pathlib import Path

import pytest

import hub.cli

HEAD = "Personeelsnummer;Roepnaam;Achternaam;Gebruikersnaam\n"
SOURCE = "connector: csv\nmode: live\nsettings:\n  folder: {folder}\n"
LIST = """\
administrators:
  anna: {instances: [noord]}
  bert: {}
  carla: {role: admin}
  dirk: {role: viewer}
"""


def write(folder, name, start, number):
    rows = [f"{start + one};Noor;{name.title()}{one};{name}{one}\n" for one in range(number)]
    folder.mkdir(exist_ok=True)
    (folder / "personeel.csv").write_text(HEAD + "".join(rows))


@pytest.fixture
def towns(hub, tmp_path):
    """Two municipalities of ten people; of each eight are missing from the last file."""
    hub.hub_yaml(more=LIST)
    for start, name in ((100, "noord"), (200, "zuid")):
        write(tmp_path / name, name, start, 10)
        hub.instance(name, SOURCE.format(folder=tmp_path / name))
    assert hub("sync").code == 0
    for start, name in ((100, "noord"), (200, "zuid")):
        write(tmp_path / name, name, start, 2)
    assert hub("sync").code == 0
    assert hub("sync").code == 0
    return hub


def held(hub):
    return {row["instance"]: row["hash"] for row in hub("hold", "list", "--json").json}


def test_each_decides_over_what_is_theirs(towns, monkeypatch):
    marks = held(towns)
    assert marks.keys() == {"noord", "zuid"}
    for words, who in (
        (("hold", "release", marks["zuid"]), "anna"),
        (("hold", "drop", marks["zuid"]), "anna"),
        (("hold", "release", marks["noord"]), "dirk"),
        (("hold", "release", marks["noord"]), "eva"),
        (("pause", "zuid"), "anna"),
        (("pause", "--all"), "anna"),
        (("withdraw", "--instance", "zuid", "--yes"), "anna"),
        (("withdraw", "--all", "--yes"), "anna"),
        (("people", "merge", "zuid/200", "noord/100"), "anna"),
        (("people", "forget", "zuid/200", "--yes"), "bert"),
        (("people", "export", "zuid/200"), "anna"),
        (("people", "list"), "eva"),
        (("audit", "erase", "Noor", "--yes"), "bert"),
    ):
        refused = towns("--as", who, *words)
        assert refused.code == 1, words
        assert f"{who} may not" in refused.err, words
        assert "carla" in refused.err, "it says who may"
    assert held(towns) == marks
    for words, who in (
        (("people", "merge", "noord/100", "noord/101"), "anna"),
        (("pause", "noord"), "anna"),
        (("resume", "--all"), "bert"),
        (("hold", "drop", marks["noord"]), "anna"),
        (("people", "list"), "dirk"),
        (("people", "forget", "zuid/200", "--yes"), "carla"),
    ):
        assert towns("--as", who, *words).code == 0, words
    monkeypatch.setenv("HUB_ADMINISTRATOR", "bert")
    assert towns("hold", "release", held(towns)["zuid"]).code == 0
    rows = towns("audit", "search", "--limit", "100", "--json").json
    assert [row["actor"] for row in rows if row["action"] == "release"] == ["bert"]
    assert {row["actor"] for row in rows if row["action"] == "refused"} == {
        "anna",
        "bert",
        "dirk",
        "eva",
    }


def test_two_release_what_one_may_not(towns):
    towns.hub_yaml(more=LIST + "people: {removals: {approvals: 2}}\n")
    mark = held(towns)["zuid"]
    first = towns("--as", "bert", "hold", "release", mark)
    assert first.code == 0
    assert "Approved" in first.out
    assert "1 more" in first.last
    again = towns("--as", "bert", "hold", "release", mark)
    assert again.code == 1
    assert "bert approved" in again.err
    told = towns("hold", "show", mark).out
    assert "Approved by bert" in told
    assert "These may decide: bert, carla." in told, "Anna's are those of Noord"
    assert towns("hold", "show", mark, "--json").json["approved"] == ["bert"]
    assert towns("--as", "carla", "hold", "release", mark).code == 0
    assert held(towns).keys() == {"noord"}


def test_every_command_that_acts_in_somebody_s_name_asks_first():
    """Whoever adds one is reminded; these only record who looked, or act on a copy."""
    apart = {"session", "permit", "looking", "plan_preview", "inviting"}  # the last: `invite` asks
    folder = Path(hub.cli.__file__).parent
    acting = {one.stem for one in folder.glob("*.py") if "actor()" in one.read_text("utf-8")}
    asking = {one.stem for one in folder.glob("*.py") if "await permit(" in one.read_text("utf-8")}
    assert acting - apart - asking == set()
    assert len(acting - apart) > 8


def test_without_a_list_whoever_may_run_the_command_decides(towns):
    towns.hub_yaml()
    assert towns("--as", "eva", "hold", "drop", held(towns)["zuid"]).code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("administrators: {anna: {instances: [noorden]}}\n", "names the instance `noorden`"),
        ("administrators: {anna: {targets: [intranett]}}\n", "names the target `intranett`"),
        ("administrators: {anna: {role: boss}}\n", "administrators.anna.role"),
    ],
)
def test_a_slip_in_the_list_is_told_with_its_line(hub, text, said):
    hub.manual()
    hub.hub_yaml(more=text)
    found = hub("check", "--offline")
    assert found.code == 78
    assert said in found.out
