"""Threads that share work, and the choice of how many."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncompress.compiled.team import Aside, Pace, Team


@pytest.mark.parametrize("size", [1, 2, 5])
def test_every_share_is_worked_on_by_its_own_thread(size: int) -> None:
    """Each share goes once to the thread of its number; the caller's own thread takes the first."""
    team: Team[str] = Team(size)
    done: dict[int, tuple[str, int]] = {}
    shares = list("abcde")[:size]
    for _ in range(3):
        team.run(lambda number, share: done.update({number: (share, threading.get_ident())}), shares)
        assert [done[number][0] for number in range(size)] == shares
    assert done[0][1] == threading.get_ident()
    assert len({thread for _, thread in done.values()}) == size


def test_a_failure_in_any_thread_reaches_the_caller() -> None:
    """The exception of a share is raised by ``run``, after all shares have ended."""
    team: Team[int] = Team(3)
    ended = []

    def work(number: int, share: int) -> None:
        ended.append(number)
        if share == 7:
            raise ValueError("seven")

    for shares in ([7, 0, 0], [0, 0, 7]):
        ended.clear()
        with pytest.raises(ValueError, match="seven"):
            team.run(work, shares)
        assert sorted(ended) == [0, 1, 2]


def test_an_interrupt_waits_for_nobody() -> None:
    """The caller's Ctrl-C passes at once, though another thread waits, for a lock that the caller left held, say."""
    team: Team[int] = Team(2)
    held = threading.Event()

    def work(number: int, share: int) -> None:
        if number == 0:
            raise KeyboardInterrupt
        held.wait(60)

    with pytest.raises(KeyboardInterrupt):
        team.run(work, [0, 1])
    held.set()


def test_work_is_done_beside_the_caller() -> None:
    """The caller goes on; what the work raises comes up where the caller waits, once."""
    aside, begun, ended = Aside(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        ended.wait(60)
        raise ValueError("seven")

    aside.wait()  # for nothing
    aside.begin(work)
    assert begun.wait(60)
    ended.set()
    with pytest.raises(ValueError, match="seven"):
        aside.wait()
    aside.wait()
    aside.begin(lambda: None)
    aside.wait()


def run(pace: Pace, now: list[float], windows: int, seconds: dict[int, float]) -> list[int]:
    """The number of threads of each window, where a window takes so many seconds with so many threads."""
    taken = []
    for _ in range(windows):
        taken.append(pace.threads)
        now[0] += 1000 * (pace.threads > 1)  # a checkpoint between two windows is nobody's fault
        pace.begin()
        now[0] += seconds[pace.threads]
        pace.lap()
    return taken


@settings(max_examples=30, deadline=None)
@given(st.permutations([1.0, 1.1, 0.6, 1.2]))
def test_the_fastest_number_of_threads_is_used(seconds: list[float]) -> None:
    """After a trial of each, the fastest one takes nearly all windows; trials become rare."""
    now = [0.0]
    pace = Pace(7, clock=lambda: now[0])
    takes = dict(zip([7, 4, 2, 1], seconds, strict=True))
    taken = run(pace, now, 20_000, takes)
    assert taken[: 4 * Pace.TRIAL] == [n for n in (7, 4, 2, 1) for _ in range(Pace.TRIAL)]
    assert taken.count(min(takes, key=takes.__getitem__)) > 0.98 * len(taken)


def test_the_choice_follows_the_machine() -> None:
    """When other programs come or go, the other number of threads is found to be faster, after a while."""
    now = [0.0]
    pace = Pace(2, clock=lambda: now[0])
    assert run(pace, now, 10_000, {1: 1.0, 2: 0.6})[-1] == 2
    assert run(pace, now, 10_000, {1: 1.0, 2: 1.5})[-1] == 1
    assert run(pace, now, 10_000, {1: 1.0, 2: 0.6})[-1] == 2


def test_one_thread_needs_no_trials() -> None:
    """With one thread there is nothing to choose."""
    now = [0.0]
    assert set(run(Pace(1, clock=lambda: now[0]), now, 1000, {1: 1.0})) == {1}
