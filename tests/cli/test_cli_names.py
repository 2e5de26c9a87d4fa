"""Plans and holds name colleagues, with so much of a key as finds them again."""

import re

import pytest

NOOR = "0640dcc9-a441-5f17-9398-f69e78c59cc5"
SEM = "0ba984e6-e4c7-59bf-8fa2-b283671c1565"
HEAD = "Personeelsnummer;Roepnaam;Achternaam;Gebruikersnaam;Afdeling;Team;Leidinggevende\n"
FILE = f"{HEAD}{NOOR};Noor;Berg;nberg;Zorg;Oost;\n{SEM};Sem;Visser;svisser;Zorg;West;\n"
SOURCE = "connector: csv\nmode: live\nsettings:\n  folder: {folder}\n{more}"
LONG = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")
WIKI = """\
language: en
people: {accounts: {wiki: manage}}
targets:
  wiki:
    target: scim
    settings: {url: "http://127.0.0.1:9/scim/v2", token: "${env:WIKI_TOKEN}"}
"""


@pytest.fixture
def shop(hub, tmp_path, monkeypatch):
    """Two people of a directory, whose keys are UUIDs; nobody listens at the wiki's address."""
    monkeypatch.setenv("WIKI_TOKEN", "canary-wiki-token")
    folder = tmp_path / "ad"
    folder.mkdir()
    (folder / "1.csv").write_text(FILE)
    hub.hub_yaml(more=WIKI)
    hub.instance("ad", SOURCE.format(folder=folder, more=""))
    return hub


def test_a_plan_names_the_colleague_and_what_it_shows_finds_them(shop, tmp_path):
    page = tmp_path / "plan.html"
    plan = shop("plan", "--people", "--html", str(page))
    assert "begins: Noor Berg (ad/0640dcc9) in force" in plan.out
    assert "Noor Berg (0640dcc9) from ad.people" in page.read_text()
    assert not LONG.search(plan.out)
    assert not LONG.search(page.read_text())
    told = {one["accounts"][0]["account"] for one in whys(shop)}
    assert told == {f"ad/{NOOR}", f"ad/{SEM}"}
    shop("sync")
    assert shop("people", "show", "ad/0640dcc9", "--json").json["name"] == "Noor Berg"


def whys(shop):
    return [step["why"] for step in shop("plan", "--stored", "--json").json["steps"]] or [
        step["why"] for step in shop("plan", "--json").json["steps"]
    ]


def test_a_hold_names_the_colleague_in_the_terminal_and_on_the_page(shop, tmp_path):
    shop("sync")
    more = "  columns: {department: Team}\n"
    shop.instance("ad", SOURCE.format(folder=tmp_path / "ad", more=more))
    shop("sync")
    (row,) = shop("hold", "list", "--json").json
    shown = shop("hold", "show", row["hash"])
    assert "~ Noor Berg (ad/0640dcc9): department" in shown.out
    assert not LONG.search(shown.out)
    lines = shop("hold", "show", row["hash"], "--json").json["content"]
    assert {line["key"] for line in lines} == {NOOR, SEM}
    page = tmp_path / "plan.html"
    shop("plan", "--html", str(page))
    assert '<li dir="auto">Noor Berg</li>' in page.read_text()
    assert not LONG.search(page.read_text())


def test_only_the_beginning_of_a_uuid_names_an_account(shop, tmp_path):
    (tmp_path / "ad" / "1.csv").write_text(FILE + "12345678901;Emma;Bakker;ebakker;;;\n")
    shop("sync")
    assert shop("people", "show", "ad/0640dcc9-a441").code == 0
    for text in ("ad/0640dcc", "ad/12345678", "hr/0640dcc9", "ad/0640dcc9-b"):
        told = shop("people", "show", text)
        assert told.code == 1
        assert f"No account is called {text}" in told.err


def test_two_uuids_with_the_same_beginning_are_told_apart(shop, tmp_path):
    twin = f"{NOOR[:9]}b{NOOR[10:]}"
    (tmp_path / "ad" / "1.csv").write_text(f"{FILE}{twin};Emma;Bakker;ebakker;;;\n")
    shop("sync")
    assert (
        "More than one account begins with ad/0640dcc9" in shop("people", "show", "ad/0640dcc9").err
    )
    assert shop("people", "show", f"ad/{twin[:10]}", "--json").json["name"] == "Emma Bakker"
