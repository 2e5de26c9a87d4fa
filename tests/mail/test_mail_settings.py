"""What hub.yaml may say of mail, and what `hub check` says of the server."""

import json

import pytest

from hub.cli import main
from hub.registry import Group, Registry
from hub.settings import ConfigProblems, load

HEAD = "store: sqlite:///hub.db\norganisation: Gemeente Voorbeeld\n"
SECRET = "hush-hush-hush"


def loaded(folder, line, **env):
    path = folder / "hub.yaml"
    path.write_text(HEAD + line + "\n")
    registry = Registry.discover(groups=(Group.CONNECTORS, Group.TARGETS))
    return load(path, registry, env)


def test_without_it_no_mail_is_sent(tmp_path):
    assert loaded(tmp_path, "").mail is None


@pytest.mark.parametrize(
    ("security", "port"), [("", 587), (", security: starttls", 587), (", security: tls", 465)]
)
def test_the_port_follows_from_the_security(tmp_path, security, port):
    line = f"mail: {{host: mail.example.org, sender: hub@example.org{security}}}"
    assert loaded(tmp_path, line).mail.port == port


def test_the_password_is_secret_and_the_server_no_part_of_what_processes_agree_on(tmp_path):
    line = (
        "mail: {host: mail.example.org, sender: hub@example.org, user: hub, "
        "password: '${env:MAIL_PASSWORD}'}"
    )
    found = loaded(tmp_path, line, MAIL_PASSWORD=SECRET)
    assert found.mail.password == SECRET
    assert SECRET in found.secrets
    assert SECRET not in repr(found) + repr(found.mail)
    assert found.mark == loaded(tmp_path, "").mark


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("host: mail.example.org, security: none", "without encryption to another machine"),
        ("host: 'https://mail.example.org'", "must be a name such as"),
        ("host: mail.example.org, user: hub", "only one of"),
        ("host: mail.example.org, user: hub, password: hush-hush-hush", "must not stand in"),
        ("host: mail.example.org, ca_file: gone.pem", "does not exist"),
        ("host: mail.example.org, port: 0", "at least 1"),
        ("host: mail.example.org, security: maybe", "`starttls`"),
        ("host: 'mail.example.org\\r\\nX: y'", "must be a name"),
    ],
)
def test_what_cannot_be_is_said(tmp_path, given, said):
    with pytest.raises(ConfigProblems) as caught:
        loaded(tmp_path, f"mail: {{sender: hub@example.org, {given}}}")
    assert said in str(caught.value).replace("'", "`")
    assert "hub.yaml:3" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("sender", ["hub", "Hub <hub@example.org>", "hub@example.org, x@y.org"])
def test_a_sender_is_an_address(tmp_path, sender):
    with pytest.raises(ConfigProblems, match="must be a mail address"):
        loaded(tmp_path, f"mail: {{host: mail.example.org, sender: '{sender}'}}")


@pytest.mark.parametrize("password", [SECRET, "wrong-wrong-wrong"])
def test_check_tries_the_login_and_sends_nothing(
    mail_sink, tmp_path, capsys, monkeypatch, password
):
    sink = mail_sink(login=True)
    monkeypatch.setenv("MAIL_PASSWORD", password)
    (tmp_path / "hub.yaml").write_text(
        f"{HEAD}mail: {{host: 127.0.0.1, port: {sink.port}, security: none, "
        "sender: hub@example.org, user: hub, password: '${env:MAIL_PASSWORD}'}\n"
    )
    good = password == SECRET
    words = ["check", "--json", "--config", str(tmp_path / "hub.yaml")]
    with pytest.raises(SystemExit) as ended:
        main(words)
    said = capsys.readouterr().out
    [found] = json.loads(said)["findings"]["mail"]
    assert (ended.value.code, found["level"]) == ((0, "ok") if good else (1, "failed"))
    assert (sink.logins, sink.messages) == ([("PLAIN", good)], [])
    assert password not in said
    with pytest.raises(SystemExit) as ended:
        main([*words, "--offline"])
    assert ended.value.code == 0
    assert len(sink.logins) == 1
