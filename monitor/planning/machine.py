"""The right half as a sidecar last wrote it down, read beside it: nothing is locked, and nothing is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.deciding.deciding import Deciding
from monitor.deciding.ledger import Ledger, history
from monitor.deciding.settings import Settings
from monitor.state import stored


@contextmanager
def machine_of(path: Path, settings: Settings) -> Iterator[Deciding]:
    """The machine in a state file, as it would go on with `settings`.

    Raises
    ------
    LeadlineError
        Where the file is not there, cannot be read, or is of another schema.
    """
    with stored(path) as saved:
        deciding = Deciding(settings, lambda name: history(saved.windows(name)))
        Ledger(deciding).restore(saved.decided())
        yield deciding
