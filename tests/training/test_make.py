"""The chain of steps: what is done is skipped, what was stopped goes on; and the whole of it once, at its smallest."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from training.evaluation.evaluate import REPOSITORY
from training.make.__main__ import main, typed
from training.make.recipe import BATCH, Recipe, steps
from training.make.steps import Step, StepError, run_steps
from training.render import Renderer

from edge_agent.detector.bundle import Bundle

PIECE = '''
"""A step that writes its name to a file; it may fail, or wait to be killed."""
import signal, sys
from pathlib import Path

folder, name, *rest = sys.argv[1:]
with Path(folder, "ran").open("a") as file:
    file.write(" ".join([name, *rest]) + "\\n")
if name == Path(folder, "fails").read_text():
    sys.exit(3)
if name == Path(folder, "waits").read_text():
    signal.signal(signal.SIGTERM, lambda *_: (Path(folder, "asked").touch(), sys.exit(0)))
    print("waiting", flush=True)
    signal.pause()
Path(folder, name).touch()
'''

DRIVER = """
import sys
from pathlib import Path
from training.make.steps import Step, StoppedError, run_steps

folder = Path(sys.argv[1])
steps = [Step(n, n, "piece", (str(folder), n), (folder / n,)) for n in ("one", "two", "three")]
try:
    run_steps(steps, folder / "work", lambda what: None)
except StoppedError as error:
    sys.exit(str(error))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose module `piece` may be a step."""
    (tmp_path / "piece.py").write_text(PIECE)
    for name in ("fails", "waits"):
        (tmp_path / name).write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def chain(folder: Path, *more: str) -> list[Step]:
    """Three steps, the second with more arguments."""
    names = ("one", "two", "three")
    extra = {"two": more}
    return [Step(n, n, "piece", (str(folder), n, *extra.get(n, ())), (folder / n,)) for n in names]


def run(folder: Path, steps: list[Step]) -> list[str]:
    """Which steps ran."""
    (folder / "ran").write_text("")
    run_steps(steps, folder / "work", lambda what: None)
    return (folder / "ran").read_text().splitlines()


def test_what_is_done_is_skipped(folder: Path) -> None:
    """A second run of the same does nothing."""
    assert run(folder, chain(folder)) == ["one", "two", "three"]
    assert run(folder, chain(folder)) == []


def test_other_arguments_are_another_step(folder: Path) -> None:
    """What is asked for differently is done again, and all that comes after it."""
    run(folder, chain(folder))
    assert run(folder, chain(folder, "--more")) == ["two --more", "three"]
    (folder / "two").unlink()
    assert run(folder, chain(folder, "--more")) == ["two --more", "three"]


def test_a_failed_step_is_where_it_goes_on(folder: Path) -> None:
    """The error names the step; what came before it is not done again, what comes after was not begun."""
    (folder / "fails").write_text("two")
    with pytest.raises(StepError, match="two: ended with status 3"):
        run(folder, chain(folder))
    (folder / "fails").write_text("")
    assert run(folder, chain(folder)) == ["two", "three"]


def test_a_step_without_its_result_is_an_error(folder: Path) -> None:
    """A step that ends well but leaves nothing is not taken for done."""
    with pytest.raises(StepError, match="is not there"):
        run(folder, [Step("one", "one", "piece", (str(folder), "one"), (folder / "never",))])


def test_a_step_that_was_begun_is_resumed(folder: Path) -> None:
    """The arguments that make it go on are added only where it has begun, and do not make it another step."""
    step = Step("one", "one", "piece", (str(folder), "one"), (folder / "one",), folder / "begun", ("--resume",))
    assert run(folder, [step]) == ["one"]
    (folder / "begun").touch()
    assert run(folder, [step]) == []
    (folder / "work/done/one.json").unlink()
    assert run(folder, [step]) == ["one --resume"]


def waiting(folder: Path) -> "subprocess.Popen[str]":
    """Another process that runs the chain, at its second step."""
    (folder / "waits").write_text("two")
    path = os.pathsep.join([str(REPOSITORY / "models"), str(REPOSITORY), str(folder)])
    command = [sys.executable, "-c", DRIVER, str(folder)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path}, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    (folder / "waits").write_text("")
    return process


def test_a_killed_run_goes_on(folder: Path) -> None:
    """After SIGKILL its step is asked to end as well, and the next run waits for that and then begins with it."""
    with waiting(folder) as process:
        process.kill()
    assert run(folder, chain(folder)) == ["two", "three"]
    assert (folder / "asked").exists()


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_says_so_in_a_line(folder: Path, which: signal.Signals) -> None:
    """Ctrl-C and a supervisor's stop reach the step as a request to end, and the message says how to go on."""
    with waiting(folder) as process:
        process.send_signal(which)
        _, error = process.communicate()
    assert error == "stopped while two; the same command goes on\n"
    assert (folder / "asked").exists()
    assert run(folder, chain(folder)) == ["two", "three"]


def recipe(**more: object) -> Recipe:
    values = {"out": Path("/b/person-s"), "work": Path("/w"), "data": Path("/d"), "command": "make", **more}
    return Recipe(**values)  # type: ignore[arg-type]


def option(step: Step, name: str) -> str:
    """The value of a step's option."""
    return step.arguments[step.arguments.index(name) + 1]


def test_the_hold_out_shares_nothing_with_the_training() -> None:
    """Its people, its pictures and their folders come from a seed of their own, and no training sees them."""
    by_name = {step.name: step for step in steps(recipe())}
    train, held = by_name["shards-001"], by_name["shards-501"]
    assert option(train, "--figures") != option(held, "--figures")
    assert option(train, "--seed") != option(held, "--seed")
    seen = [step for step in by_name.values() if step.module == "training.train"]
    assert {option(step, "--shards") for step in seen} == {option(train, "--out")}
    assert option(by_name["bundle"], "--holdout") == option(held, "--out")


def test_clips_come_in_late_and_are_named() -> None:
    """Real frames are labelled first, seen from the later part of the training on, and told to the card."""
    found = steps(recipe(clips=(Path("/c/classroom.gif"),), samples=1000, cooldown=100, real_share=0.2))
    trained = [step for step in found if step.module == "training.train"]
    assert ["--real" in step.arguments for step in trained] == [False, True, True]
    assert option(found[-1], "--clip") == "classroom.gif"
    assert float(option(found[-1], "--real-share")) == pytest.approx(0.2 * 500 / 1100, abs=1e-4)
    assert not any("--real" in step.arguments for step in steps(recipe()))


def test_what_was_hard_is_seen_again_while_the_network_cools_down() -> None:
    """The list is made by the network of the first part, of the pictures that train it; only the last part reads it."""
    by_module = {step.module: step for step in steps(recipe())}  # of training.train the last: the cool-down
    mined, last = by_module["training.mining"], by_module["training.train"]
    assert mined.arguments[0] == option(last, "--from")
    assert option(mined, "--out") == option(last, "--hard")
    assert option(mined, "--shards") == option(last, "--shards")
    first = next(step for step in steps(recipe()) if step.module == "training.train")
    assert "--hard" not in first.arguments


def test_a_training_may_begin_where_a_bundle_ended() -> None:
    """Its fp32 file gives the weights, no sample is small any more, and the card is told."""
    found = steps(recipe(start=Path("/b/person-s")))
    first = next(step for step in found if step.module == "training.train")
    assert option(first, "--init") == "/b/person-s/fp32.onnx"
    assert option(first, "--small") == "0"
    assert option(found[-1], "--start") == "/b/person-s"
    assert not any("--init" in step.arguments for step in steps(recipe()))


def test_a_step_learns_from_as_many_pictures_on_any_machine() -> None:
    """The batch of all processes together is the same, so that the learning rate fits."""
    for cores, device in ((1, ""), (2, ""), (4, "cpu"), (16, "cuda")):
        step = next(each for each in steps(recipe(cores=cores, device=device)) if each.module == "training.train")
        assert int(option(step, "--batch")) * int(option(step, "--processes")) == BATCH


def test_the_card_names_what_was_typed() -> None:
    """Options that were given are in the command, paths as seen from the repository; others are not."""
    words = ["--size", "m", "--clip", str(REPOSITORY / "a.gif"), "--quick"]
    with main.make_context("make", words) as context:
        assert typed(context) == "scripts/make-default-model --size m --clip a.gif --quick"


@pytest.mark.timeout(600)
def test_the_whole_chain(tmp_path: Path, shared: Path) -> None:
    """From nothing to a bundle that the agent loads; killed in the training it goes on, and done it is done."""
    try:
        Renderer()
    except RuntimeError as error:
        pytest.skip(str(error))
    command = [sys.executable, "-m", "training.make", "--quick", "--cores", "1", "--commit", "0123abc"]
    command += ["--data", str(shared / "data"), "--work", str(tmp_path / "work"), "--out", str(tmp_path / "person-s")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(REPOSITORY / "models"), str(REPOSITORY)])}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("[5/8] training"):
                process.kill()
                break
    done = sorted(path.stem for path in (tmp_path / "work/done").iterdir())
    assert done == ["figures-001", "figures-501", "shards-001", "shards-501"]
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "4 steps" in again.stdout
    card = Bundle.load(tmp_path / "person-s").card
    assert card.training is not None
    assert card.training.data[0].pictures == 40
    assert json.loads((tmp_path / "work/report/report.json").read_text())["rendered"]
    last = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "nothing was left to do" in last.stdout
