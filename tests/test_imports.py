"""The privacy promise as a build rule: which part of the agent may import which, and who may do what.

To be read by a data-protection officer. A picture, a box or the id of a track exists only in `records`, in the
stages (`camera`, `detector`, `tracker`, `counting`, `demographics`), in what serves them (`face_networks`) and in the
libraries `numpy`, `cv2` and `onnxruntime`.
What sends (`message`, `outbox`, `uplink`) stands below without any of them: it cannot send what it cannot name.
The tests read the source of every module; imports inside functions and `if TYPE_CHECKING` count as well.
"""

import re
import shutil
import subprocess
import sys
from fnmatch import translate
from pathlib import Path
from typing import NamedTuple

import pytest
from support.sources import PACKAGE, imports, part_of, read, uses

REPO = Path(__file__).resolve().parents[1]
ANYTHING = "*"


class Row(NamedTuple):
    """A line of the table: a part of the agent, and what it may import beside itself and the standard library."""

    part: str
    ours: str
    others: str


_STAGE = "records terms config clock"
_PIPELINE = f"camera detector tracker counting demographics face_networks anonymise message {_STAGE}"

# fmt: off
TABLE = (
    #   part         of ours                             of others
    Row("",          "",                                 ""),  # edge_agent/__init__.py
    Row("terms",     "",                                 ""),
    Row("records",   "terms",                            "numpy"),
    Row("clock",     "",                                 ""),
    Row("memory",    "",                                 ""),
    Row("message",   "terms",                            "pydantic"),
    Row("config",    "terms",                            "pydantic pydantic_core"),
    Row("camera",    _STAGE,                             "numpy cv2"),
    Row("detector",  _STAGE,                             "numpy cv2 onnxruntime pydantic pydantic_core psutil tomli_w"),
    Row("tracker",   _STAGE,                             "numpy"),
    Row("counting",  _STAGE,                             "numpy"),
    Row("demographics", _STAGE,                          "numpy cv2"),
    Row("face_networks", f"detector demographics {_STAGE}", "numpy"),
    Row("anonymise", "records terms message clock",      "pydantic"),
    Row("outbox",    "clock",                            ""),
    Row("uplink",    "outbox message terms config clock", "paho"),
    Row("pipeline",  _PIPELINE,                          "numpy"),
    Row("health",    "message terms config clock",       "psutil prometheus_client"),
    Row("service",   ANYTHING,                           ANYTHING),
    Row("replay",    ANYTHING,                           ANYTHING),
    Row("face_report", ANYTHING,                         ANYTHING),
    Row("truth",     "",                                 "pydantic"),
    Row("compliance", f"{_PIPELINE} pipeline memory outbox",
                                                         "numpy onnxruntime pydantic jinja2 markupsafe segno nacl"),
    Row("verify_anon", "message terms",                  "pydantic pydantic_core dpkt"),
    Row("sentence",  "message terms",                    "pydantic"),
    Row("fleet",     "message terms sentence",
        "pydantic pydantic_core sqlalchemy psycopg paho aiomqtt amqtt starlette uvicorn jinja2 markupsafe itsdangerous "
        "nacl pyarrow prometheus_client pygal"),
    Row("annotate",  ANYTHING,                           ANYTHING),
    Row("commands",  ANYTHING,                           ANYTHING),
    Row("cli",       ANYTHING,                           ANYTHING),
    Row("__main__",  ANYTHING,                           ANYTHING),
)

SENDS = ("message", "outbox", "uplink")
HOLDS_PICTURES = ("records", "camera", "detector", "tracker", "counting", "demographics", "face_networks")
HANDLES_PICTURES = ("numpy", "cv2", "onnxruntime")


class Only(NamedTuple):
    """Something that only the named parts may do."""

    what: str
    parts: str
    means: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """Matches the names of the means, and what lies below them."""
        names = [name for means in self.means.split() for name in (means, f"{means}.*")]
        return re.compile("|".join(map(translate, names)))


ONLY = (
    Only("make threads", "service",
         "threading.Thread threading.Timer _thread multiprocessing concurrent.futures asyncio.to_thread *.loop_start "
         "http.server.ThreadingHTTPServer socketserver.Threading* prometheus_client.start_*"),
    Only("start child processes", "camera",
         "subprocess pty os.system os.popen os.fork* os.exec* os.spawn* os.posix_spawn*"),
    Only("touch the environment", "config edge_agent",  # edge_agent/__init__.py: tells ONNX Runtime not to report
         "os.environ os.environb os.getenv os.getenvb os.putenv os.unsetenv os.path.expandvars"),
    Only("import by name, which no table can read", "",
         "__import__ exec eval importlib.import_module importlib.__import__ importlib.util importlib.machinery "
         "runpy pkgutil sys.modules"),
)
# fmt: on


def forbidden_imports(root: Path) -> list[str]:
    """One line per import that the table does not allow, and per module that has no row in it."""
    rows = {row.part: row for row in TABLE}
    modules = read(root)
    found = []
    for module in modules.values():
        where = module.path.relative_to(root)
        row = rows.get(module.part)
        if row is None:
            found.append(f"{where}: '{module.part}' has no row in the table; decide what it may import")
            continue
        for line, name in imports(module, modules):
            if not allows(row, name):
                found.append(f"{where}:{line}: {module.part or PACKAGE} may not import {name}")
    return sorted(set(found))


def allows(row: Row, name: str) -> bool:
    """Whether the row lets its part import this."""
    top = name.partition(".")[0]
    if top == PACKAGE:
        part = part_of(name)
        return row.ours == ANYTHING or part in ("", row.part) or part in row.ours.split()
    return row.others == ANYTHING or top in sys.stdlib_module_names or top in row.others.split()


def forbidden_deeds(root: Path) -> list[str]:
    """One line per place that does what only another part may do."""
    rules = [(only, only.pattern) for only in ONLY]
    return sorted(
        {
            f"{module.path.relative_to(root)}:{line}: {name}: only {only.parts or 'nobody'} may {only.what}"
            for module in read(root).values()
            for line, name in uses(module)
            for only, pattern in rules
            if pattern.match(name) and (module.part or PACKAGE) not in only.parts.split()
        }
    )


def reach(root: Path, part: str) -> set[str]:
    """Names of all modules, ours and others', that importing any file of the part can load or name."""
    modules = read(root)
    todo = [name for name in modules if part_of(name) == part]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        if name == f"{PACKAGE}.*":
            todo.extend(modules)
        elif name in modules:
            todo.extend(target for _, target in imports(modules[name], modules))
            todo.append(name.rpartition(".")[0] or PACKAGE)
    return seen


def pictures_in(names: set[str]) -> set[str]:
    """Those of the modules that hold or handle pictures."""
    ours = {f"{PACKAGE}.{part}" for part in HOLDS_PICTURES}
    return {
        name for name in names if ".".join(name.split(".")[:2]) in ours or name.partition(".")[0] in HANDLES_PICTURES
    }


def test_every_import_is_in_the_table() -> None:
    """No module imports what its row leaves out, and no module is without a row."""
    assert forbidden_imports(REPO) == []


def test_threads_processes_and_environment_have_one_owner_each() -> None:
    """Only service makes threads, only camera child processes, only config reads the environment."""
    assert forbidden_deeds(REPO) == []


@pytest.mark.parametrize("part", SENDS)
def test_what_sends_cannot_reach_a_picture(part: str) -> None:
    """However long the chain of imports: nothing that sends arrives at a picture, a box or a track."""
    reached = reach(REPO, part)
    assert any(part_of(name) == part for name in reached), f"edge_agent.{part} does not exist"
    assert pictures_in(reached) == set()


@pytest.mark.parametrize("part", SENDS)
def test_what_sends_does_not_load_a_picture_library(part: str) -> None:
    """Importing every file of what sends loads no picture library, not even through somebody else's package."""
    names = [name for name in read(REPO) if part_of(name) == part]
    assert names, f"edge_agent.{part} does not exist"
    code = f"import sys, {', '.join(names)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert pictures_in(set(done.stdout.split())) == set()


def test_the_table_itself_keeps_pictures_from_what_sends() -> None:
    """The rows of what sends, followed through the table, allow no part and no library that holds pictures."""
    rows = {row.part: row for row in TABLE}
    for start in SENDS:
        todo, seen = [start], set[str]()
        while todo:
            part = todo.pop()
            seen.add(part)
            todo.extend(set(rows[part].ours.split()) - seen)
        allowed = {library for part in seen for library in rows[part].others.split()}
        assert seen.isdisjoint(HOLDS_PICTURES), f"{start} may reach {seen}"
        assert allowed.isdisjoint({*HANDLES_PICTURES, ANYTHING}), f"{start} may reach {allowed}"


def test_the_table_keeps_the_stages_apart() -> None:
    """No stage is allowed another stage, so that each can be replaced on its own."""
    stages = {"camera", "detector", "tracker", "counting", "demographics", "anonymise"}
    for row in TABLE:
        if row.part in stages:
            assert (stages - {row.part}).isdisjoint(row.ours.split()), row


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package to break."""
    shutil.copytree(REPO / PACKAGE, tmp_path / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def break_it(root: Path, part: str, statement: str) -> str:
    """Add a file with the statement to a part, and return the file's name as the findings print it."""
    package = root / PACKAGE / part
    single = package.with_suffix(".py")
    if single.exists():
        source, path = single.read_text(encoding="utf-8"), single
    else:
        package.mkdir(exist_ok=True)
        source, path = "", package / "broken.py"
    path.write_text(f"{source}\n{statement}\n", encoding="utf-8")
    return str(path.relative_to(root))


@pytest.mark.parametrize(
    ("part", "statement"),
    [
        ("outbox", "from edge_agent.records import Frame"),
        ("outbox", "from edge_agent import records"),
        ("outbox", "import edge_agent.records as r"),
        ("outbox", "import edge_agent"),
        ("outbox", "import edge_agent.clock"),  # binds the name of the whole package
        ("outbox", "from edge_agent import *"),
        ("outbox", "import pydantic"),
        ("clock", "from .records import Frame"),
        ("tracker", "from ..counting import lines"),
        ("tracker", "from .. import detector"),
        ("uplink", "def late():\n    from edge_agent.counting import x"),
        (
            "uplink",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from edge_agent.records import Tracks",
        ),
        ("uplink", "try:\n    import numpy.typing as npt\nexcept ImportError:\n    pass"),
        ("message", "class A:\n    import cv2"),
        ("camera", "from edge_agent.detector.session import Detector"),
        ("demographics", "from edge_agent.detector.faces import AttributeNetwork"),
        ("demographics", "import onnxruntime"),
        ("anonymise", "from edge_agent.demographics import Votes"),
        ("pipeline", "import edge_agent.uplink as u"),
        ("anonymise", "from edge_agent.config.schema import Config"),
        ("novelty", "x = 1"),
    ],
)
def test_a_forbidden_import_is_found(copy: Path, part: str, statement: str) -> None:
    """Each way of writing a forbidden import, put into a copy of the package, is found where it stands."""
    before = forbidden_imports(copy)
    where = break_it(copy, part, statement)
    after = forbidden_imports(copy)
    assert any(line.startswith(f"{where}:") for line in set(after) - set(before)), after


@pytest.mark.parametrize(
    ("part", "statement"),
    [
        ("uplink", "import threading\nt = threading.Thread(target=print)"),
        ("uplink", "from threading import Thread as T\nclass Worker(T): ..."),
        ("uplink", "def go(client):\n    client.loop_start()"),
        ("health", "from concurrent import futures\np = futures.ThreadPoolExecutor()"),
        ("health", "from prometheus_client import start_http_server\nstart_http_server(1)"),
        ("detector", "import multiprocessing"),
        ("detector", "import subprocess"),
        ("outbox", "import os as o\no.execv('/bin/sh', ['sh'])"),
        ("outbox", "import os\nfolder = os.environ['HOME']"),
        ("camera", "from os import getenv\nname = getenv('X')"),
        ("tracker", "import importlib\nm = importlib.import_module('edge_agent.' + 'camera')"),
        ("service", "m = __import__('cv2')"),
    ],
)
def test_a_forbidden_deed_is_found(copy: Path, part: str, statement: str) -> None:
    """Threads, processes, environment and imports by name, put where they do not belong, are found there."""
    before = forbidden_deeds(copy)
    where = break_it(copy, part, statement)
    after = forbidden_deeds(copy)
    assert any(line.startswith(f"{where}:") for line in set(after) - set(before)), after


def test_a_thread_in_an_annotation_is_no_thread(copy: Path) -> None:
    """Naming the type of a thread that service made is not making one."""
    before = forbidden_deeds(copy)
    break_it(copy, "uplink", "import threading\ndef watch(worker: threading.Thread) -> threading.Thread: ...")
    assert forbidden_deeds(copy) == before


def test_a_long_way_to_a_picture_is_found(copy: Path) -> None:
    """A chain of imports from what sends to a picture is followed to its end, through functions and packages."""
    break_it(copy, "outbox", "from edge_agent.clock import SystemClock")
    break_it(copy, "clock", "def late():\n    from edge_agent.config import schema")
    package = copy / PACKAGE / "config" / "__init__.py"
    package.write_text("from edge_agent.counting import lines\n", encoding="utf-8")
    assert f"{PACKAGE}.counting" in {name[: len(f"{PACKAGE}.counting")] for name in pictures_in(reach(copy, "outbox"))}
