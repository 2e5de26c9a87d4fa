"""`hub people import`: looked at, stored, refused; beside a running hub and without."""

import json
import re

import pytest

HEAD = "Personeelsnummer;Roepnaam;Tussenvoegsel;Achternaam;Geboortedatum;Filiaal\n"
NOOR, SEM = "1042;Noor;van den;Berg;28-02-1990;Diemen\n", "1043;Sem;;Visser;01-03-1985;Weesp\n"
SHOPS = "connector: csv\nmode: live\nsettings:\n  by: upload\n"
FOLDER = "connector: csv\nmode: live\nsettings:\n  folder: {folder}\n"
PEOPLE = "people:\n  namespaces: {hr: bedrijf, winkels: bedrijf}\n"


@pytest.fixture
def shops(hub, tmp_path):
    """A list that is brought, and a folder with somebody who stands in it too."""
    hub.hub_yaml(more=PEOPLE)
    hub.instance("winkels", SHOPS)
    folder = tmp_path / "hr"
    folder.mkdir()
    (folder / "1.csv").write_text(HEAD + SEM)
    hub.instance("hr", FOLDER.format(folder=folder))
    return hub


@pytest.fixture
def put(tmp_path):
    def one(text, name="people.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return one


def test_it_is_looked_at_and_stored_and_looked_at_again(shops, put):
    assert shops("sync", "hr").code == 0
    path = put(HEAD + NOOR + SEM + "1044;Emma;;Bakker;nooit;Diemen\n")
    told = shops("people", "import", path, "--preview")
    assert told.code == 0
    assert "For winkels (mode live); nothing is stored." in told.out
    assert "utf-8, delimiter ;, headings in line 1, 3 rows" in told.out
    assert "Roepnaam" in told.out
    assert "personeelsnummer, de sleutel van een rij" in told.out
    assert "line 4: `Geboortedatum` is no date" in told.out
    assert "Noor van den Berg (winkels/1042)" in told.out
    assert "personeelsnummer (hetzelfde personeelsnummer" in told.out
    assert told.last.endswith("--instance winkels --yes` stores it.")
    assert not re.search(r"\b1990\b", told.out)
    assert [row["name"] for row in shops("people", "list", "--json").json["persons"]] == [
        "Sem Visser"
    ]
    stored = shops("people", "import", path, "--yes", "--json").json
    assert (stored["outcome"], stored["counts"]["new"]) == ("complete", 2)
    assert len(shops("people", "list", "--json").json["persons"]) == 2
    assert "Nothing changed" in shops("people", "import", path, "--yes").out
    assert "the file that was taken last" in shops("people", "import", path).last


def test_a_preview_is_one_document_and_one_page(shops, put, tmp_path):
    page = tmp_path / "preview.html"
    words = ("people", "import", put(HEAD + NOOR), "--html", str(page), "--language", "en")
    found = shops(*words, "--json").json
    assert found["counts"]["new"] == 1
    assert found["columns"][0] == {"heading": "Personeelsnummer", "field": "employee_number"}
    text = page.read_text("utf-8")
    assert "What this file would do" in text
    assert "Noor van den Berg" in text
    assert "<form" not in text
    assert "form-action &#39;none&#39;" in text
    assert not shops.store.exists()


def test_what_a_file_for_a_folder_would_do_is_shown_but_not_stored(shops, put):
    path = put(HEAD + NOOR)
    assert shops("sync", "hr").code == 0
    found = shops("people", "import", path, "--instance", "hr", "--json").json
    assert found["absent"] == [{"account": "hr/1043", "name": "Sem Visser", "follows": "nothing"}]
    assert "hub sync hr" in shops("people", "import", path, "--instance", "hr").last
    refused = shops("people", "import", path, "--instance", "hr", "--yes")
    assert refused.code == 78
    assert "put the file there" in refused.err


def test_who_looked_and_who_brought_it_stands_in_the_trail(shops, put):
    path = put(HEAD + SEM)
    assert shops("sync", "hr").code == 0
    assert shops("people", "import", path).code == 0
    assert shops("people", "import", path, "--yes").code == 0
    rows = shops("audit", "search", "--json").json
    named = [row["action"] for row in (rows["rows"] if isinstance(rows, dict) else rows)]
    assert {"people import", "people import preview"} <= set(named)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + bytes(range(99)), "CSV UTF-8"),
        (HEAD + '1;"Noor', "breaks off"),
        (HEAD.replace(";", "#") + NOOR, "No line with headings"),
        (HEAD.replace("Personeelsnummer", "Volgnr") + NOOR, "names a row for good"),
    ],
    ids=["empty", "xlsx", "cut", "delimiter", "no key"],
)
@pytest.mark.parametrize("more", [("--preview",), ("--yes",)])
def test_a_wrong_file_is_refused_in_plain_words_and_nothing_is_stored(
    shops, put, content, said, more
):
    told = shops("people", "import", put(content), *more)
    assert told.code == 1
    assert said in told.err
    assert not shops.store.exists()


def test_an_instance_is_named_where_it_can_be_of_several(shops, put):
    path = put(HEAD + NOOR)
    shops.instance("keuken", SHOPS)
    told = shops("people", "import", path, "--yes")
    assert (told.code, "--instance keuken|winkels" in told.err) == (78, True)
    assert shops("people", "import", path, "--yes", "--instance", "keuken").code == 0
    told = shops("people", "import", path, "--instance", "bakkerij")
    assert (told.code, "there are: hr, keuken, winkels" in told.err) == (78, True)
    assert shops("people", "import", path, "--yes", "--preview").code == 2
    assert shops("people", "import", path + "x").code == 2


def test_without_an_instance_for_files_it_says_how_to_get_one(hub, put):
    hub.manual()
    told = hub("people", "import", put(HEAD + NOOR))
    assert (told.code, "by: upload" in told.err) == (78, True)


def test_a_door_for_a_folder_is_a_mistake_and_the_page_of_an_upload_is_shown(
    shops, tmp_path, monkeypatch
):
    monkeypatch.setenv("SENDER_SECRET", "0123456789-canary-sender")
    door = "receive: {secret: '${env:SENDER_SECRET}'}\n"
    shops.instance("winkels", door + SHOPS)
    found = json.loads(shops("check", "--json").out)["findings"]["instance winkels"]
    assert {"receive", "page"} <= {one["what"].partition(":")[0] for one in found}
    shops.instance("hr", door + FOLDER.format(folder=tmp_path / "hr"))
    told = shops("check", "--offline", "--json")
    assert (told.code, told.json["problems"][0]["where"]) == (78, "receive")


def test_beside_a_running_hub_it_takes_the_file_and_the_request_keeps_nothing(
    either, put, processes
):
    either.instance("winkels", SHOPS)
    process = either.start("run", "--no-web")
    processes.append(process)
    process.until("Next: ")
    path = put(HEAD + NOOR)
    assert either("people", "import", path, "--json").json["counts"]["new"] == 1
    stored = either("people", "import", path, "--yes", "--json").json
    assert stored["counts"]["new"] == 1
    ((body, done),) = either.sql("select body, done_at from request where action = 'import'")
    assert (body in ("{}", {}), done is not None) == (True, True)
    assert [row["name"] for row in either("people", "list", "--json").json["persons"]] == [
        "Noor van den Berg"
    ]
    assert process.end().code == 0


def test_under_changed_settings_it_waits_for_a_release_and_comes_again(shops, put):
    shops.instance("hr", SHOPS.replace("live", "watch"))
    path = put(HEAD + NOOR + SEM)
    assert shops("people", "import", path, "--instance", "winkels", "--yes").code == 0
    shops.instance("winkels", SHOPS + "  ignore: [birth_date]\n")
    words = ("people", "import", path, "--instance", "winkels")
    told = shops(*words)
    assert "De instellingen van deze lijst zijn gewijzigd" in told.out
    assert "geboortedatum: gewijzigd, wordt niet getoond" in told.out
    waits = shops(*words, "--yes")
    assert (waits.code, "nothing is stored" in waits.err) == (0, True)
    (hold,) = shops("hold", "list", "--json").json
    released = shops("hold", "release", hold["hash"])
    assert released.code == 0
    stored = shops(*words, "--yes", "--json").json
    assert (stored["outcome"], stored["counts"]["accepted"]) == ("complete", 2)


def test_a_preview_of_too_many_rows_that_can_t_be_read_says_which(shops, put):
    path = put(HEAD + "".join(f";Noor;;Berg{n};;Diemen\n" for n in range(60)))
    told = shops("people", "import", path, "--preview")
    assert told.code == 1
    assert "line 2: `Personeelsnummer` is empty" in told.out
    assert "and 10 more" in told.out
    assert "60 rows can't be understood, which is too many" in told.err
    assert "dead-letters" not in told.err, "nothing of it is stored there"
    assert not shops.store.exists()
