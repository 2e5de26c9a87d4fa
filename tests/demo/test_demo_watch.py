"""What the demo judges by: rows of a page, the promised minute, the shared clock."""

import socket
from datetime import UTC, datetime, timedelta

import pytest

from hub.errors import BadConfigError
from hub.registry import Registry
from hub.sandbox.demo.clock import DemoClock
from hub.sandbox.demo.pages import canaries_in, rows
from hub.sandbox.demo.serving import own
from hub.sandbox.demo.stage import find_stage
from hub.sandbox.demo.watch import Watch

T0 = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


@pytest.fixture
def watch():
    made = Watch(T0)
    made.expect({"a": "open"}, T0)
    return made


def test_a_row_in_time_is_a_delay_and_no_loss(watch):
    watch.look({}, later(20))
    watch.look({"a": "open"}, later(50))
    watch.look({"a": "open"}, later(80))
    assert watch.delays == [timedelta(seconds=50)]
    assert not watch.lost
    assert not watch.wrong


@pytest.mark.parametrize(("seconds", "lost"), [(59, 0), (60, 1), (300, 1)])
def test_a_row_that_is_missing_after_a_minute_is_lost(watch, seconds, lost):
    watch.look({}, later(seconds))
    assert len(watch.lost) == lost


def test_a_loss_counts_once_however_often_it_is_seen(watch):
    for seconds in (60, 90, 120):
        watch.look({}, later(seconds))
    assert watch.lost == {("a", T0)}


@pytest.mark.parametrize(("seconds", "wrong"), [(60, 0), (61, 1)])
@pytest.mark.parametrize("wanted", [{}, {"a": "solved"}])
def test_a_row_that_should_have_gone_or_changed_is_wrong_after_a_minute(
    watch, wanted, seconds, wrong
):
    watch.look({"a": "open"}, later(0))
    watch.expect(wanted, later(0))
    watch.look({"a": "open"}, later(seconds))
    assert len(watch.wrong) == wrong


def test_a_row_that_nobody_expected_is_wrong(watch):
    watch.look({"a": "open", "stranger": "open"}, later(61))
    assert {key for key, _ in watch.wrong} == {"stranger"}


def test_a_reopened_row_counts_anew(watch):
    watch.look({"a": "open"}, later(10))
    watch.expect({}, later(100))
    watch.expect({"a": "open"}, later(200))
    watch.look({}, later(270))
    assert watch.lost == {("a", later(200))}


def test_rows_are_read_from_a_page_with_their_state():
    page = (
        '<li class="row open" data-tile-item="disturbances.everyone.desk.k-1"><h3>x</h3></li>'
        '<li data-tile-item="disturbances.everyone.desk.k-2.1" class="row solved">y</li>'
        '<li class="row open" data-tile-item="odd">z</li>'
    )
    assert rows(page) == {"k-1": "open", "k-2": "solved", "odd": "open"}


@pytest.mark.parametrize("page", ["<p>bel JAN de wit</p>", "<p>bel &#74;an de Wit</p>"])
def test_a_private_text_is_found_in_any_case_and_escaped(page):
    assert canaries_in(page, ["Jan de Wit", "06-12345678"]) == ["Jan de Wit"]


def test_the_clock_stands_still_until_it_is_moved_or_paced():
    real = [0.0]
    clock = DemoClock(T0, monotonic=lambda: real[0])
    real[0] = 5.0
    assert clock.now() == T0
    assert clock.advance(30) == later(30)
    clock.pace(20)
    real[0] = 6.0
    assert clock.now() == later(50)
    clock.pace(0)
    real[0] = 9.0
    assert clock.now() == later(50)


def test_a_taken_port_says_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadConfigError, match=rf"Port {port} .* another `--port-base`"):
            own(port)


def test_a_missing_service_desk_says_what_to_do():
    with pytest.raises(BadConfigError, match="install intranet-hub again"):
        find_stage(Registry(()))
