"""How an account stands is told from what is stored without reading all of it: the same answer."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadConfigError
from hub.events.payloads import dump
from hub.events.person import Person
from hub.people.reasons import Stands, stands
from hub.people.standing import account_of, term_of

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
NEAR = st.timedeltas(timedelta(days=-3), timedelta(days=3)) | st.just(timedelta(0))
MOMENTS = st.none() | NEAR.map(lambda some: NOW + some)


def stored(person, version=Person.version):
    row = {"subject": 1, "instance": "ad", "version": version, "state": dump(person)}
    return SimpleNamespace(**row, removed_at=None)


@given(st.booleans(), MOMENTS, MOMENTS)
def test_an_account_stands_as_the_whole_of_it_says(enabled, starts, ends):
    row = stored(Person(enabled=enabled, display_name="Noor", starts=starts, ends=ends))
    whole = account_of(row).payload
    found = stands(term_of(row.version, row.state), NOW)
    assert found == stands(whole, NOW)
    expected = {
        Stands.ENDED: ends is not None and ends <= NOW,
        Stands.DISABLED: not enabled,
        Stands.TO_COME: starts is not None and starts > NOW,
        Stands.IN_FORCE: True,
    }
    assert found["stands"] == next(one for one, holds in expected.items() if holds)


def test_an_account_that_is_gone_stands_as_such():
    assert stands(None, NOW) == {"stands": "gone"}


def test_what_a_newer_hub_stored_is_not_read():
    row = stored(Person(enabled=True, display_name="Noor"), Person.version + 1)
    with pytest.raises(BadConfigError, match="update intranet-hub"):
        term_of(row.version, row.state)
