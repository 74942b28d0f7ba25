"""All measures of all files of a bundle, and of the public networks beside them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from edge_agent.camera import prepare_opencv
from edge_agent.detector.card import Precision
from edge_agent.detector.pictures import clip_pictures
from training.evaluation import measures, pictures
from training.evaluation.counted import Counted, counted
from training.evaluation.holdout import Holdout, Rendered, rendered
from training.evaluation.measures import Agreement, CountError, FalseBoxes, Presence
from training.evaluation.networks import COMPARED, REFERENCE, Network, networks_of, public_network
from training.evaluation.pictures import Clip, Indoor
from training.evaluation.speed import Speed, speeds
from training.evaluation.statistics import Interval


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are.

    Attributes:
        indoor: people/ and empty/ pictures of indoor cameras.
        clips: the clips with truth.json.
        contract: the configurations that go with them.
        models: ONNX files of public networks.
        bundles: bundles made of them.
        seen: what public networks saw, kept for the next run.
    """

    indoor: Path
    clips: Path
    contract: Path
    models: Path
    bundles: Path
    seen: Path

    @classmethod
    def around(cls, repository: Path) -> Self:
        """The usual places of a checkout with the shared folder beside it."""
        shared, cache = repository.parent / "shared", repository / ".cache"
        return cls(
            indoor=shared / "data" / "indoor_eval",
            clips=shared / "clips",
            contract=shared / "contract",
            models=shared / "models",
            bundles=cache / "bundles",
            seen=cache / "evaluation" / "seen",
        )


REPOSITORY: Final = Path(__file__).resolve().parents[3]

_PICTURES_PER_CLIP: Final = 6  # for the measure of speed


@dataclass(frozen=True, slots=True)
class Figures:
    """The quick measures of one network.

    Attributes:
        label: name and precision.
        threshold: the card's, at which everything is counted.
        size_bytes: of the ONNX file.
        presence: on indoor cameras.
        agreement: with the reference network on clips.
        false_boxes: by clip without people.
        visits: error of the count where one visitor follows the other.
    """

    label: str
    threshold: float
    size_bytes: int
    presence: Presence
    agreement: Agreement
    false_boxes: dict[str, FalseBoxes]
    visits: CountError


@dataclass(frozen=True, slots=True)
class Quick:
    """The quick measures of a bundle.

    Attributes:
        own: of the bundle's files, first the one that the agent runs by default.
        others: of public networks.
        int8_loss: AUC lost from fp32 to int8; None unless the bundle has both.
    """

    own: tuple[Figures, ...]
    others: tuple[Figures, ...]
    int8_loss: Interval | None


@dataclass(frozen=True, slots=True)
class Bench:
    """The loaded networks and pictures of one evaluation."""

    own: tuple[Network, ...]
    reference: Network
    others: tuple[Network, ...]
    indoor: Indoor
    clips: tuple[Clip, ...]
    nobody: tuple[Clip, ...]
    trained_on: tuple[str, ...]
    places: Places

    def cache_of(self, network: Network) -> Path | None:
        """Where a network's boxes are kept; those of the bundle under test are not: each round has another."""
        return None if network in self.own else self.places.seen


def prepare(
    bundle: Path, *, places: Places, trained_on: Sequence[str] = (), compared: Sequence[str] = COMPARED
) -> Bench:
    """Load everything.

    Args:
        bundle: folder of the bundle under test.
        places: where the data are.
        trained_on: names of the clips that trained it.
        compared: public networks to show beside it.

    Raises:
        DetectorError: a network cannot be used.
        OSError: data are missing.
    """
    prepare_opencv()
    public = {
        name: public_network(name, models=places.models, bundles=places.bundles)
        for name in dict.fromkeys((REFERENCE, *compared))
    }
    own = tuple(networks_of(bundle))
    shas = {network.detector.model_sha256 for network in own}
    return Bench(
        own=own,
        reference=public[REFERENCE],
        others=tuple(public[name] for name in compared if public[name].detector.model_sha256 not in shas),
        indoor=Indoor.of(places.indoor),
        clips=tuple(pictures.clips(places.clips, pictures.AGREEMENT_CLIPS)),
        nobody=tuple(pictures.clips(places.clips, pictures.NOBODY_CLIPS)),
        trained_on=tuple(dict.fromkeys((*trained_on, *_named_by(own[0])))),
        places=places,
    )


def _named_by(network: Network) -> list[str]:
    """The clips that the card names anywhere but among its measurements: those that trained the network."""
    text = json.dumps(network.bundle.card.model_dump(mode="json", exclude={"measured"}))
    return [name for name in pictures.AGREEMENT_CLIPS if name in text]


def quick(
    bundle: Path,
    *,
    trained_on: Sequence[str] = (),
    compared: Sequence[str] = (),
    places: Places | None = None,
) -> Quick:
    """Presence, agreement, false boxes and errors of the count: seconds for a small network.

    Args:
        bundle: folder of the bundle.
        trained_on: names of the clips that trained it, such as 'classroom.gif'.
        compared: public networks to measure as well.
        places: where the data are; None: beside this checkout.

    Raises:
        DetectorError: a network cannot be used.
        OSError: data are missing.
    """
    return measure(
        prepare(bundle, places=places or Places.around(REPOSITORY), trained_on=trained_on, compared=compared)
    )


def measure(bench: Bench) -> Quick:
    """The quick measures of what is loaded."""
    own = {network.precision: network for network in bench.own}
    both = (own.get(Precision.FP32), own.get(Precision.INT8))
    return Quick(
        own=tuple(_figures(network, bench) for network in bench.own),
        others=tuple(_figures(network, bench) for network in bench.others),
        int8_loss=measures.int8_loss(both[0], both[1], bench.indoor) if both[0] and both[1] else None,
    )


@dataclass(frozen=True, slots=True)
class Full:
    """What takes minutes.

    Attributes:
        counted: by the whole agent on clips, by the label of the bundle's files.
        speed: of the bundle's files and the public networks, by label.
        rendered: of the bundle's files and the reference network on the hold-out, by label; empty without one.
    """

    counted: dict[str, Counted]
    speed: dict[str, Speed]
    rendered: dict[str, Rendered]


def measure_full(
    bench: Bench, holdout: Holdout | None, *, speed_s: float, say: Callable[[str], None] = lambda _what: None
) -> Full:
    """The other measures of what is loaded.

    Args:
        bench: the networks.
        holdout: rendered pictures that never trained; None: there are none.
        speed_s: how long to measure speed.
        say: told what begins.

    Raises:
        RuntimeError: a clip cannot be counted.
        OSError: data are missing.
    """
    found = {}
    for network in bench.own:
        say(f"counting clips with {network.label}")
        found[network.label] = counted(network, clips=bench.places.clips, contract=bench.places.contract)
    say("measuring speed")
    images = [image for clip in (*bench.clips, *bench.nobody) for image in clip_pictures(clip.path, _PICTURES_PER_CLIP)]
    speed = speeds((*bench.own, *bench.others), bench.reference, images, seconds=speed_s)
    seen = {}
    if holdout is not None:
        for network in dict.fromkeys((*bench.own, bench.reference)):
            say(f"looking at the hold-out with {network.label}")
            seen[network.label] = rendered(network, holdout, pixels_of=bench.own[0], cache=bench.cache_of(network))
    return Full(found, speed, seen)


def _figures(network: Network, bench: Bench) -> Figures:
    cache, places = bench.cache_of(network), bench.places
    one_by_one = next(clip for clip in bench.clips if clip.name == pictures.ONE_BY_ONE)
    file = network.bundle.card.file_of(network.precision)
    return Figures(
        label=network.label,
        threshold=network.threshold,
        size_bytes=file.size_bytes if file else 0,
        presence=measures.presence(network, bench.indoor, cache),
        agreement=measures.agreement(
            network,
            bench.reference,
            bench.clips,
            trained_on=bench.trained_on,
            cache=places.seen,
            own=cache,
        ),
        false_boxes={clip.name: measures.false_boxes(network, clip, cache) for clip in bench.nobody},
        visits=measures.visit_error(network, one_by_one, pictures.visits(places.clips), cache),
    )
