"""What the device says of its own reading of visitors: the ledger on base/privacy, and the history of its switch."""

import logging
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from edge_agent.anonymise import CameraLedger, Gate, exact_epsilon, privacy_message
from edge_agent.clock import Clock
from edge_agent.config import Config
from edge_agent.message import instant
from edge_agent.outbox import History, note_switches

_log = logging.getLogger(__name__)


class Ledger:
    """Writes down at the start which cameras were switched on or off, and says what is on and what it has cost."""

    def __init__(self, config: Config, folder: Path, clock: Clock) -> None:
        """Note what changed since the last start; a history that cannot be written is reported, counting goes on."""
        self._config = config
        self._clock = clock
        self._zone = ZoneInfo(config.site.time_zone)
        states = {camera.name: camera.demographics for camera in config.camera}
        try:
            self._history = note_switches(folder, states, at=instant(clock.utc()), synced=clock.is_synced())
        except OSError as error:
            _log.error("%s: the history of demographics cannot be written: %s", folder, error.strerror)
            self._history = History((), ())

    def payload(self, gates: Iterable[tuple[str, Gate | None]]) -> bytes:
        """Return the payload of base/privacy; `gates` are those of the cameras, None before they have started."""
        site, privacy = self._config.site, self._config.privacy
        today = datetime.fromtimestamp(self._clock.utc(), self._zone).date()
        spent = {name: gate.spent_micro(today) for name, gate in gates if gate is not None}
        return privacy_message(
            tenant=site.tenant,
            site=site.site,
            device=site.device,
            day=today,
            k=privacy.k,
            epsilon_per_day=exact_epsilon(privacy.epsilon_per_day),
            cameras=[
                CameraLedger(
                    camera.name,
                    on=camera.demographics,
                    notice=camera.notice_date,
                    since=self._since(camera.name),
                    spent_micro=spent.get(camera.name, 0),
                )
                for camera in self._config.camera
            ],
        ).payload()

    def _since(self, camera: str) -> date | None:
        at = self._history.since(camera)
        return None if at is None else datetime.fromisoformat(at).astimezone(self._zone).date()
