"""Grafana's dashboards: every question is put to a real PostgreSQL, as the user that Grafana has there."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from fleet.ingest.maker import Door
from fleet.integrations.devices import add, birth
from sqlalchemy import Engine, insert, select
from support.needs import needs
from support.postgres import Postgres, postgres

from edge_agent.fleet.store import hour_rows, open_store
from edge_agent.fleet.store.tables import devices, hours
from edge_agent.message import Hour

__all__ = ["postgres"]

REPO = Path(__file__).resolve().parents[3]
GRAFANA = REPO / "deploy" / "dashboards" / "grafana"
DASHBOARDS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in GRAFANA.glob("dashboards/*.json")}
NOW = datetime(2026, 11, 3, tzinfo=UTC)
DOORS = (("rome", "door-1"), ("rome", "door-2"), ("milan", "door-1"))
PASSWORD = "'it is \"odd\"'"  # noqa: S105 - a test's own


@dataclass(frozen=True)
class Question:
    """One question of a dashboard: of a panel, or of the list of sites to choose from."""

    where: str
    sql: str
    kind: str

    def __str__(self) -> str:
        return self.where


def questions() -> Iterator[Question]:
    """All questions of all dashboards."""
    for name, dashboard in sorted(DASHBOARDS.items()):
        for variable in dashboard["templating"]["list"]:
            yield Question(f"{name}: {variable['name']}", variable["query"], "variable")
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                yield Question(f"{name}: {panel['title']}", target["rawSql"], target["format"])


QUESTIONS = list(questions())


@pytest.fixture(scope="module")
def grafana(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection[Any]]:
    """A connection as Grafana's user, which was made before there was a table, as in the central stack."""
    address = postgres.database("grafana_test")
    password = tmp_path_factory.mktemp("secrets") / "password"
    password.write_text(f"{PASSWORD}\n")
    place = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(postgres.port),
        "POSTGRES_USER": "fleet",
        "POSTGRES_DB": "grafana_test",
    }
    script = REPO / "deploy" / "central" / "grafana-reader.sh"
    done = subprocess.run(
        [needs("sh"), str(script), str(password)], env=os.environ | place, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    engine = open_store(address)
    fill(engine)
    engine.dispose()
    with psycopg.connect(address.replace("fleet@", "grafana@"), password=PASSWORD, autocommit=True) as connection:
        yield connection
    postgres.sql("DROP DATABASE grafana_test WITH (FORCE)")
    postgres.sql("DROP ROLE grafana")


def fill(engine: Engine) -> None:
    """Two days of three devices, one of which is silent about its second camera."""
    for site, name in DOORS:
        add(engine, birth(site, name), admitted=True)
        door = Door(device=name, site=site)
        with engine.begin() as connection:
            device_id, site_id = connection.execute(
                select(devices.c.id, devices.c.site_id).where(devices.c.site == site, devices.c.device == name)
            ).one()
            for topic, payload in door.messages(5 * 40):
                if topic.endswith("/hours"):
                    rows = hour_rows(Hour.model_validate_json(payload), device_id, site_id)
                    connection.execute(insert(hours).values(**rows.hour))


def answer(
    grafana: psycopg.Connection[Any], sql: str, sites: str = "'acme/rome', 'acme/milan'"
) -> list[dict[str, Any]]:
    """What PostgreSQL answers, with Grafana's macros put in as Grafana does."""
    since = NOW - timedelta(days=7)
    sql = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 BETWEEN '{since.isoformat()}' AND '{NOW.isoformat()}'", sql)
    sql = sql.replace("${site:sqlstring}", sites)
    assert "$" not in sql, "a macro that this test does not know"
    with grafana.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        return cursor.execute(sql.encode()).fetchall()


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_each_question_is_answered(grafana: psycopg.Connection[Any], question: Question) -> None:
    """PostgreSQL answers, with a time where a series is drawn, and without a site too."""
    rows = answer(grafana, question.sql)
    if question.kind == "time_series":
        assert rows
        assert {type(row["time"]) for row in rows} == {datetime}
        assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    if question.kind == "variable":
        assert {row["__value"] for row in rows} == {"acme/rome", "acme/milan"}
    answer(grafana, question.sql, sites="'acme/nowhere'")


def panel(name: str, title: str) -> str:
    """The question of a panel."""
    return next(each.sql for each in QUESTIONS if each.where == f"{name}: {title}")


def test_the_numbers_are_those_of_the_hours(grafana: psycopg.Connection[Any]) -> None:
    """What came in, per site and in all, is the sum over the door lines of the hours that the devices sealed."""
    sent = dict.fromkeys(("rome", "milan"), 0)
    for site, name in DOORS:
        for topic, payload in Door(device=name, site=site).messages(5 * 40):
            if topic.endswith("/hours"):
                sent[site] += sum(line["in"] for line in json.loads(payload)["lines"] if line["role"] == "door")
    assert answer(grafana, panel("footfall", "Came in")) == [{"Came in": sum(sent.values())}]
    assert answer(grafana, panel("footfall", "Came in"), "'acme/milan'") == [{"Came in": sent["milan"]}]
    assert answer(grafana, panel("footfall", "Of the time seen")) == [{"Seen": 1.0}]


def test_the_week_is_read_by_the_shops_clock(grafana: psycopg.Connection[Any]) -> None:
    """The first hour of Sunday 1 November is nine o'clock in Rome, although it is eight in UTC."""
    rows = answer(grafana, panel("footfall", "The week by the shop's clock"), "'acme/milan'")
    assert next(row for row in rows if row["Hour"] == 9)["Sun"] is not None
    assert next(row for row in rows if row["Hour"] == 8)["Sun"] is None


def test_grafanas_user_can_only_look(grafana: psycopg.Connection[Any]) -> None:
    """The user that the script makes reads views and tables, and can change nothing, however it asks."""
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        grafana.execute("DELETE FROM hours")
    grafana.execute("SET default_transaction_read_only = off")
    for statement in ("DELETE FROM hours", "CREATE TABLE mine (x integer)", "DROP VIEW footfall_hours"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            grafana.execute(statement.encode())
    grafana.execute("SET default_transaction_read_only = on")


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_a_dashboard_reads_from_the_source_that_is_provided(name: str) -> None:
    """Every panel and variable names the provisioned source, panels have numbers of their own and do not overlap."""
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/footfall.yaml").read_text())["datasources"]
    wanted = {"type": source["type"], "uid": source["uid"]}
    panels = DASHBOARDS[name]["panels"]
    assert all(each["datasource"] == wanted for each in (*panels, *DASHBOARDS[name]["templating"]["list"]))
    assert all(target["datasource"] == wanted for each in panels for target in each["targets"])
    assert len({each["id"] for each in panels}) == len(panels)
    cells = [
        (x, y)
        for each in panels
        for x in range(each["gridPos"]["x"], each["gridPos"]["x"] + each["gridPos"]["w"])
        for y in range(each["gridPos"]["y"], each["gridPos"]["y"] + each["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23


def test_grafana_is_told_where_the_dashboards_are() -> None:
    """The provider's folder is the one into which the compose file mounts them, and no password is in a file."""
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/footfall.yaml").read_text())["providers"]
    compose = yaml.safe_load((REPO / "deploy/central/compose.yaml").read_text(encoding="utf-8"))["services"]["grafana"]
    assert f"../dashboards/grafana/dashboards:{provider['options']['path']}:ro" in compose["volumes"]
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/footfall.yaml").read_text())["datasources"]
    assert source["secureJsonData"]["password"] == "$__file{/run/secrets/grafana-database-password}"  # noqa: S105
    assert "grafana-database-password" in compose["secrets"]
