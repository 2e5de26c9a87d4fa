"""What hub.yaml may say of personal pages, and what is said when it can't be so."""

import pytest

from hub.contract import Answered, Answers
from hub.settings import ConfigProblems

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
    def load(text=HUB, **changes):
        for old, new in changes.values():
            assert old in text
            text = text.replace(old, new)
        site.write("hub.yaml", text)
        site.write("connectors/desk.yaml", desk_yaml)
        return site.load(**ENV)

    return load


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
