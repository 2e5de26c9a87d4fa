"""The measurement of people measures: both sides publish everybody, or it fails."""

from benchmarks import people


async def test_ceiling_and_hub_publish_the_same_persons():
    ((raw, ours),) = await people.measure(count=250, times=1)
    assert raw > 0
    assert ours > 0


def test_a_person_of_the_measurement_has_what_a_directory_says_of_most():
    assert sum(value is not None for value in people.person(7).values()) >= 12
