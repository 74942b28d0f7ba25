"""The whole pipeline on a clip, in the clip's own time: what `run` would have counted and sent."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from edge_agent.anonymise import Draft
from edge_agent.clock import ManualClock
from edge_agent.config import CameraConfig, Config
from edge_agent.detector.session import Detector
from edge_agent.message import GENESIS, payload_hash
from edge_agent.pipeline import Look, Step, in_media_time, make_pipeline
from edge_agent.records import Events, Frame, Gap, Occupancy
from edge_agent.terms import AgeBand, Direction, Sex

if TYPE_CHECKING:  # nothing of demographics is loaded where no camera has them switched on
    from edge_agent.face_networks import FaceNetworks

_EPOCH: Final = "0" * 16  # a replay has no outbox, hence no epoch of its own


@dataclass
class ZoneRecord:
    """What a person who replays a clip wants to know about a zone; it never leaves the machine."""

    dwell_s: list[float] = field(default_factory=list)
    series: list[tuple[float, int]] = field(default_factory=lambda: [(0.0, 0)])

    def mean(self, duration_s: float) -> float:
        """Return the mean occupancy over the clip."""
        ends = [t_s for t_s, _ in self.series[1:]] + [duration_s]
        held = sum(count * max(0.0, end - t_s) for (t_s, count), end in zip(self.series, ends, strict=True))
        return held / duration_s if duration_s > 0 else 0.0


class Replay:
    """Counts one clip. The result is the JSON object that `edge-agent replay --json` prints."""

    def __init__(
        self,
        config: Config,
        camera: CameraConfig,
        detector: Detector,
        *,
        start_utc_s: float,
        faces: "FaceNetworks | None" = None,
    ) -> None:
        """Prepare; the clip's first picture is taken to be of `start_utc_s`.

        `faces` reads visitors where the camera's demographics are on.
        """
        self._clock = ManualClock(0.0, start_utc_s)
        self._detector = detector
        self._faces = faces if camera.demographics else None
        self._pipeline, self._gate = make_pipeline(
            config,
            camera,
            detector,
            self._clock,
            detect=detector.detect,
            faces=self._faces.paced() if self._faces is not None else None,
        )
        self._sexes = dict.fromkeys(Sex, 0)
        self._ages = dict.fromkeys(AgeBand, 0)
        self._lines = {line.name: {Direction.IN: 0, Direction.OUT: 0} for line in camera.line}
        self._zones = {zone.name: ZoneRecord() for zone in camera.zone}
        self._hours: list[Mapping[str, Any]] = []
        self._chain = (0, GENESIS)
        self._frames = 0
        self._cpu_s = 0.0

    def run(
        self,
        items: Iterable[Frame | Gap],
        *,
        frame_s: float,
        show: Callable[[Look, Events], None] | None = None,
    ) -> dict[str, Any]:
        """Work through the clip.

        Args:
            items: its frames and gaps, in media time from 0.
            frame_s: how long its last frame is shown.
            show: called with each frame and what was seen in it.

        Returns:
            The object with the keys frames, duration_s, cpu_s, model_cpu_s, lines, zones, hours, and demographics
            where they are switched on.
        """
        model_before_s, before_s = self._model_cpu_s(), time.process_time()
        self._gate.begin(0.0)
        for step in self._pipeline.run(in_media_time(items, self._clock)):
            self._note(step)
            if step.look is not None:
                self._frames += 1
                if show is not None:
                    show(step.look, step.events)
        self._clock.advance(frame_s)
        self._note(self._pipeline.close(self._clock.monotonic()))
        self._cpu_s = time.process_time() - before_s
        return self._result(self._model_cpu_s() - model_before_s)

    def _model_cpu_s(self) -> float:
        return self._detector.model_cpu_s + (self._faces.model_cpu_s if self._faces is not None else 0.0)

    def _note(self, step: Step) -> None:
        for crossing in step.events.crossings:
            self._lines[crossing.line][crossing.direction] += 1
        for stay in step.events.stays:
            self._zones[stay.zone].dwell_s.append(round(stay.left_s - stay.entered_s, 3))
        for change in step.events.occupancy:
            self._change(change)
        for visitor in step.events.visitors:
            self._sexes[visitor.sex] += 1
            self._ages[visitor.age] += 1
        for draft in step.drafts:
            self._seal(draft)

    def _change(self, change: Occupancy) -> None:
        series = self._zones[change.zone].series
        series.append((round(max(change.t_s, series[-1][0]), 3), change.count))

    def _seal(self, draft: Draft) -> None:
        seq, prev_hash = self._chain
        message = draft.message(_EPOCH, seq + 1, prev_hash)
        self._chain = (seq + 1, payload_hash(message.payload()))
        if draft.leaf == "hours":
            self._hours.append(message.model_dump(mode="json", by_alias=True))

    def _result(self, model_cpu_s: float) -> dict[str, Any]:
        duration_s = self._clock.monotonic()
        return {
            "frames": self._frames,
            "duration_s": round(duration_s, 3),
            "cpu_s": round(self._cpu_s, 3),
            "model_cpu_s": round(model_cpu_s, 3),
            "lines": {
                name: {"in": counts[Direction.IN], "out": counts[Direction.OUT]} for name, counts in self._lines.items()
            },
            "zones": {
                name: {
                    "stays": len(zone.dwell_s),
                    "dwell_s": zone.dwell_s,
                    "occupancy": {
                        "max": max(count for _, count in zone.series),
                        "mean": round(zone.mean(duration_s), 3),
                    },
                    "series": [list(change) for change in zone.series],
                }
                for name, zone in self._zones.items()
            },
            **({} if self._faces is None else {"demographics": {"sex": self._sexes, "age": self._ages}}),
            "hours": self._hours,
        }
