"""Visitors in a replay: counted where a camera reads them, absent without a trace where it does not."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.agent import edge_agent
from support.attributes import make_bundle

from edge_agent.terms import AgeBand, Sex

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "models" / "demo" / "entrance.mp4"
PARTS = ("edge_agent.demographics", "edge_agent.face_networks", "edge_agent.face_report", "edge_agent.detector.faces")


@pytest.fixture(scope="session")
def tint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that reads the tint of a crop."""
    return make_bundle(tmp_path_factory.mktemp("bundles") / "tint")


def config_for(shared: Path, folder: Path, *, bundle: Path | str | None = None, camera: str = "") -> Path:
    """The contract's configuration of one-by-one.mp4 with demographics, and the project's bundle or another."""
    text = (shared / "contract" / "one-by-one.toml").read_text(encoding="utf-8")
    switch = f"[[camera]]\ndemographics = true\nnotice_date = 2026-06-01\n{camera}"
    table = "" if bundle is None else f"\n[demographics]\nbundle = {json.dumps(str(bundle))}\n"
    path = folder / "store.toml"
    path.write_text(text.replace("[[camera]]\n", switch) + table, encoding="utf-8")
    return path


def replay(clip: Path, config: Path, *options: object) -> dict[str, Any]:
    """Replay with --json."""
    done = edge_agent("replay", clip, "--config", config, "--json", *options)
    assert done.status == 0, done.err
    result: dict[str, Any] = json.loads(done.out)
    return result


def test_each_who_leaves_is_one_visitor(shared: Path, tmp_path: Path, tint: Path) -> None:
    """two-faces.gif: two people are two visitors, each in one cell of each table; all words are there."""
    result = replay(shared / "clips" / "two-faces.gif", config_for(shared, tmp_path, bundle=tint))
    tables = result["demographics"]
    assert list(tables) == ["sex", "age"]
    assert list(tables["sex"]) == list(Sex)
    assert list(tables["age"]) == list(AgeBand)
    assert sum(tables["sex"].values()) == sum(tables["age"].values()) == 2


def test_a_replay_with_demographics_is_repeatable(shared: Path, tmp_path: Path, tint: Path) -> None:
    """The budget is held by a nominal time, so that a busy machine reads the same looks as a fast one."""
    config = config_for(shared, tmp_path, bundle=tint)
    runs = [replay(shared / "clips" / "classroom.gif", config, "--start", "2026-06-10T10:00:00Z") for _ in range(2)]
    assert runs[0]["demographics"] == runs[1]["demographics"]
    assert runs[0]["hours"] == runs[1]["hours"]


def test_the_time_of_the_stage_is_in_the_figures(shared: Path, tmp_path: Path, tint: Path) -> None:
    """`model_cpu_s` has both networks in it, and stays below the whole."""
    result = replay(shared / "clips" / "two-faces.gif", config_for(shared, tmp_path, bundle=tint))
    assert 0 < result["model_cpu_s"] < result["cpu_s"]


def test_the_table_for_people_has_the_visitors(shared: Path, tmp_path: Path, tint: Path) -> None:
    """Without --json the words of both lists stand over their numbers."""
    config = config_for(shared, tmp_path, bundle=tint)
    done = edge_agent("replay", shared / "clips" / "two-faces.gif", "--config", config)
    assert done.status == 0, done.err
    assert "visitors who left" in done.out
    assert all(word in done.out for word in [*Sex, *AgeBand])


def test_a_missing_bundle_is_one_line(shared: Path, tmp_path: Path) -> None:
    """Where visitors are to be read and nothing is installed to read them, nothing starts."""
    config = config_for(shared, tmp_path, bundle="no-such-bundle")
    done = edge_agent("replay", shared / "clips" / "two-faces.gif", "--config", config, "--json")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("no-such-bundle: no bundle of this name in ")
    assert done.err.count("\n") == 1


TRACE = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from edge_agent.cli import main
import edge_agent.service
main(["replay", *sys.argv[1:], "--json"], standalone_mode=False)
print(*sorted(name for name in sys.modules if name.startswith("edge_agent.")), file=sys.stderr)
print(*opened, sep="\\n", file=sys.stderr)
"""


def traced(*arguments: object) -> tuple[dict[str, Any], str]:
    """A replay in a process that tells which of our modules it loaded and which files it opened."""
    command = [sys.executable, "-c", TRACE, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_switched_off_there_is_no_trace_of_the_stage(shared: Path, tmp_path: Path, tint: Path) -> None:
    """A configured bundle that is not switched on is not opened, nothing of the stage is loaded, no key is printed.

    Switched on, all of it is there: so this test can see what it looks for.
    """
    clip, config = shared / "clips" / "two-faces.gif", config_for(shared, tmp_path, bundle=tint)
    result, trace = traced(clip, "--config", config)
    assert "demographics" in result
    assert all(part in trace for part in PARTS if part != "edge_agent.face_report")
    assert str(tint) in trace
    config.write_text(config.read_text(encoding="utf-8").replace("demographics = true", "demographics = false"))
    result, trace = traced(clip, "--config", config)
    assert "demographics" not in result
    assert "visitors" not in json.dumps(result["lines"])
    assert not any(part in trace for part in PARTS), trace
    assert str(tint) not in trace
    assert "edge_agent.detector.session" in trace


def test_people_seen_from_behind_are_unknown(shared: Path, tmp_path: Path) -> None:
    """one-by-one.mp4, with the project's bundle: six visitors, six unknown rather than six guesses."""
    result = replay(shared / "clips" / "one-by-one.mp4", config_for(shared, tmp_path))
    assert result["demographics"]["sex"] == {Sex.FEMALE: 0, Sex.MALE: 0, Sex.UNKNOWN: 6}
    assert result["demographics"]["age"][AgeBand.UNKNOWN] == 6


def test_two_faces_are_a_woman_and_a_man(shared: Path, tmp_path: Path) -> None:
    """two-faces.gif, with the project's bundle: one of each."""
    result = replay(shared / "clips" / "two-faces.gif", config_for(shared, tmp_path))
    assert result["demographics"]["sex"] == {Sex.FEMALE: 1, Sex.MALE: 1, Sex.UNKNOWN: 0}
