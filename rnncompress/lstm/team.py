"""A few threads that share the work of each step: cheaper to wake than a general pool."""

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Generic, TypeVar

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
        """Call ``work(number, share)`` for each of at most ``size`` shares; return when all are done."""
        for number in range(1, len(shares)):
            self._inboxes[number - 1].put((work, number, shares[number]))
        try:
            work(0, shares[0])
        finally:
            failures = [self._done.get() for _ in shares[1:]]
        for failure in failures:
            if failure is not None:
                raise failure

    def __del__(self) -> None:
        """Let the threads go."""
        for inbox in self._inboxes:
            inbox.put(None)


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
