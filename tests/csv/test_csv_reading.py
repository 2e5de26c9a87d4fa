"""Files as exports really are: encodings, delimiters, titles, cuts, doubles."""

from datetime import UTC, date, datetime

import pytest

from connectors.csv.columns import HEADINGS, KNOWN, folded
from connectors.csv.mapping import day
from connectors.csv.settings import CsvSettings
from hub.contract import Present, Unknown
from hub.errors import BadConfigError, RetryableError
from hub.events.base import Family
from hub.events.person import Person

HEAD = "Personeelsnummer;Roepnaam;Tussenvoegsel;Achternaam;Geboortedatum;Afdeling;Datum uit dienst"
LINES = (
    "1001;Sanne;de;Vries;03-04-1990;Zuivel;",
    "1002;Mehmet;;Öztürk;12-11-2001;Kassa;30-11-2026",
    "1003;Zoë;van den;Bergh;28-02-1984;Slagerij;",
)


def text(*lines, head=HEAD, end="\n"):
    return "\n".join((head, *lines)) + end


async def test_a_row_becomes_a_person(put, read):
    put(text(*LINES))
    records, faults, finished = await read(employer="Voordeelmarkt", external=True)
    assert not faults
    assert len(finished) == 1
    assert records["1002"].payload == Person(
        enabled=True,
        display_name="Mehmet Öztürk",
        given_name="Mehmet",
        family_name="Öztürk",
        birth_date=date(2001, 11, 12),
        employee_number="1002",
        employer="Voordeelmarkt",
        department="Kassa",
        ends=datetime(2026, 11, 30, 23, tzinfo=UTC),  # the last day is worked
        external=True,
    )
    assert records["1003"].payload.display_name == "Zoë van den Bergh"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
async def test_the_encoding_is_found(encoding, put, read):
    put(text(LINES[0], "1003;Zoë;van den;Bergh;28-02-1984;Slagerij;").encode(encoding))
    records, _, _ = await read()
    assert records["1003"].payload.given_name == "Zoë"


async def test_an_encoding_can_be_said(put, read):
    put(text("1003;Zoë;;Bergh;;Café;").encode("cp850"))
    records, _, _ = await read(encoding="cp850")
    assert records["1003"].payload.given_name == "Zoë"


async def test_bytes_that_are_no_letters_are_refused_with_advice(put, read):
    put(text("1003;Zo\x81;;Bergh;;Kassa;").encode("latin-1"))
    with pytest.raises(BadConfigError, match="name its encoding in `encoding`"):
        await read()


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
async def test_the_delimiter_is_found(delimiter, put, read):
    put(text(*LINES).replace(";", delimiter))
    assert len((await read())[0]) == 3


async def test_commas_in_cells_do_not_win_over_the_delimiter(put, read):
    put(text('1004;"Jan, Piet";;"Berg, van den; de";;"A,B,C,D,E,F,G";'))
    assert (await read())[0]["1004"].payload.department == "A,B,C,D,E,F,G"


async def test_titles_above_the_headings_are_skipped(put, read):
    put("Export personeel;;;;;;\nDatum: 21-11-2026;;;;;;\n\n" + text(*LINES))
    assert len((await read())[0]) == 3


async def test_windows_line_ends_and_line_breaks_in_cells(put, read):
    put(text('1004;Jan;;Berg;;"Zuivel\r\nen kaas";', LINES[0]).replace("\n", "\r\n"))
    records, faults, _ = await read()
    assert records["1004"].payload.department == "Zuivel en kaas"
    assert not faults


async def test_every_heading_that_the_hub_knows_means_one_thing():
    every = [folded(one) for headings in HEADINGS.values() for one in headings]
    assert len(every) == len(set(every)) == len(KNOWN)


async def test_other_headings_are_named(put, read):
    put("Ref,Wie\n7,Jansen\n")
    records, _, _ = await read(columns={"family_name": "Wie"}, key=["Ref"])
    assert records["7"].payload.display_name == "Jansen"


async def test_a_heading_that_is_not_there_is_told(put, read):
    put(text(*LINES))
    with pytest.raises(BadConfigError, match="no column `Kostenplaats`; it has `Personeelsnummer`"):
        await read(columns={"title": "Kostenplaats"})


async def test_a_file_without_known_headings_is_told(put, read):
    put("a;b\n1;2\n")
    with pytest.raises(BadConfigError, match="Name the headings in `columns`"):
        await read()


async def test_two_columns_of_one_name_are_told(put, read):
    put("Personeelsnummer;Naam;Naam\n1;a;b\n")
    with pytest.raises(BadConfigError, match="columns of the same name: `Naam`, `Naam`"):
        await read()


async def test_without_a_number_the_key_must_be_said(put, read):
    put("Achternaam;Afdeling\nJansen;Kassa\n")
    with pytest.raises(BadConfigError, match="Write in `key`"):
        await read()


async def test_two_contracts_are_two_accounts(put, read):
    put("Personeelsnummer;Volgnummer;Achternaam\n7;1;Jansen\n7;2;Jansen\n")
    records, faults, _ = await read(key=["Personeelsnummer", "Volgnummer"])
    assert set(records) == {"7/1", "7/2"}
    assert not faults


async def test_a_key_that_stands_twice_is_nobody(put, read):
    put(text(*LINES, "1001;Piet;;Ander;;Kassa;"))
    records, faults, _ = await read()
    assert set(records) == {"1002", "1003"}
    assert [(one.key, one.reason) for one in faults] == [
        ("1001", "the same key stands in the lines 2, 5")
    ]


async def test_a_mail_address_is_no_key(put, read):
    put("Mail;Achternaam\njan@example.org;Jansen\n")
    _, faults, _ = await read(key=["Mail"])
    assert "no key" in faults[0].reason
    assert "jan@" not in faults[0].reason


async def test_a_citizen_service_number_is_never_read(put, read):
    put("Personeelsnummer;BSN;Achternaam\n7;999990019;Jansen\n")
    records, _, _ = await read()
    assert "999990019" not in records["7"].payload.model_dump_json()
    with pytest.raises(ValueError, match="never read"):
        CsvSettings(folder="/srv", key=["Burgerservicenummer"])


async def test_fields_can_be_left_out(put, read):
    put(text(*LINES))
    records, _, _ = await read(ignore=["birth_date"])
    assert records["1001"].payload.birth_date is None


async def test_a_cell_that_is_no_date_is_told_without_quoting_it(put, read):
    put(text(LINES[0], "1002;Mehmet;;Öztürk;31-02-2001;Kassa;"))
    records, faults, _ = await read()
    assert set(records) == {"1001"}
    assert [(one.key, one.reason) for one in faults] == [
        ("1002", "line 3: `Geboortedatum` is no date")
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-04-03", date(2026, 4, 3)),
        ("3-4-2026", date(2026, 4, 3)),
        ("03/04/2026", date(2026, 4, 3)),
        ("20260403", date(2026, 4, 3)),
        ("03-04-2026 00:00:00", date(2026, 4, 3)),
        ("2026-04-03T00:00:00Z", date(2026, 4, 3)),
        ("", None),
        ("31-12-9999", None),
        ("9999-12-31", None),
    ],
)
def test_days_are_read_as_they_are_written(written, meant):
    assert day(written, day_first=True) == meant


def test_months_may_come_first():
    assert day("04/03/2026", day_first=False) == date(2026, 4, 3)


@pytest.mark.parametrize("written", ["3-4-26", "morgen", "31-02-2026", "2026-04-03 08:15"])
def test_what_is_no_day_is_refused(written):
    with pytest.raises(ValueError, match=r"."):
        day(written, day_first=True)


# --- whole or not at all


def cuts():
    whole = text(*LINES).encode()
    return [whole[:place] for place in range(1, len(whole) - 1)]


async def test_wherever_a_file_is_cut_nobody_is_another_person(put, read):
    """A cut on a line's end can't be seen, nor one in the last cell: the threshold is for those."""
    put(text(*LINES))
    whole = (await read())[0]
    for cut in cuts():
        put(cut)
        try:
            records, _, finished = await read()
        except (RetryableError, BadConfigError):
            continue
        assert finished
        lines = cut.decode(errors="replace").count("\n")
        assert set(records) <= set(whole)
        assert len(records) in ({lines - 1} if cut.endswith(b"\n") else {lines - 1, lines})
        assert lines, "headings that were cut off are no list"


async def test_a_promised_last_line_shows_every_cut(put, read):
    put(text(*LINES, "EINDE 3 regels"))
    assert len((await read(last_line="EINDE"))[0]) == 3
    for cut in cuts():
        put(cut)
        with pytest.raises((RetryableError, BadConfigError)):
            await read(last_line="EINDE")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\0\0\0"])
async def test_an_empty_file_is_no_list(content, put, read):
    put(content)
    with pytest.raises(RetryableError, match="empty"):
        await read()


async def test_a_file_of_mostly_broken_lines_is_no_list(put, read):
    put(text(*LINES, "1004;te;kort", "1005;ook"))
    with pytest.raises(RetryableError, match="2 of 5 lines"):
        await read()


async def test_one_broken_line_is_told_and_the_others_come(put, read):
    rows = [f"{number};A;;B;;C;" for number in range(2000, 2010)]
    put(text(*rows[:5], "1004;te;kort", *rows[5:]))
    records, faults, _ = await read()
    assert len(records) == 10
    assert [one.reason for one in faults] == ["line 7 has 3 cells, and there are 7 headings"]


async def test_an_open_quote_is_a_cut(put, read):
    put(text(*LINES, '1004;"Jan;;Berg;;Kassa;'))
    with pytest.raises(RetryableError, match="behind line 4"):
        await read()


async def test_no_file_and_no_folder_are_no_empty_list(tmp_path, read):
    with pytest.raises(RetryableError, match="No file in"):
        await read()
    with pytest.raises(RetryableError, match="There is no folder"):
        await read(folder=tmp_path / "weg")


async def test_a_file_that_is_too_large_is_refused(put, read):
    put(text(*LINES))
    with pytest.raises(BadConfigError, match="most_bytes"):
        await read(most_bytes=50)


async def test_the_newest_file_counts_and_others_are_not_looked_at(put, read):
    put(text(*LINES), "a.csv")
    put(text(LINES[0]), "b.csv")
    put("iets heel anders", "c.txt")
    assert set((await read())[0]) == {"1001"}


# --- looking up


async def test_absence_counts_when_a_second_file_agrees(put, connector):
    put(text(*LINES), "1.csv")
    put(text(*LINES[:2]), "2.csv")
    one = connector()
    assert isinstance(await one.look_up(Family.PERSON, "1001"), Present)
    with pytest.raises(RetryableError, match="before a second one"):
        await one.look_up(Family.PERSON, "1003")
    put(text(LINES[0]), "3.csv")
    assert await one.look_up(Family.PERSON, "1003") == Unknown()
    with pytest.raises(RetryableError, match="before a second one"):
        await one.look_up(Family.PERSON, "1002")


async def test_a_file_of_an_earlier_form_proves_nothing(put, connector):
    put(text(*LINES), "1.csv")
    put("heel;anders\n1;2\n", "2.csv")
    put(text(LINES[0]), "3.csv")
    with pytest.raises(RetryableError, match="before a second one"):
        await connector().look_up(Family.PERSON, "1003")


async def test_managers_are_referred_to_by_number(put, read):
    put("Personeelsnummer;Naam;Leidinggevende\n1;Baas;\n2;Medewerker;1\n3;Ander;baas@example.org\n")
    records, _, _ = await read()
    assert [(one.role, one.namespace, one.value) for one in records["2"].refs] == [
        ("manager", "hr", "1")
    ]
    assert not records["3"].refs


async def test_check_shows_what_was_found(put, connector):
    put(text(*LINES, "1004;Jan;;Berg;morgen;Kassa;", head=HEAD), "1.csv")
    put(text(*LINES, "1004;Jan;;Berg;morgen;Kassa;", head=HEAD), "2.csv")
    found = {one.what: one for one in await connector().check()}
    assert "utf-8, delimiter ;, headings in line 1" in found
    assert found["3 people, 1 lines not understood"].level == "warning"
    assert "line 5: `Geboortedatum` is no date" in found["3 people, 1 lines not understood"].advice
