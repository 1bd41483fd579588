"""State files as a sidecar leaves them, of made-up traffic."""

from collections.abc import Sequence
from pathlib import Path

from monitor.config_alerts import Alert
from monitor.deciding.deciding import Deciding
from monitor.deciding.ledger import Ledger, history
from monitor.deciding.observation import Observation
from monitor.deciding.settings import Settings
from monitor.state import State, Step
from tests.monitor.deciding.traffic import entries


def write_state(path: Path, observations: Sequence[Observation], *alerts: Alert) -> Path:
    """What a sidecar with these alerts has written down after these traces."""
    state = State(path)
    deciding = Deciding(
        Settings({one.called: one for one in alerts or (Alert(),)}), lambda name: history(state.windows(name))
    )
    ledger = Ledger(deciding)
    for entry in entries(observations):
        state.save(Step({}, decided=ledger.told(entry)[1]))
    state.close()
    return path
