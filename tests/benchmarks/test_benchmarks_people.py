"""The measurement of people measures: both sides publish everybody, or it fails."""

from benchmarks import people, plan


async def test_ceiling_and_hub_publish_the_same_persons():
    ((raw, ours),) = await people.measure(count=250, times=1)
    assert raw > 0
    assert ours > 0


def test_a_person_of_the_measurement_has_what_a_directory_says_of_most():
    assert sum(value is not None for value in people.person(7).values()) >= 12


def test_the_plan_that_is_measured_has_a_line_for_everybody(tmp_path):
    plan.fill(tmp_path, 30)
    found = plan.measure(tmp_path)
    assert found["steps"] == 30
    assert found["wall"] > 0
