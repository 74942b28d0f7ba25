"""The stage among the others of a camera: when visitors come out, also at a clip's end, a stop or a loss of sight."""

import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from demographics.scenes import Body, paint, picture
from support.agent import edge_agent
from support.attributes import make_bundle

from edge_agent.anonymise import Gate
from edge_agent.clock import ManualClock
from edge_agent.config import Config
from edge_agent.detector.session import Detector
from edge_agent.face_networks import CHARGE_S, FaceNetworks
from edge_agent.pipeline import Pipeline, load_detector, load_faces, make_pipeline
from edge_agent.records import Detections, Frame, Gap, Image, Visitor
from edge_agent.terms import AgeBand, GapCause, Sex

T0 = 1_781_085_600.0  # 2026-06-10T10:00:00Z
FPS = 10.0
MAN = Body(1, 100.0)


def config(bundle: Path, **camera: object) -> Config:
    """One camera that reads visitors."""
    return Config.model_validate(
        {
            "site": {"tenant": "t", "site": "s", "device": "d", "time_zone": "Europe/Rome"},
            "broker": {"url": "mqtt://127.0.0.1:1"},
            "camera": [{"name": "c", "source": "synthetic:", "demographics": True, **camera}],
            "demographics": {"bundle": str(bundle)},
        }
    )


@pytest.fixture(scope="session")
def tint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that reads the tint of a crop."""
    return make_bundle(tmp_path_factory.mktemp("tint"))


@pytest.fixture(scope="session")
def detector(tint: Path) -> Detector:
    """The project's own detector, for its thresholds and classes."""
    return load_detector(config(tint), config_folder=Path())


@pytest.fixture(scope="session")
def faces(tint: Path) -> FaceNetworks:
    """The loaded networks."""
    loaded = load_faces(config(tint), config_folder=Path())
    assert loaded is not None
    return loaded


def detect(image: Image) -> Detections:
    """A man where the picture shows one."""
    there = int(image.max() > 100)
    boxes = np.array([MAN.box][:there], np.float32).reshape(-1, 4)
    return Detections(boxes, np.full(there, 0.9, np.float32), np.zeros(there, np.int64))


def frames(seconds: float, *, start_s: float = 0.0, man: bool = True) -> Iterator[Frame]:
    """A man, or nobody, for a while."""
    image = picture()
    if man:
        paint(image, MAN, male=0.95)
    for i in range(round(seconds * FPS)):
        yield Frame(image, start_s + i / FPS, i)


@pytest.fixture
def pipeline(tint: Path, detector: Detector, faces: FaceNetworks) -> Pipeline:
    """All stages of the camera."""
    settings = config(tint)
    made, gate = make_pipeline(
        settings, settings.camera[0], detector, ManualClock(0.0, T0), detect=detect, faces=faces.paced()
    )
    assert isinstance(gate, Gate)
    gate.begin(0.0)
    return made


def visitors(pipeline: Pipeline, *items: Frame | Gap) -> list[Visitor]:
    """Who left while these items came."""
    return [visitor for step in pipeline.run(items) for visitor in step.events.visitors]


def is_man(left: list[Visitor]) -> bool:
    """Whether exactly the man left, read."""
    return [(visitor.sex, visitor.age) for visitor in left] == [(Sex.MALE, AgeBand.FROM_30)]


def test_a_visitor_comes_with_the_frame_in_which_the_track_ends(pipeline: Pipeline) -> None:
    """Not before; and not again when the clip is over."""
    assert visitors(pipeline, *frames(2.0)) == []
    left = visitors(pipeline, *frames(3.0, start_s=2.0, man=False))
    assert is_man(left)
    assert left[0].t_s == pytest.approx(1.9 + 2.0 + 1 / FPS, abs=0.11)
    assert pipeline.close(9.0).events.visitors == ()


def test_at_the_end_of_a_clip_everybody_has_left(pipeline: Pipeline) -> None:
    """Whoever is still in the picture is a visitor at the clip's last moment."""
    visitors(pipeline, *frames(2.0))
    assert is_man(list(pipeline.close(2.0).events.visitors))


def test_when_the_agent_stops_what_was_read_is_kept(pipeline: Pipeline) -> None:
    """`suspend` puts those in view into the windows that are saved, as it does with stays."""
    visitors(pipeline, *frames(2.0))
    assert is_man(list(pipeline.suspend(2.0).events.visitors))


def test_a_long_loss_of_sight_ends_all_visits(pipeline: Pipeline) -> None:
    """Longer than a track lives: whoever was there has left; whoever is there afterwards is somebody else."""
    visitors(pipeline, *frames(2.0))
    assert is_man(visitors(pipeline, Gap(2.0, 10.0, GapCause.STALLED)))
    visitors(pipeline, *frames(2.0, start_s=10.0))
    assert is_man(list(pipeline.close(12.0).events.visitors))


def test_a_short_loss_of_sight_ends_none(pipeline: Pipeline) -> None:
    """A track that outlives the gap is one visitor."""
    visitors(pipeline, *frames(2.0))
    assert visitors(pipeline, Gap(2.0, 3.0, GapCause.STALLED)) == []
    visitors(pipeline, *frames(1.0, start_s=3.0))
    assert is_man(list(pipeline.close(4.0).events.visitors))


def test_what_is_counted_does_not_change(tint: Path, detector: Detector, faces: FaceNetworks) -> None:
    """With the stage and without it, tracks and detections are the same."""
    seen = []
    for on in (True, False):
        settings = config(tint, demographics=on)
        clock = ManualClock(0.0, T0)
        made, gate = make_pipeline(settings, settings.camera[0], detector, clock, detect=detect, faces=faces.paced())
        gate.begin(0.0)
        looks = [step.look for step in made.run(frames(2.0))]
        seen.append([look.tracks.xyxy.tolist() for look in looks if look is not None])
    assert seen[0] == seen[1]


def test_a_camera_without_a_model_to_read_with_is_a_mistake_of_the_program(tint: Path, detector: Detector) -> None:
    """It does not count everybody as unknown in silence."""
    settings = config(tint)
    with pytest.raises(TypeError, match="needs a model for faces"):
        make_pipeline(settings, settings.camera[0], detector, ManualClock(0.0, T0), detect=detect)


def test_nothing_is_loaded_where_no_camera_reads_visitors(tint: Path) -> None:
    """`load_faces` gives nothing, even where the bundle is broken."""
    assert load_faces(config(tint / "broken", demographics=False), config_folder=Path()) is None


def test_people_are_looked_for_even_where_only_goods_are_counted(tint: Path, tmp_path: Path) -> None:
    """Demographics need the class person; a network that does not know it is refused."""
    settings = config(tint)
    assert "person" in load_detector(settings, config_folder=Path()).classes
    shared_card = Path("models/person-s/card.toml").read_text(encoding="utf-8")
    for file in Path("models/person-s").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "card.toml").write_text(shared_card.replace('"person",\n', '"dog",\n'), encoding="utf-8")
    with pytest.raises(ValueError, match="demographics need the class 'person'; bundle person-s has: dog"):
        load_detector(settings, config_folder=Path(), bundle=str(tmp_path))


def test_a_replay_charges_each_run_alike(faces: FaceNetworks) -> None:
    """The budget of a replay is spent by the number of runs, not by how long they take here."""
    model = faces.paced()
    before_s = model.timer()
    for _ in range(3):
        model.read(np.zeros((1, 64, 64, 3), np.uint8))
    assert model.timer() - before_s == pytest.approx(3 * CHARGE_S)
    assert faces.paced().timer() == 0.0


def test_cameras_share_the_networks_one_at_a_time(faces: FaceNetworks) -> None:
    """Two threads that read at once, behind one lock, get what each would get alone."""
    turn = threading.Lock()
    pictures = [np.full((1, 64, 64, 3), colour, np.uint8) for colour in ((250, 200, 0), (0, 200, 250))]
    expected = [float(faces.attributes.read(crop)[0][0, 1]) for crop in pictures]
    wrong: list[float] = []

    def camera(i: int) -> None:
        model = faces.model(turn=turn)
        found = {float(model.read(pictures[i])[0][0, 1]) for _ in range(200)}
        wrong.extend(found - {expected[i]})

    threads = [threading.Thread(target=camera, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_detector_of_faces_is_loaded_where_one_is_configured(shared: Path, tint: Path, tmp_path: Path) -> None:
    """`face_bundle` names it; it is asked where the face is, and its time is counted."""
    added = edge_agent(
        "models", "add", shared / "models" / "yunet_n_320_320.onnx",
        "--decoder", "yunet", "--classes", "face", "--to", tmp_path / "yunet",
    )  # fmt: skip
    assert added.status == 0, added.err
    plain = config(tint)
    table = plain.demographics.model_copy(update={"face_bundle": str(tmp_path / "yunet")})
    loaded = load_faces(plain.model_copy(update={"demographics": table}), config_folder=Path())
    assert loaded is not None
    model = loaded.paced()
    assert model.find is not None
    before_s, clip = loaded.model_cpu_s, cv2.VideoCapture(str(shared / "clips" / "two-faces.gif"))
    picture_of_two = clip.read()[1]
    assert len(model.find(np.asarray(picture_of_two, np.uint8))) >= 2
    assert loaded.model_cpu_s > before_s
    assert model.timer() == pytest.approx(CHARGE_S)
