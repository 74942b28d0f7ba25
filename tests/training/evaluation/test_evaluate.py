import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from training.evaluation import Places, quick
from training.evaluation.counted import Phantoms, counted
from training.evaluation.evaluate import REPOSITORY, prepare
from training.evaluation.networks import Network
from training.evaluation.report import as_data, quick_text
from training.evaluation.sheets import clip_examples, indoor_examples, sheet
from training.evaluation.speed import speeds

MakeNetwork = Callable[..., Network]
_DARK, _GREY, _BRIGHT = 0, 120, 255

_CONFIG = """
[site]
tenant = "demo"
site = "milano-01"
device = "door-1"
time_zone = "Europe/Rome"
[broker]
url = "mqtt://127.0.0.1:1883"
[[camera]]
name = "entrance"
source = "one-by-one.mp4"
[[camera.line]]
name = "exit"
from = [0.9, 0.0]
to = [0.9, 1.0]
inside = [0.1, 0.5]
classes = ["person"]
[[camera.zone]]
name = "table"
polygon = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
classes = ["person"]
"""

_TRUTH = {
    "one-by-one.mp4": {
        "visits": [{"first": 20, "last": 59}],
        "line": {"crossings_left_to_right": 0, "crossings_right_to_left": 0},
        "zone": {"dwell_s": [4.0], "tolerance_s": 2.0},
    }
}


@pytest.fixture
def places(
    make_bundle: Callable[..., Path],
    make_clip: Callable[..., Path],
    make_indoor: Callable[..., Path],
    tmp_path: Path,
) -> Places:
    """A small world: one visitor of 4 s, three short clips, two without people, four indoor pictures."""
    make_bundle("yolox_nano", half=16.0)  # the reference: a made one under its name
    # One frame stands out, so that the picture is not taken for a frozen camera's.
    make_clip(
        "one-by-one.mp4", [_DARK] * 20 + [_BRIGHT - n % 3 for n in range(40)] + [_DARK + n % 3 for n in range(20)]
    )
    for name in ("doorway.gif", "classroom.gif", "two-faces.gif"):
        make_clip(name, [_BRIGHT, _GREY])
    make_clip("cars-no-people.mp4", [_DARK + n % 3 for n in range(30)])
    make_clip("bottles-on-shelf.mp4", [_BRIGHT - n % 3 for n in range(30)])
    (tmp_path / "clips" / "truth.json").write_text(json.dumps(_TRUTH), encoding="utf-8")
    (tmp_path / "contract").mkdir()
    (tmp_path / "contract" / "one-by-one.toml").write_text(_CONFIG, encoding="utf-8")
    return Places(
        indoor=make_indoor([_BRIGHT, _BRIGHT], [_GREY, _DARK]),
        clips=tmp_path / "clips",
        contract=tmp_path / "contract",
        models=tmp_path,
        bundles=tmp_path / "bundles",
        seen=tmp_path / "seen",
    )


def test_quick_measures_every_file_of_a_bundle(places: Places, make_bundle: Callable[..., Path]) -> None:
    """One call gives the figures of both precisions, the AUC lost, a table with all columns, and JSON."""
    bundle = make_bundle("mine", half=15.5, precisions=("fp32", "int8"))
    result = quick(bundle, trained_on=["classroom.gif"], compared=["yolox_nano"], places=places)
    assert [each.label for each in result.own] == ["mine int8", "mine fp32"]
    assert [each.label for each in result.others] == ["yolox_nano fp32"]
    assert result.int8_loss is not None
    assert result.own[0].presence.auc.value == 1.0
    assert result.own[0].false_boxes["bottles-on-shelf.mp4"].per_frame == 1.0
    assert result.others[0].agreement.trained_on == ("classroom.gif",)
    text = quick_text(result)
    assert "mine int8" in text
    assert "classroom.gif* (2 boxes)" in text
    assert json.loads(json.dumps(as_data(result)))["own"][1]["agreement"]["pooled"]["recall"] > 0.0


def test_clips_that_the_card_names_have_trained_it(places: Places, make_bundle: Callable[..., Path]) -> None:
    """A clip that stands in the card's text is no test of the network, without anybody saying so."""
    bundle = make_bundle("mine")
    card = bundle / "card.toml"
    text = card.read_text(encoding="utf-8")
    card.write_text(text.replace("nobody has measured it yet", "trained on doorway.gif"), encoding="utf-8")
    bench = prepare(bundle, places=places, trained_on=["two-faces.gif"], compared=[])
    assert bench.trained_on == ("two-faces.gif", "doorway.gif")


def test_the_whole_agent_counts_the_clips(places: Places, make_network: MakeNetwork) -> None:
    """Stays are compared with the truth; where nobody is, whatever is counted is reported."""
    result = counted(make_network(), clips=places.clips, contract=places.contract)
    assert (len(result.visits.dwell_s), result.visits.stays_right) == (1, 1)
    assert (result.visits.out, result.visits.back) == (0, 0)
    assert result.phantoms["cars-no-people.mp4"] == Phantoms(crossings=0, stays=0, highest=0, mean=0.0)
    assert result.phantoms["bottles-on-shelf.mp4"].highest == 1


def test_speeds_are_ratios_to_the_reference(make_network: MakeNetwork) -> None:
    """The reference is measured in the same run, also where nobody asked for it, and is its own unit."""
    network, reference = make_network("mine"), make_network("unit")
    result = speeds([network], reference, [np.full((64, 64, 3), 200, np.uint8)], seconds=0.01)
    assert set(result) == {"mine fp32", "unit fp32"}
    assert result["unit fp32"].detect_ratio.median == 1.0
    assert 0.0 < result["mine fp32"].network_ms < result["mine fp32"].detect_ms


def test_sheets_begin_with_the_worst(places: Places, make_bundle: Callable[..., Path]) -> None:
    """The surest false box comes first, boxes where nobody is are all false, and each example is a tile."""
    bench = prepare(make_bundle("mine"), places=places, compared=[])
    network = bench.own[0]
    misses, alarms = indoor_examples(network, bench.indoor)
    assert [example.caption.split()[0] for example in alarms] == ["empty/000.jpg"]
    assert len(misses) == 2
    _, false = clip_examples(network, bench.reference, bench.clips, bench.nobody, places.seen)
    assert {example.caption.split()[0] for example in false} == {"bottles-on-shelf.mp4"}
    picture = sheet(alarms, network.threshold)
    assert picture.ndim == 3
    assert picture[:260].max() > 100  # the grey picture is drawn


def test_results_stay_out_of_the_repository() -> None:
    """A folder that git would track is refused before anything is measured: sheets show other people's pictures."""
    pytest.importorskip("matplotlib", reason="draws with matplotlib of the training group")
    from training.evaluation.command import main  # noqa: PLC0415  (not without matplotlib)

    out = REPOSITORY / "models" / "result"
    result = CliRunner().invoke(main, ["models/person-s", "--out", str(out)])
    assert result.exit_code == 2
    assert "under version control" in result.output
    assert not out.exists()


def test_plots_are_written(tmp_path: Path) -> None:
    """A ROC plot is a picture file."""
    pytest.importorskip("matplotlib", reason="draws with matplotlib of the training group")
    from training.evaluation.plots import roc_plot  # noqa: PLC0415  (not without matplotlib)

    rng = np.random.default_rng(3)
    roc_plot(tmp_path / "roc.png", {"one": (rng.random(20), rng.random(20))})
    assert (tmp_path / "roc.png").read_bytes().startswith(b"\x89PNG")
