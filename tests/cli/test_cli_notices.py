"""`hub notices`: what waits for a mail server, what went, and what is sent once more."""

from datetime import UTC, datetime, timedelta

import pytest

STAFF = """\
Personeelsnummer;Roepnaam;Achternaam;E-mail
1042;Noor;Berg;n.berg@werk.example.org
1043;Sem;Visser;s.visser@werk.example.org
"""
CSV = "connector: csv\nmode: live\nsettings:\n  folder: {folder}\n"
ALWAYS = "people: {sponsors: {quiet_hours: '00:00-00:00'}}\n"
MAIL = "mail: {{host: 127.0.0.1, port: {port}, security: none, sender: hub@example.org}}\n"


@pytest.fixture
def place(hub, tmp_path):
    """A guest who got another sponsor: that one is to be told, and there is no mail server yet."""
    hub.hub_yaml(more=ALWAYS)
    folder = tmp_path / "hr"
    folder.mkdir()
    (folder / "personeel.csv").write_text(STAFF)
    hub.instance("hr", CSV.format(folder=folder))
    hub.instance("externen", "connector: guests\nmode: live\n")
    assert hub("sync").code == 0
    day = (datetime.now(UTC) + timedelta(days=90)).date().isoformat()
    kim = ("--given", "Kim", "--family", "Bos", "--sponsor", "noor", "--until", day)
    assert hub("people", "add", *kim).code == 0
    assert hub("sync").code == 0
    assert hub("notices", "list", "--json").json == []
    assert hub("people", "extend", "kim", "--until", day, "--sponsor", "sem").code == 0
    assert hub("sync").code == 0
    return hub


def test_what_can_not_be_sent_is_shown_and_goes_once_there_is_a_mail_server(place, mail_sink):
    [row] = place("notices", "list", "--json").json
    assert (row["name"], row["guest"], row["status"]) == ("Sem Visser", "Kim Bos", "waiting")
    assert "mail:" in row["reason"]
    assert "`mail:` in hub.yaml" in place("notices", "list").last
    assert "notices that can't be sent: 1" in place("status").out
    sink = mail_sink()
    place.hub_yaml(more=ALWAYS + MAIL.format(port=sink.port))
    assert place("sync").code == 0
    assert [message["To"] for message in sink.messages] == ["s.visser@werk.example.org"]
    [row] = place("notices", "list", "--json").json
    assert (row["status"], row["reason"]) == ("sent", None)
    assert "notices" not in place("status").out
    looked = place.sql("select count(*) from audit where action = 'people notices'")
    assert looked[0][0] >= 3


def test_what_may_not_have_arrived_is_sent_again_when_somebody_says_so(place, mail_sink):
    sink = mail_sink()
    place.hub_yaml(more=ALWAYS + MAIL.format(port=sink.port))
    place("sync")
    [row] = place("notices", "list", "--json").json
    number = str(row["id"])
    assert place("notices", "again", number).code == 1, "it arrived"
    place.sql(f"update told set status = 'uncertain', told = null where id = {number}")
    assert "notices that may not have arrived: 1" in place("status").out
    assert f"hub notices again {number}" in place("notices", "list").last
    assert place("notices", "again", number).code == 0
    place("sync")
    assert len(sink.messages) == 2
    assert place.sql("select count(*) from audit where action = 'people notices again'")[0][0] == 1
