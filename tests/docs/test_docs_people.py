"""The how-to about persons is followed as it stands."""

import shutil

import pytest

from docs import follow
from hub.people.states import State

PAGE = follow.ROOT / "docs/howto/one-person-many-accounts.md"


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
def test_the_page_is_true():
    assert follow.follow(PAGE, print).faults == []


def test_it_tells_every_state_that_a_person_can_be_in():
    text = PAGE.read_text("utf-8")
    for state in State:
        assert f"\n| {state} | " in text
