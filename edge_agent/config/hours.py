"""Opening hours as plain numbers, for stages that know nothing of configurations."""

from datetime import date

from edge_agent.config.fields import span_minutes
from edge_agent.config.schema import SiteConfig

Week = tuple[tuple[tuple[int, int], ...], ...]
"""Per weekday from Monday, the spans (opens, closes) in minutes after local midnight, in order; 1440 is its end."""


def opening_week(site: SiteConfig) -> Week | None:
    """The seven days of a week; None for a shop that is always open."""
    hours = site.opening_hours
    if hours is None:
        return None
    days = (hours.mon, hours.tue, hours.wed, hours.thu, hours.fri, hours.sat, hours.sun)
    return tuple(tuple(sorted(span_minutes(span) for span in spans)) for spans in days)


def closed_dates(site: SiteConfig) -> frozenset[date]:
    """Local days on which the shop stays closed whatever the day of the week."""
    return frozenset(() if site.opening_hours is None else site.opening_hours.closed_on)
