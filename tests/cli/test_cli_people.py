"""`hub people`, from two files of people to persons, questions and answers."""

import re

import pytest

HR = """\
Personeelsnummer;Roepnaam;Tussenvoegsel;Achternaam;Geboortedatum;E-mail;Afdeling
1042;Noor;van den;Berg;28-02-1990;n.vandenberg@werk.example.org;Zorg
1043;Sem;;Visser;01-03-1985;;Zorg
"""
ROSTER = """\
Personeelsnummer;Roepnaam;Achternaam;Geboortedatum;Functie
1042;Noor;van den Berg;;Verzorgende
7;Sem;Visser;01-03-1985;Kok
"""
PEOPLE = "people:\n  namespaces: {hr: gemeente, rooster: gemeente}\n"
SOURCE = "connector: csv\nmode: live\nsettings:\n  folder: {folder}\n"


@pytest.fixture
def people(either, tmp_path):
    """Two files of people, read once."""
    either.hub_yaml(more=PEOPLE)
    for name, text in (("hr", HR), ("rooster", ROSTER)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "personeel.csv").write_text(text)
        either.instance(name, SOURCE.format(folder=folder))
    assert either("sync").code == 0
    return either


def ident(people, name: str) -> str:
    (row,) = people("people", "list", "--name", name, "--json").json["persons"]
    return row["id"]


def test_two_files_become_persons_and_one_question(people):
    shown = people("people", "list", "--json").json
    assert [(row["name"], row["accounts"]) for row in shown["persons"]] == [
        ("Noor van den Berg", 2),
        ("Sem Visser", 1),
    ]
    assert (shown["counts"], shown["waiting"]) == ({"active": 2}, 1)
    told = people("people", "list").out
    assert "Noor van den Berg" in told
    assert "hub people review list" in told


def test_a_question_is_shown_in_the_language_of_the_organisation_and_answered(people):
    told = people("people", "review", "list").out
    assert "rooster/7 Sem Visser" in told
    assert "dezelfde geboortedatum" in told
    (row,) = people("people", "review", "list", "--json").json
    assert people("people", "review", "accept", str(row["id"])).code == 0
    assert people("people", "list", "--json").json["waiting"] == 0
    assert "Nothing waits" in people("people", "review", "list").out
    again = people("people", "review", "accept", str(row["id"]))
    assert again.code == 1
    assert "Nothing waits under" in again.err


def test_a_rejected_one_is_a_person_and_can_be_merged_and_taken_apart(people):
    (row,) = people("people", "review", "list", "--json").json
    assert "is " in people("people", "review", "reject", str(row["id"])).out
    both = people("people", "list", "--name", "Visser", "--json").json["persons"]
    assert len(both) == 2
    made = people("people", "merge", *(one["id"] for one in both), "--json").json
    assert people("people", "unmerge", made["merged"][:8]).code == 0
    assert len(people("people", "list", "--name", "Visser", "--json").json["persons"]) == 2


def test_all_that_is_known_of_one_is_shown_and_recorded(people):
    found = people("people", "show", "noor", "--json").json
    assert {one["account"] for one in found["accounts"]} == {"hr/1042", "rooster/1042"}
    assert found["attributes"]["title"]["value"] == "Verzorgende"
    assert "birth_date" not in found["attributes"]
    told = people("people", "show", "n.vandenberg@werk.example.org").out
    assert "personeelsnummer (hetzelfde personeelsnummer" in told
    assert not re.search(r"\b1990\b", told)
    lines = people("people", "history", found["id"][:8], "--json").json
    assert [one["what"] for one in lines if one["by"] not in {"hub", "hr", "rooster"}] == [
        "show",
        "show",
        "history",
    ]
    assert "show" in people("people", "history", "hr/1042").out


def test_an_account_is_linked_by_hand_and_unlinked(people):
    noor = ident(people, "Noor")
    assert people("people", "link", "rooster/7", "sem visser").code == 0
    assert people("people", "link", "rooster/7", noor[:8]).code == 0
    assert len(people("people", "show", noor, "--json").json["accounts"]) == 3
    assert people("people", "unlink", "rooster/7").code == 0
    assert len(people("people", "show", noor, "--json").json["accounts"]) == 2


def test_all_that_is_held_of_one_is_written_as_one_document(people):
    found = people("people", "export", "noor").json
    assert found["person"]["name"] == "Noor van den Berg"
    assert found["accounts"][0]["source_says"]["birth_date"] == "1990-02-28"


def test_who_is_forgotten_is_gone_from_the_files_and_from_every_page(people):
    shown = people("people", "forget", "noor")
    assert "Would be forgotten" in shown.out
    assert people("people", "list", "--name", "Noor", "--json").json["persons"] != []
    done = people("people", "forget", "noor", "--yes")
    assert "hr/1042 is still in its source" in done.err
    assert "backups" in done.last
    assert people("sync").code == 0
    assert people("people", "list", "--name", "Noor", "--json").json["persons"] == []
    for path in people.folder.glob("hub.db*"):
        assert b"Noor" not in path.read_bytes(), path.name
    for words in (("events", "--json"), ("status", "--json"), ("plan", "--json")):
        assert "Noor" not in people(*words).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "nobody"), "Nobody is called nobody"),
        (("link", "hr/none", "noor"), "No account is called hr/none"),
        (("merge", "noor", "noor"), "the same person already"),
        (("unmerge", "noor"), "Nobody is called noor"),
        (("show", "e"), "more than one person"),
    ],
    ids=str,
)
def test_what_can_not_be_done_is_said_with_what_to_do(people, words, said):
    shown = people("people", *words)
    assert shown.code == 1
    assert said in shown.err
    assert "what to do:" in shown.err


def test_a_person_whose_name_is_nobody_s_instance_is_told_by_the_check(hub):
    hub.hub_yaml(more="people:\n  authority: [hrr]\n  authority_of: {phone: [manual]}\n")
    hub.manual()
    shown = hub("check")
    assert "names the instance `hrr`, which does not exist" in shown.out + shown.err
    assert "`manual`" in shown.out + shown.err


@pytest.mark.parametrize("words", [("list",), ("accept",), ("reject",)])
def test_questions_have_help_with_examples(hub, words):
    shown = hub("people", "review", *words, "--help", config=False)
    assert shown.code == 0
    assert f"hub people review {words[0]}" in shown.out.split("Examples:")[1]
    assert "--config FILE" in shown.out
    assert "--json" in shown.out
