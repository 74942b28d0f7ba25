"""All lines and zones of one camera."""

import math
from collections.abc import Mapping, Sequence

from edge_agent.config import CameraConfig
from edge_agent.counting.line import LineCounter
from edge_agent.counting.sight import Sight
from edge_agent.counting.zone import ZoneCounter
from edge_agent.records import Crossing, Events, Occupancy, Stay, Tracks


class SceneCounter:
    """Turns the tracks of one camera into crossings, stays and occupancy. No track id comes out of it."""

    def __init__(self, camera: CameraConfig, *, class_names: Sequence[str], width: int, height: int) -> None:
        """Put the camera's lines and zones into its picture.

        Args:
            camera: lines and zones, as fractions of the picture.
            class_names: the detector's classes; `Tracks.class_id` is an index into them.
            width: of the picture in pixels.
            height: of the picture in pixels.

        Raises:
            ValueError: the picture has no size, or a line or zone counts a class that the detector does not know.
        """
        if width <= 0 or height <= 0:
            raise ValueError(f"camera '{camera.name}': a picture of {width} x {height} pixels; both must be positive")
        self._lines = [
            LineCounter(
                line,
                class_ids=_class_ids(line.classes, class_names, f"camera '{camera.name}', line '{line.name}'"),
                width=width,
                height=height,
            )
            for line in camera.line
        ]
        self._zones = [
            ZoneCounter(
                zone,
                class_ids=_class_ids(zone.classes, class_names, f"camera '{camera.name}', zone '{zone.name}'"),
                width=width,
                height=height,
            )
            for zone in camera.zone
        ]
        self._camera = camera.name
        self._live: frozenset[int] = frozenset()
        self._t_s = -math.inf

    @property
    def occupancy(self) -> Mapping[str, int]:
        """How many are in each zone now, every zone named."""
        return {zone.name: zone.count for zone in self._zones}

    def update(self, tracks: Tracks) -> Events:
        """Follow the tracks of one frame; return what it decided, in order of time.

        A crossing or stay is reported when it is certain, so its instants may lie before `tracks.t_s`: a crossing's by
        the time that it took to settle, a stay's by the zone's grace. A track that is not listed any more has ended,
        whether or not `tracks.ended` names it.

        Raises:
            ValueError: the frame is older than the one before it.
        """
        self._advance(tracks.t_s)
        columns = (tracks.track_id, tracks.class_id, tracks.xyxy, tracks.confirmed, tracks.seen)
        sights = [
            Sight(track_id, class_id, (x1, y1, x2, y2), confirmed, seen)
            for track_id, class_id, (x1, y1, x2, y2), confirmed, seen in zip(
                *(column.tolist() for column in columns), strict=True
            )
        ]
        live = frozenset(sight.track_id for sight in sights)
        gone, self._live = self._live - live, live
        crossings: list[Crossing] = []
        for line in self._lines:
            crossings += line.update(tracks.t_s, sights, gone)
        stays: list[Stay] = []
        occupancy: list[Occupancy] = []
        for zone in self._zones:
            zone_events = zone.update(tracks.t_s, sights, gone)
            stays += zone_events.stays
            occupancy += zone_events.occupancy
        return _events(tracks.t_s, crossings, stays, occupancy)

    def close(self, t_s: float) -> Events:
        """End everything that is open and forget all tracks, at `t_s`, not before the last frame.

        For the end of a clip, for a restart, and for a loss of sight that lasts longer than tracks live: stays end when
        they were last seen, and every zone holds nobody. The next frame starts afresh.

        Raises:
            ValueError: `t_s` is older than the last frame.
        """
        self._advance(t_s)
        self._live = frozenset()
        crossings = [crossing for line in self._lines for crossing in line.close()]
        closed = [zone.close(t_s) for zone in self._zones]
        stays = [stay for events in closed for stay in events.stays]
        return _events(t_s, crossings, stays, [change for events in closed for change in events.occupancy])

    def _advance(self, t_s: float) -> None:
        if not t_s >= self._t_s:
            raise ValueError(
                f"camera '{self._camera}': a frame of {t_s:.3f} s after one of {self._t_s:.3f} s; "
                "frames must come in order of capture"
            )
        self._t_s = t_s


def _class_ids(wanted: Sequence[str], known: Sequence[str], where: str) -> frozenset[int]:
    """Indices of the classes to count; every index where the detector has a name twice."""
    for name in wanted:
        if name not in known:
            raise ValueError(f"{where}: the detector has no class '{name}'; it has: {', '.join(known)}")
    return frozenset(index for index, name in enumerate(known) if name in wanted)


def _events(t_s: float, crossings: list[Crossing], stays: list[Stay], occupancy: list[Occupancy]) -> Events:
    return Events(
        t_s=t_s,
        crossings=tuple(sorted(crossings, key=lambda crossing: crossing.t_s)),
        stays=tuple(sorted(stays, key=lambda stay: stay.left_s)),
        occupancy=tuple(sorted(occupancy, key=lambda change: change.t_s)),
    )
