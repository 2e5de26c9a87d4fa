"""The connector suite: own tickets of the person who looks, and never anybody else's."""

import pytest

from hub.contract import Answered, Answers
from hub.errors import HubError, RejectedError
from hub.testing.bench import Bench
from hub.testing.leaks import error_texts, leaked
from hub.testing.suite_shape import ConnectorSuite

NOBODY = "nobody-1d6f0c"


class AnsweringTests(ConnectorSuite):
    """For connectors that answer."""

    async def test_a_person_gets_their_own_and_nothing_else(self) -> None:
        """All of them, and the same ones each time."""
        async with self.open() as bench:
            asker, numbers = _own(bench, 3)
            first, second = await _answer(bench, asker), await _answer(bench, asker)
            assert sorted(one.number for one in first.tickets) == sorted(numbers)
            assert first == second, "asked twice, answered otherwise"
            for one in first.tickets:
                assert one.number, "people ask after a ticket by its number"
                assert one.opened_at.tzinfo is not None
                assert one.changed_at.tzinfo is not None

    async def test_one_who_is_not_known_is_refused_with_a_reason(self) -> None:
        """An empty list would say that there are none."""
        async with self.open() as bench:
            _own(bench, 1)
            with pytest.raises(RejectedError) as caught:
                await _answer(bench, NOBODY)
            assert NOBODY not in str(caught.value), "what is known of a person is in no message"

    async def test_a_source_that_sends_everybodys_is_not_believed(self) -> None:
        """One row of somebody else, and the whole answer is dropped."""
        async with self.open() as bench:
            asker, _ = _own(bench, 2)
            bench.world.answer_unasked()
            with pytest.raises(HubError):
                await _answer(bench, asker)

    async def test_each_fault_is_an_error_and_no_empty_list(self) -> None:
        """A login page or a time-out says nothing about anybody's tickets."""
        async with self.open() as bench:
            asker, _ = _own(bench, 2)
            for fault, expected in bench.world.faults.items():
                bench.world.fail(fault)
                with pytest.raises(HubError) as caught:
                    await _answer(bench, asker)
                bench.world.heal()
                assert isinstance(caught.value, expected), f"{fault} became {caught.value!r}"
                texts = list(error_texts(caught.value))
                assert not leaked((*bench.world.secrets, asker), texts), f"{fault} tells too much"


def _own(bench: Bench, count: int) -> tuple[str, list[str]]:
    connector = bench.connector()
    if not isinstance(connector, Answers):
        pytest.skip(f"{connector.name} can't be asked about anybody's tickets")
    asker, numbers = bench.world.own(count)
    return asker, list(numbers)


async def _answer(bench: Bench, asker: str) -> Answered:
    connector = bench.connector()
    assert isinstance(connector, Answers)
    return await connector.answer(asker)
