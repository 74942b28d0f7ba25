"""The figures of a report as JSON: the same numbers as on the page, for programs."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, Final

from edge_agent.fleet.figures import Figures, Footfall, Period
from edge_agent.fleet.figures.gather import Comparison
from edge_agent.fleet.figures.pooled import Pooled, shares_of
from edge_agent.fleet.figures.visitors import Visitors
from edge_agent.fleet.report import speech
from edge_agent.fleet.report.numbers import LANGUAGES
from edge_agent.message import DWELL_EDGES_S, instant

SCHEMA: Final = "edge-agent/fleet-report/v1"


def plain(figures: Figures) -> dict[str, Any]:
    """Return the figures as what `json` can write. Parts of one are numbers of 0 to 1; None is not told."""
    missing = figures.missing
    return {
        "schema": SCHEMA,
        "made": instant(figures.now_s),
        "scope": asdict(figures.scope),
        "period": _period(figures.period),
        "sites": [{"tenant": s.tenant, "site": s.site, "name": s.name, "region": s.region} for s in figures.sites],
        "cameras": figures.cameras,
        "in_short": {language: speech.in_short(figures, language) for language in LANGUAGES},
        "total": _footfall(figures.total),
        "before": _comparison(figures.before),
        "year": _comparison(figures.year),
        "days": [{"day": key[0].isoformat(), **_footfall(each)} for key, each in figures.days.items()],
        "hours": [
            {"day": day.isoformat(), "hour": hour, **_footfall(each)} for (day, hour), each in figures.hours.items()
        ],
        "weekday_hours": [
            {"weekday": cell.weekday, "hour": cell.hour, "mean": _rounded(cell.mean), "full": cell.is_full}
            for cell in figures.cells.values()
        ],
        "by_site": [
            {
                "tenant": row.site.tenant,
                "site": row.site.site,
                **_footfall(row.now),
                "before_entered": row.before.entered if row.before.observed_s else None,
            }
            for row in figures.by_site
        ],
        "visitors": _visitors(figures.visitors) if figures.visitors.tables else None,
        "visitors_by_hour": [{"hour": hour, **_visitors(each)} for hour, each in figures.visitor_hours.items()],
        "visitors_by_weekday_hour": [
            {"weekday": weekday, "hour": hour, **_visitors(each)}
            for (weekday, hour), each in figures.visitor_cells.items()
        ],
        "zones": [
            {
                "zone": zone.name,
                "stays": zone.stays,
                "median_s": _rounded(zone.median_s),
                "mean": _rounded(zone.mean),
                "max": zone.most,
                "bins": [
                    {"from_s": low, "stays": stays} for low, stays in zip((0, *DWELL_EDGES_S), zone.bins, strict=True)
                ],
            }
            for zone in figures.zones
        ],
        "missing": {
            "causes_s": dict(missing.causes),
            "holes": [_dated(asdict(hole)) for hole in missing.holes],
            "silent": [asdict(each) for each in missing.silent],
            "problems": [asdict(each) for each in missing.problems],
            "waiting_messages": missing.waiting,
            "likely_missed": missing.likely_missed,
        },
    }


def _footfall(each: Footfall) -> dict[str, Any]:
    return {
        **asdict(each),
        "missing_s": each.missing_s,
        "coverage": _rounded(each.coverage),
        "open_coverage": _rounded(each.open_coverage),
        "capture_rate": _rounded(each.capture_rate),
        "mean_inside": _rounded(each.mean_inside),
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "period": _period(comparison.then.period),
        "total": _footfall(comparison.then.total),
        "change": _rounded(comparison.change),
        "doubts": list(comparison.doubts),
    }


def _visitors(each: Visitors) -> dict[str, Any]:
    women = each.women.share()
    return {
        "visitors": each.visitors,
        "sex": _counts(each.sexes, each.hidden_sex),
        "age": _counts(each.ages, each.hidden_age),
        "female_share": None if women is None else _share(women),
        "age_shares": {str(band): _share(share) for band, share in shares_of(each.bands).items()},
        "tables": each.tables,
        "tables_spent": each.spent,
        "tables_with_noise": each.noisy,
    }


def _counts(cells: Mapping[Any, int], hidden: int) -> dict[str, int]:
    return {**{str(word): count for word, count in cells.items()}, "hidden": hidden}


def _share(share: Pooled) -> dict[str, int]:
    return {
        "share_milli": share.share_milli,
        "low_milli": share.low_milli,
        "high_milli": share.high_milli,
        "read": share.read,
    }


def _period(period: Period) -> dict[str, str]:
    return {"from": period.first.isoformat(), "to": period.last.isoformat()}


def _dated(cells: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in cells.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
