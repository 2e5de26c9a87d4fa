"""`hub people add`, `extend`, `end` and `guests`, beside a running hub and without one."""

from datetime import UTC, datetime, timedelta

import pytest

STAFF = """\
Personeelsnummer;Roepnaam;Achternaam;E-mail
1042;Noor;Berg;n.berg@werk.example.org
1043;Sem;Visser;s.visser@werk.example.org
"""
CSV = "connector: csv\nmode: live\nsettings:\n  folder: {folder}\n"
GUESTS = "connector: guests\nmode: {mode}\n"
KIM = ("--given", "Kim", "--infix", "van den", "--family", "Bos", "--mail", "kim@example.org")


def day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


@pytest.fixture
def place(hub, tmp_path):
    """A hub with two people who work here, and an instance that takes guests."""
    hub.hub_yaml()
    folder = tmp_path / "hr"
    folder.mkdir()
    (folder / "personeel.csv").write_text(STAFF)
    hub.instance("hr", CSV.format(folder=folder))
    hub.instance("externen", GUESTS.format(mode="live"))
    assert hub("sync").code == 0
    return hub


def add(place, *more: str, sponsor: str = "noor", until: str = ""):
    given = (*KIM, "--sponsor", sponsor, "--until", until or day(90), *more)
    return place("people", "add", *given)


def test_a_guest_is_added_extended_and_ended(place):
    made = add(place, "--employer", "Loodgieters", "--json").json
    assert (made["name"], made["state"]) == ("Kim van den Bos", "active")
    assert made["sponsor"]["name"] == "Noor Berg"
    number = made["person"][:8]
    longer = place("people", "extend", number, "--until", day(200))
    assert f"lasts until {day(200)} inclusive; Noor Berg vouches" in longer.out
    ended = place("people", "end", number)
    assert "Kim van den Bos ended now" in ended.out
    assert f"hub people extend {number} --until DATE" in ended.last
    assert place("people", "show", number, "--json").json["state"] == "suspended"
    again = place("people", "extend", number, "--until", day(20), "--sponsor", "sem", "--json").json
    assert (again["state"], again["sponsor"]["name"]) == ("expiring", "Sem Visser")
    [row] = place("people", "guests", "--json").json
    assert (row["last_day"], row["employer"]) == (day(20), "Loodgieters")
    [by] = {one["by"] for one in place("people", "history", number, "--json").json} - {
        "hub",
        "externen",
    }
    assert by == place.sql("select actor from audit where action = 'people add'")[0][0]


def test_a_preview_changes_nothing(place):
    seen = add(place, "--preview")
    assert f"would last until {day(90)} inclusive" in seen.out
    assert place("people", "guests", "--json").json == []
    number = add(place, "--json").json["person"][:8]
    told = place("people", "end", number, "--on", day(9), "--preview")
    assert "30 days later deactivated" in told.out
    assert place("people", "guests", "--json").json[0]["last_day"] == day(90)


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"sponsor": "nobody"}, 1, "Nobody is called nobody"),
        ({"until": day(500)}, 1, "12 months at most"),
        ({"until": "next week"}, 2, "write it as 2027-03-31"),
        ({"until": day(-3)}, 1, "is over"),
    ],
    ids=["sponsor", "too long", "no day", "over"],
)
def test_what_can_not_be_is_said_in_words(place, given, code, words):
    said = add(place, **given)
    assert said.code == code
    assert words in " ".join(said.err.replace("│", " ").split())
    assert place("people", "guests", "--json").json == []


def test_without_an_instance_for_guests_it_says_what_to_do(place):
    (place.folder / "connectors" / "externen.yaml").unlink()
    said = add(place)
    assert said.code == 78
    assert "connector: guests" in said.err


def test_in_watch_it_says_that_nothing_is_sent(place):
    place.instance("externen", GUESTS.format(mode="watch"))
    assert "nothing is sent" in add(place).err


def test_a_guest_whose_sponsor_left_is_shown_until_somebody_else_vouches(place, tmp_path):
    number = add(place, "--json").json["person"][:8]
    [(sponsor,)] = place.sql("select id from person where name = 'Noor Berg'")
    place.sql(f"update person set state = 'deactivated' where id = '{sponsor}'")
    status = place("status")
    assert status.code == 1
    assert "guests for whom nobody answers: 1" in status.out
    listed = place("people", "guests", "--without-sponsor")
    assert "nobody" in listed.out
    assert f"hub people extend {number} --until {day(90)} --sponsor PERSON" in listed.last
    assert place("people", "extend", number, "--until", day(90), "--sponsor", "sem").code == 0
    assert place("people", "guests", "--without-sponsor", "--json").json == []


def test_a_disturbance_is_never_given_to_the_instance_for_guests(place):
    place.manual()
    said = place("disturbance", "post", "--title", "Telefonie ligt eruit", "--json").json
    assert said["instance"] == "manual"


def test_beside_a_running_hub_it_takes_the_guest(place, processes):
    running = place.start("run", "--no-web")
    processes.append(running)
    running.until("hub runs")
    assert add(place, "--json").json["state"] == "active"
    assert running.end().code == 0
