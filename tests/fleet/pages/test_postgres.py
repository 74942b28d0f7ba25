"""The pages over PostgreSQL: the same answers as over SQLite."""

import json
import time
from pathlib import Path

from support.pages import PATIENT, Pages, Store, every_state
from support.postgres import Postgres, postgres

from edge_agent.fleet.store import open_store

__all__ = ["postgres"]  # the fixture

PATHS = ("/", "/devices/shop/torino-02/door-1", "/problems?all=1", "/quarantine", "/dead-letters", "/live")


def test_both_databases_give_the_same_answers(tmp_path: Path, postgres: Postgres) -> None:
    """Every page works on PostgreSQL, and the API pages through the same items as on SQLite."""
    now_s = int(time.time())
    told: list[list[object]] = []
    for url in (f"sqlite:///{tmp_path / 'fleet.db'}", postgres.database("pages")):
        engine = open_store(url)
        every_state(Store(engine, now_s))
        engine.dispose()
        with Pages(tmp_path, settings=f"[pages]\n{PATIENT}", database=url) as pages:
            for path in (*PATHS, "/metrics", "/healthz", "/report?from=2026-11-01&to=2026-11-07"):
                assert pages.get(path).status == 200, (url, path)
            told.append([])
            for path in ("devices", "sites", "hours", "problems"):
                cursor = ""
                while cursor is not None:
                    answer = json.loads(pages.get(f"/api/v1/{path}?limit=9{cursor}").body)
                    told[-1] += answer["items"]
                    cursor = answer["next_cursor"] and f"&cursor={answer['next_cursor']}"
    assert len(told[0]) > 90
    assert told[0] == told[1]
