"""A changed source of people from the command line: seen in the plan, held, released by its hash."""

import pytest

FILE = """\
Personeelsnummer;Roepnaam;Achternaam;Gebruikersnaam;Afdeling;Team
1;Noor;Berg;nberg;Zorg;Oost
2;Sem;Visser;svisser;Zorg;West
3;Emma;Bakker;ebakker;Zorg;Noord
4;Daan;Smit;dsmit;Zorg;Zuid
"""
SOURCE = "connector: csv\nmode: live\nsettings:\n  folder: {folder}\n{more}"


@pytest.fixture
def shop(hub, tmp_path):
    """Four people, read once; then their department comes from another column."""
    folder = tmp_path / "winkels"
    folder.mkdir()
    (folder / "1.csv").write_text(FILE)
    hub.hub_yaml(more="language: en\npeople: {accounts: {wiki: manage}}\n" + WIKI)
    hub.instance("winkels", SOURCE.format(folder=folder, more=""))
    assert hub("sync").code in {0, 75}, "nobody listens at the wiki's address"
    hub.instance("winkels", SOURCE.format(folder=folder, more="  columns: {department: Team}\n"))
    return hub


WIKI = """\
targets:
  wiki:
    target: scim
    settings: {url: "http://127.0.0.1:9/scim/v2", token: "${env:WIKI_TOKEN}"}
"""


@pytest.fixture(autouse=True)
def token(monkeypatch):
    monkeypatch.setenv("WIKI_TOKEN", "canary-wiki-token")


def test_the_plan_shows_all_of_it_with_names_and_the_hub_waits(shop, tmp_path):
    page = tmp_path / "plan.html"
    plan = shop("plan", "--people", "--html", str(page))
    assert "Would wait for you" in plan.out
    assert "4 get another `department` together" in plan.out
    assert 'person "Noor Berg", not now: the source is read otherwise' in plan.out
    assert "4 get another" in page.read_text()
    assert not shop("hold", "list", "--json").json, "a plan changes nothing"
    (run,) = shop("sync", "--json").json["runs"]
    assert (run["outcome"], run["counts"]) == ("previewed", {"changed": 4})
    (row,) = shop("hold", "list", "--json").json
    shown = shop("hold", "show", row["hash"])
    assert "people are read otherwise now" in shown.out
    assert "4 x person: department changes" in shown.out
    assert "~ Noor Berg (winkels/1): department" in shown.out
    assert "put the old YAML back" in shown.last
    assert "put the old one back in the YAML" in shop("hold", "drop", row["hash"]).err
    told = shop("people", "show", "winkels/1", "--json").json
    assert told["attributes"]["department"]["value"] == "Zorg"
    assert shop("hold", "release", row["hash"]).code == 0
    told = shop("people", "show", "winkels/1", "--json").json
    assert told["attributes"]["department"]["value"] == "Oost"
    assert not shop("hold", "list", "--json").json
