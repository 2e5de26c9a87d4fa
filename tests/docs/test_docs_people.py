"""The how-tos about persons are followed as they stand."""

import shutil

import pytest

from docs import follow
from hub.people.states import State

PAGE = follow.ROOT / "docs/howto/one-person-many-accounts.md"
WITHOUT = follow.ROOT / "docs/howto/people-without-an-account.md"
EXTERNAL = follow.ROOT / "docs/howto/external-staff.md"
PUSHED = follow.ROOT / "docs/howto/push-people.md"
PAGES = [PAGE, WITHOUT, EXTERNAL, PUSHED]


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_is_true(page):
    assert follow.follow(page, print).faults == []


def test_it_tells_every_state_that_a_person_can_be_in():
    text = PAGE.read_text("utf-8")
    for state in State:
        assert f"\n| {state} | " in text
