"""What hub.yaml may say of personal pages, and what is said when it can't be so."""

import re
from pathlib import Path

import pytest

from hub.contract import Answered, Answers
from hub.registry import Registry
from hub.settings import ConfigProblems, load

HUB = """\
store: sqlite:///hub.db
organisation: Duo+
web: {public_url: "https://hub.example.org/"}
personal:
  login:
    issuer: https://login.example.org/tenant
    client_id: hub
    client_secret: ${env:OIDC_SECRET}
    person:
      - {claim: oid, attribute: key, sources: [desk]}
"""
ENV = {"OIDC_SECRET": "canary-oidc", "DESK_PASSWORD": "desk-secret"}


@pytest.fixture
def loaded(site, desk_yaml):
    def read(text=HUB, **changes):
        for old, new in changes.values():
            assert old in text
            text = text.replace(old, new)
        site.write("hub.yaml", text)
        site.write("connectors/desk.yaml", desk_yaml)
        return site.load(**ENV)

    return read


def test_a_login_with_its_secret_by_reference(loaded):
    settings = loaded()
    assert [str(one) for one in settings.problems] == []
    assert settings.address == "https://hub.example.org"
    assert "canary-oidc" in settings.secrets
    assert "canary" not in repr(settings.hub)
    assert "canary" not in settings.mark
    assert settings.login_http.ca_file is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("https://login", "http://login", "https address"),
        ("/tenant", "/tenant?x=1", "https address"),
        ("${env:OIDC_SECRET}", "typed", "secret"),
        ("attribute: key", "attribute: birth_date", "attribute"),
        ("sources: [desk]", "sources: []", "sources"),
        ("client_id: hub", "client_id: hub\n    ca_file: none.pem", "does not exist"),
        ("personal:", "personal:\n  session: 1m", "5m"),
    ],
)
def test_what_can_not_be_so_is_said(loaded, old, new, said):
    with pytest.raises(ConfigProblems) as caught:
        loaded(changed=(old, new))
    assert said in str(caught.value)
    assert "canary" not in str(caught.value)


def test_what_leaves_a_page_shut_stops_nothing_else(loaded):
    settings = loaded(address=("https://hub.", "http://hub."), source=("[desk]", "[dask]"))
    texts = [str(one) for one in settings.problems]
    assert any("nobody can log in" in text for text in texts)
    assert any("`dask`" in text and "desk" in text for text in texts)
    assert [one.id for one in settings.instances] == ["desk"]


def test_own_tickets_need_a_connector_that_can_be_asked(loaded):
    class Asked:
        async def answer(self, asker: str) -> Answered:
            raise NotImplementedError

    assert issubclass(Asked, Answers)
    more = "  tickets:\n    desk: {attribute: mail, sources: [desk]}\n"
    (problem,) = loaded(HUB + more).problems
    assert "can't be asked" in str(problem)


def test_what_the_how_to_says_can_be_used(tmp_path):
    page = Path(__file__).parents[2] / "docs/howto/personal-pages.md"
    blocks = re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), flags=re.DOTALL)
    desk = [one for one in blocks if "connectors/" in one]
    login, tickets = [one for one in blocks if one not in desk]
    hub = "store: sqlite:///hub.db\norganisation: Voorbeeld\n"
    hub += login + tickets.partition("personal:\n")[2].replace("# sessions", "sessions")
    (tmp_path / "hub.yaml").write_text(hub)
    (tmp_path / "connectors").mkdir()
    (tmp_path / "connectors/servicedesk.yaml").write_text(desk[0].replace("# text", "text"))
    for name in ("hr", "ad"):
        csv = "connector: csv\nsettings: {folder: /srv/hr}\n"
        (tmp_path / f"connectors/{name}.yaml").write_text(csv)
    settings = load(
        tmp_path / "hub.yaml", Registry.discover(), {"OIDC_SECRET": "x", "TOPDESK_PASSWORD": "y"}
    )
    assert [str(one) for one in settings.problems] == []
    assert settings.hub.personal.tickets["servicedesk"].sessions == ("oidc", "device")
