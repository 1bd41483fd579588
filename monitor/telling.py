"""Tells the right half something that comes with no traces: it is saved before anyone hears what came of it."""

from collections.abc import Callable

from monitor.deciding.deciding import Entry, Told
from monitor.deciding.judge_drift import Rejudged
from monitor.deciding.ledger import Ledger
from monitor.deciding.releases import Event
from monitor.state import State, Step


class Teller:
    """Any thread may call; it waits its turn beside the assessing thread.

    Parameters
    ----------
    announce
        Hears what came of it.
    clock
        Seconds since 1970.
    """

    def __init__(
        self, ledger: Ledger, state: State, announce: Callable[[Told], None], clock: Callable[[], float]
    ) -> None:
        self._ledger, self._state, self._announce, self.clock = ledger, state, announce, clock

    def deployed(self, event: Event) -> None:
        """A deploy was announced."""
        self._tell(Entry(self.clock(), event=event))

    def rejudged(self, one: Rejudged) -> None:
        """An anchor was judged again."""
        self._tell(Entry(self.clock(), rejudged=(one,)))

    def _tell(self, entry: Entry) -> None:
        with self._ledger.exclusive:
            told, changes = self._ledger.told(entry)
            self._state.save(Step({}, decided=changes))
        self._announce(told)
