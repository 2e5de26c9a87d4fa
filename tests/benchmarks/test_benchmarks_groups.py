"""The measurement of groups measures: everybody stands in every group, or it fails."""

from benchmarks import groups


async def test_everybody_is_published_and_one_more_comes_by_a_delta():
    took = await groups.measure(count=60, groups=40)
    assert took.objects == 60 + 40 + 60 * groups.EACH
    assert min(took.read, took.again, took.delivered, took.change) > 0


def test_the_closure_of_the_measurement_is_closed():
    assert groups.closure(links=1000, groups=10) > 0
