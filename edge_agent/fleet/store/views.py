"""Views for people's own dashboards (docs/fleet-store.md), and what TimescaleDB makes of the hours where it is."""

from typing import Final

from sqlalchemy import Connection, inspect, text

from edge_agent.terms import AgeBand, Sex

MONTH_S: Final = 30 * 86_400
"""Of hours lie in one chunk of TimescaleDB."""

_INSTANT: Final = {"postgresql": "to_timestamp({})", "sqlite": "datetime({}, 'unixepoch')"}
_WORD: Final = {"postgresql": "({}::json ->> '{}')", "sqlite": "json_extract({}, '$.{}')"}
_LEAST_FPS: Final = {
    "postgresql": "(SELECT min((camera ->> 'fps_milli')::integer)"
    " FROM json_array_elements(d.health::json -> 'cameras') AS camera)",
    "sqlite": "(SELECT min(json_extract(camera.value, '$.fps_milli')) FROM json_each(d.health, '$.cameras') AS camera)",
}
_VISITORS: Final = ("visitors", *(f"sex_{word}" for word in Sex), *(f"age_{word}" for word in AgeBand))
_NUMBERS: Final = (
    "open_s",
    "expected_s",
    "observed_s",
    "open_missing_s",
    "entered",
    "passed",
    "captured",
    "inside_presence_s",
    "inside_max",
    *_VISITORS,
    "female_milli",
    "female_low_milli",
    "female_high_milli",
    "suppressed",
    "clock",
    "quality",
)
_HEALTH: Final = ("temperature_c", "outbox_unsent", "outbox_rows", "disk_free_mb", "cpu_percent", "rss_mb", "uptime_s")


def make_views(connection: Connection) -> None:
    """Make the views that are not there yet."""
    there = set(inspect(connection).get_view_names())
    dialect = connection.dialect.name
    for name, statement in (("footfall_hours", _hours(dialect)), ("fleet_devices", _devices(dialect))):
        if name not in there:
            connection.execute(text(f"CREATE VIEW {name} AS {statement}"))


def use_timescale(connection: Connection) -> bool:
    """Make `hours` a hypertable where the database has TimescaleDB; tell whether it has.

    It is asked for its function instead of its extension, because that is what is then called.
    """
    if connection.dialect.name != "postgresql":
        return False
    if not connection.scalar(text("SELECT EXISTS (SELECT 1 FROM pg_proc WHERE proname = 'create_hypertable')")):
        return False
    connection.execute(
        text(
            "SELECT create_hypertable('hours', 'start_s', chunk_time_interval => CAST(:chunk_s AS bigint),"
            " if_not_exists => TRUE, migrate_data => TRUE)"
        ),
        {"chunk_s": MONTH_S},
    )
    return True


def _hours(dialect: str) -> str:
    numbers = ", ".join(f'h."{name}"' for name in _NUMBERS)
    time = _INSTANT[dialect].format("h.start_s")
    return (
        f"SELECT {time} AS time, d.tenant, d.site, s.name, s.region, d.device, h.camera,"  # noqa: S608 - names of ours
        f' h.local_day, h.local_hour, h."left" AS went_out, {numbers}'
        " FROM hours AS h JOIN devices AS d ON d.id = h.device_id JOIN sites AS s ON s.id = h.site_id"
    )


def _devices(dialect: str) -> str:
    def of_health(name: str) -> str:
        word = _WORD[dialect].format("d.health", name)
        return f"CAST({word} AS integer) AS {name}"

    silent = "EXISTS (SELECT 1 FROM problems AS p WHERE p.device_id = d.id AND p.kind = 'silent' AND p.over_s IS NULL)"
    status = (
        f"CASE WHEN d.admitted_s IS NULL THEN 'quarantine' WHEN {silent} THEN 'silent'"
        f" ELSE coalesce({_WORD[dialect].format('d.state', 'status')}, 'unknown') END"
    )
    open_ = "(SELECT count(*) FROM problems AS p WHERE p.device_id = d.id AND p.over_s IS NULL)"
    return (
        f"SELECT d.tenant, d.site, s.name, s.region, d.device, {status} AS status,"  # noqa: S608 - names of ours
        f" {_INSTANT[dialect].format('d.last_seen_s')} AS last_seen,"
        f" {_WORD[dialect].format('d.state', 'agent')} AS agent, {_LEAST_FPS[dialect]} / 1000.0 AS fps,"
        f" {', '.join(map(of_health, _HEALTH))}, {_WORD[dialect].format('d.health', 'clock')} AS clock,"
        f" {open_} AS problems"
        " FROM devices AS d JOIN sites AS s ON s.id = d.site_id"
    )
