"""A few threads that share the work of each window: cheaper to wake than a general pool; and when they are worth it."""

import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Final, Generic, TypeVar

Share = TypeVar("Share")
Work = Callable[[int, Share], None]


class Team(Generic[Share]):
    """``size`` threads, the caller's own among them. Work must release Python's lock to run at the same time."""

    def __init__(self, size: int) -> None:
        self._inboxes: list[SimpleQueue[tuple[Work[Share], int, Share] | None]] = []
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()
        for _ in range(size - 1):
            inbox: SimpleQueue[tuple[Work[Share], int, Share] | None] = SimpleQueue()
            self._inboxes.append(inbox)
            threading.Thread(target=_serve, args=(inbox, self._done), daemon=True).start()

    def run(self, work: Work[Share], shares: Sequence[Share]) -> None:
        """Call ``work(number, share)`` for each of at most ``size`` shares; return when all are done.

        Raises what any of them raised. A KeyboardInterrupt passes at once, and then the team is of no more use: the
        caller may have left a lock of the compiler held, for which the others wait, so nobody must wait for them.
        """
        if len(shares) == 1:
            work(0, shares[0])
            return
        for number in range(1, len(shares)):
            self._inboxes[number - 1].put((work, number, shares[number]))
        own: BaseException | None = None
        try:
            work(0, shares[0])
        except Exception as failure:
            own = failure
        for raised in [own, *(self._done.get() for _ in shares[1:])]:
            if raised is not None:
                raise raised

    def __del__(self) -> None:
        """Let the threads go."""
        for inbox in self._inboxes:
            inbox.put(None)


class Aside:
    """A thread that works beside the caller's on one thing at a time."""

    def __init__(self) -> None:
        self._inbox: SimpleQueue[tuple[Work[None], int, None] | None] = SimpleQueue()
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()
        self._busy = False
        threading.Thread(target=_serve, args=(self._inbox, self._done), daemon=True).start()

    def begin(self, work: Callable[[], None]) -> None:
        """Have ``work()`` done; what was begun before has been waited for."""
        self._busy = True
        self._inbox.put((lambda _number, _share: work(), 0, None))

    def wait(self) -> None:
        """Return when it is done, and raise what it raised. An interrupt passes; the work is still to be waited for."""
        if not self._busy:
            return
        raised = self._done.get()
        self._busy = False
        if raised is not None:
            raise raised

    def __del__(self) -> None:
        """Let the thread go."""
        self._inbox.put(None)


def _serve(
    inbox: "SimpleQueue[tuple[Work[Share], int, Share] | None]", done: "SimpleQueue[BaseException | None]"
) -> None:
    while (job := inbox.get()) is not None:
        work, number, share = job
        try:
            work(number, share)
        except BaseException as failure:  # handed to the caller, who raises it
            done.put(failure)
        else:
            done.put(None)
        del job, work, share  # an idle thread must not keep the predictor, which owns the team, alive


class Pace:
    """How many threads are fastest just now: all, half of them and so on, down to one, tried in turn, now and then.

    Waking threads can cost a small network more than sharing saves, and where other programs use the processor threads
    wait for each other. No rule knows; the clock does, which runs while windows are worked on.
    """

    TRIAL: Final = 8
    """Windows of a trial; the first of them, which finds cold caches, does not count."""
    SHORTEST, LONGEST = 64, 4096
    """Windows from one round of trials to the next; they double as long as the outcome is the same."""

    def __init__(self, threads: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self._choices = [threads]
        while self._choices[-1] > 1:
            self._choices.append((self._choices[-1] + 1) // 2)
        self._clock = clock
        self._seconds: list[float] = []
        self._rest = self.SHORTEST
        self._best = 0
        self._at = 0
        self._left = self.TRIAL
        self._spent = 0.0
        self._began = clock()

    @property
    def threads(self) -> int:
        """How many threads are to share the next window."""
        return self._choices[self._at]

    def begin(self) -> None:
        """A window begins: what was done since the one before, such as writing a checkpoint, does not count."""
        self._began = self._clock()

    def lap(self) -> None:
        """The window is done."""
        if len(self._choices) == 1:
            return
        if self._left < self.TRIAL:
            self._spent += self._clock() - self._began
        self._left -= 1
        if self._left:
            return
        if len(self._seconds) == len(self._choices):  # it was a rest
            self._seconds, self._at = [], 0
        else:
            self._seconds.append(self._spent)
            self._at += 1
        self._left, self._spent = self.TRIAL, 0.0
        if len(self._seconds) == len(self._choices):
            best = self._seconds.index(min(self._seconds))
            self._rest = min(2 * self._rest, self.LONGEST) if best == self._best else self.SHORTEST
            self._best = self._at = best
            self._left = self._rest
