"""Shops: where they are, what they sell, what their cameras look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from math import log
from statistics import NormalDist
from typing import Final

from edge_agent.fleet.simulate.calendar import Spans, holidays
from edge_agent.fleet.simulate.chance import digits, source
from edge_agent.fleet.simulate.demand import KINDS, Kind
from edge_agent.message import DWELL_EDGES_S

TENANT: Final = "demo"
CONFIG: Final = digits("simulated", "config")


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the picture.

    Attributes:
        name: as configured.
        stopping: how many of the people that a camera sees stop there; over 1 where they come again.
        dwell_s: how long half of them stay at most.
        salt: sets its rounding apart from that of others.
        bins: shares of the stays up to the end of each dwell bin.
        mean_s: mean of the stays.
    """

    name: str
    stopping: float
    dwell_s: float
    salt: int
    bins: tuple[float, ...]
    mean_s: float


@dataclass(frozen=True, slots=True)
class Camera:
    """What one camera looks at.

    Attributes:
        name: as configured.
        door: name of its door line; None: it stands inside and only looks at zones.
        pavement: name of its pass-by line.
        zones: parts of the picture that people stop in.
        share: of the shop's visitors that it sees.
        capture: share of those in front that come in.
        reading: whether visitors are read.
        geometry, model: hashes.
    """

    name: str
    door: str | None
    pavement: str | None
    zones: tuple[Zone, ...]
    share: float
    capture: float
    reading: bool
    geometry: str
    model: str


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop with one device.

    Attributes:
        seed, number: what all its chance comes from.
        tenant, site, device: its names on the wire.
        name, region, country: for people.
        tz: time zone.
        kind: what it sells, and thereby who comes when.
        visitors: on a common day.
        growth: of the visitors, per year.
        stay_s: how long somebody stays on average.
        capacity: most people inside; more wait in front.
        missed: share of the crossings that its cameras do not count.
        women_bias: of its clientele, against its kind.
        k: cells that hold fewer visitors are hidden.
        fps: frames a second.
        cameras: one, now and then more.
    """

    seed: int
    number: int
    tenant: str
    site: str
    device: str
    name: str
    region: str
    country: str
    tz: str
    kind: Kind = field(repr=False)
    visitors: int
    growth: float
    stay_s: float
    capacity: int
    missed: float
    women_bias: float
    k: int
    fps: int
    cameras: tuple[Camera, ...]

    def spans(self, day: date) -> Spans:
        """Return the opening hours of a local day; nothing on holidays."""
        return () if day in holidays(self.country, day.year) else self.kind.week[day.weekday()]


_TOWNS: Final = (
    ("Milano", "Lombardia", "it", "Europe/Rome"),
    ("Roma", "Lazio", "it", "Europe/Rome"),
    ("London", "Greater London", "gb", "Europe/London"),
    ("Sao Paulo", "Sao Paulo", "br", "America/Sao_Paulo"),
    ("Torino", "Piemonte", "it", "Europe/Rome"),
    ("Napoli", "Campania", "it", "Europe/Rome"),
    ("Bologna", "Emilia-Romagna", "it", "Europe/Rome"),
    ("Berlin", "Berlin", "de", "Europe/Berlin"),
    ("Verona", "Veneto", "it", "Europe/Rome"),
    ("Madrid", "Madrid", "es", "Europe/Madrid"),
    ("Bergamo", "Lombardia", "it", "Europe/Rome"),
    ("Manchester", "North West", "gb", "Europe/London"),
    ("New York", "New York", "us", "America/New_York"),
    ("Palermo", "Sicilia", "it", "Europe/Rome"),
    ("Tokyo", "Kanto", "jp", "Asia/Tokyo"),
)
_ZONES: Final[Mapping[str, tuple[float, float]]] = {"shelf": (0.45, 18.0), "table": (0.25, 35.0), "queue": (0.3, 70.0)}
"""How many stop there, and for how long half of them do at most."""


def shops(count: int, seed: int) -> list[Shop]:
    """Return believable shops; the same seed always gives the same, and more of them begin with the same."""
    return [_shop(number, seed) for number in range(1, count + 1)]


def _shop(number: int, seed: int) -> Shop:
    chance = source(seed, "shop", number)
    town, region, country, tz = _TOWNS[(number - 1) % len(_TOWNS)]
    kind = chance.choices(KINDS, (4, 3, 2, 2))[0]
    visitors = chance.randint(*kind.visitors)
    stay_s = 60 * chance.uniform(*kind.stay_min)
    slug = town.lower().replace(" ", "-")
    return Shop(
        seed=seed,
        number=number,
        tenant=TENANT,
        site=f"{slug}-{number:04d}",
        device="door-1",
        name=f"{town} {kind.word} {number}",
        region=region,
        country=country,
        tz=tz,
        kind=kind,
        visitors=visitors,
        growth=chance.uniform(-0.06, 0.12),
        stay_s=stay_s,
        capacity=max(12, round(visitors * stay_s / 3600 / 5 / 5) * 5),
        missed=chance.uniform(0.0, 0.03),
        women_bias=chance.uniform(-0.06, 0.06),
        k=5,
        fps=chance.choice((8, 10, 12)),
        cameras=_cameras(number, seed),
    )


def _cameras(number: int, seed: int) -> tuple[Camera, ...]:
    chance = source(seed, "cameras", number)
    reading = chance.random() < 0.35
    second = chance.random()
    two_doors, inside = second < 0.15, 0.15 <= second < 0.25
    wanted = [(name, 0.7 if two_doors else 1.0) for name in ("entrance",)]
    wanted += [("side", 0.3)] if two_doors else [("aisle", 0.5)] if inside else []
    cameras = []
    for place, (name, share) in enumerate(wanted):
        names = chance.sample(sorted(_ZONES), chance.choice((0, 1, 1, 2))) if name != "aisle" else ["shelf", "table"]
        cameras.append(
            Camera(
                name=name,
                door=None if name == "aisle" else "door" if place == 0 else "side-door",
                pavement="pavement" if name != "aisle" and chance.random() < 0.45 else None,
                zones=tuple(
                    _zone(zone, number * 8 + place * 4 + i, chance.uniform(0.7, 1.4)) for i, zone in enumerate(names)
                ),
                share=share,
                capture=chance.uniform(0.05, 0.25),
                reading=reading and place == 0,
                geometry=digits(seed, "geometry", number, name),
                model=digits("simulated", "person"),
            )
        )
    return tuple(cameras)


def _zone(name: str, salt: int, scale: float) -> Zone:
    """Stays are spread log-normally: most are short, a few are long."""
    stopping, median_s = _ZONES[name]
    normal = NormalDist(log(median_s * scale), 0.9)
    edges = [normal.cdf(log(edge_s)) for edge_s in DWELL_EDGES_S]
    bins = tuple(high - low for low, high in pairwise([0.0, *edges, 1.0]))
    middles = [1.0, *((low + high) / 2 for low, high in pairwise(DWELL_EDGES_S)), 1.2 * DWELL_EDGES_S[-1]]
    mean_s = sum(share * middle_s for share, middle_s in zip(bins, middles, strict=True))
    return Zone(name, stopping, median_s * scale, salt, bins, mean_s)
