"""Two `hub run` on one PostgreSQL: shared, killed, stopped past their lease, stopped politely."""

import signal
import time

import pytest
from soak_processes import INSTANCES, LEASE, PATIENCE, Cluster, cluster, pids_of_status, until


@pytest.fixture
def two(tmp_path, postgres_url):
    """Two processes at work, each with its share."""
    with cluster(tmp_path, postgres_url) as made:
        made.start()
        made.start()
        until(lambda: shared(made))
        yield made


def shared(world: Cluster) -> bool:
    shares = [
        sum(":" in n and n.startswith("instance:") for n in s) for s in world.owned().values()
    ]
    return sorted(shares) == [2, 2]


def partner(world: Cluster, pid: int):
    return next(one for one in world.processes if one.runs and one.pid != pid)


def owner_of(world: Cluster, name: str):
    (pid,) = [pid for pid, names in world.owned().items() if name in names]
    return next(one for one in world.processes if one.pid == pid)


def all_owned_by(world: Cluster, pid: int) -> bool:
    return len(world.owned().get(pid, ())) >= len(INSTANCES) + 1


def whole(world: Cluster) -> None:
    """Nothing lost, nothing doubled."""
    until(world.complete)
    assert world.doubled() == []


@pytest.mark.timeout(600)
def test_two_share_and_one_takes_over_from_the_other(two):
    for number in range(3):
        two.major(f"Storing {number}")
    done = two.command("sync", "--json")
    assert done.returncode == 0, done.stderr
    assert two.complete(), "a sync asks every process for its part"
    shares = pids_of_status(two.status())
    assert sorted(name for names in shares.values() for name in names) == sorted(INSTANCES)

    killed = owner_of(two, "target:intranet")
    other = partner(two, killed.pid)
    key = two.major("Storing bij de klap")
    killed.signal(signal.SIGKILL)
    killed.wait()
    two.rename(key, "Storing na de klap")
    until(lambda: all_owned_by(two, other.pid))
    whole(two)

    fresh = two.start()
    until(lambda: shared(two))
    two.major("Storing bij het afscheid")
    other.signal(signal.SIGTERM)
    assert other.wait() == 0, other.said
    until(lambda: all_owned_by(two, fresh.pid), LEASE * 4)
    whole(two)


@pytest.mark.timeout(600)
def test_a_process_stopped_past_its_lease_and_continued_writes_nothing(two):
    two.major("Storing vooraf")
    whole(two)
    zombie = owner_of(two, "target:intranet")
    other = partner(two, zombie.pid)
    zombie.signal(signal.SIGSTOP)
    two.major("Storing tijdens de stilstand")
    until(lambda: all_owned_by(two, other.pid))
    whole(two)
    other.signal(signal.SIGTERM)  # so that nobody but the zombie could write
    assert other.wait() == 0, other.said
    before = two.contents()
    zombie.signal(signal.SIGCONT)
    assert zombie.wait() == 75, zombie.said
    assert "stood still for longer than its lease" in zombie.said
    assert two.contents() == before
    two.start()
    two.major("Storing achteraf")
    whole(two)


@pytest.mark.timeout(1500)
def test_one_is_killed_every_few_seconds(tmp_path, postgres_url, size, figure):
    kills = 0
    with cluster(tmp_path, postgres_url) as world:
        world.start()
        world.start()
        end = time.monotonic() + size.seconds(short=1, full=300)
        while time.monotonic() < end:
            key = world.major(f"Storing {kills}")
            time.sleep(min(LEASE / 2, end - time.monotonic()) if size.full else 0.5)
            victim = world.processes[-1 if kills % 2 else -2]
            victim.signal(signal.SIGSTOP if kills % 5 == 4 else signal.SIGKILL)
            world.rename(key, f"Storing {kills}, anders")
            world.start()
            victim.close()
            kills += 1
            if kills % 5 == 0:
                whole(world)
        until(world.complete, PATIENCE + 4 * LEASE)
        assert world.doubled() == []
        items = sum(world.shown().values())
    figure("one of two processes killed", kills=kills, items=items, lost=0, doubled=0)
