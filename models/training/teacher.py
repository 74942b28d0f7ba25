"""`python -m training.teacher`: frames of real clips, labelled by a public network, as samples beside rendered ones.

The labels are as good as the teacher: what it is sure of is somebody, what it doubts is ignored. Who owns which pixel
is unknown, so the owner map of these samples is all zeros: they are no source of people to copy into other pictures.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click
import numpy as np

from edge_agent.camera import clip_shape, prepare_opencv
from edge_agent.camera.source import SourceError
from edge_agent.commands.failure import told
from edge_agent.detector.card import Input, Resize
from edge_agent.detector.preprocess import Preprocessor
from edge_agent.records import Image
from training.evaluation.evaluate import REPOSITORY, Places
from training.evaluation.matching import Seen
from training.evaluation.networks import REFERENCE, Network, public_network
from training.evaluation.pictures import Clip
from training.samples import PERSON, People, Sample, ShardWriter

SURE: Final = 0.45
DOUBTFUL: Final = 0.20
"""Lower it for clips where the teacher is blind to somebody who is plainly there: a person left unlabelled teaches
that there is nobody. Of doorway.gif it gives .02 to .20 to the woman who is half out of the picture."""

TEST_CLIPS: Final = ("one-by-one.mp4", "bottles-on-shelf.mp4", "cars-no-people.mp4")
"""Clips that say how good a network is; one that was trained on them would look better than it is."""

WIDTH: Final = 384
HEIGHT: Final = 224


class Labeller:
    """Makes samples of frames: fitted as the agent fits them, with the teacher's boxes as truth.

    Args:
        teacher: the network that labels.
        width: of the samples, in pixels.
        height: of the samples, in pixels.
        doubtful: from this score on a box that is not SURE is ignored; below it, it is nobody.
    """

    def __init__(
        self, teacher: Network, *, width: int = WIDTH, height: int = HEIGHT, doubtful: float = DOUBTFUL
    ) -> None:
        self._teacher = teacher
        self._doubtful = doubtful
        # uint8, HWC and BGR: the agent's own fitting gives the sample's picture itself.
        self._fit = Preprocessor(
            Input(width=width, height=height, layout="NHWC", resize=Resize.LETTERBOX_TOP_LEFT, dtype="uint8")
        )
        self._size = width, height

    def sample(self, frame: Image) -> Sample:
        """One frame as a sample.

        Args:
            frame: (height, width, 3) BGR of any size.
        """
        self._fit(frame)
        picture = np.array(self._fit.tensor[0], np.uint8)
        width, height = self._size
        ratio = min(width / frame.shape[1], height / frame.shape[0])
        return Sample(
            picture, np.zeros((height, width), np.uint8), _people(self._teacher.look(frame).at(self._doubtful), ratio)
        )


def _people(seen: Seen, ratio: float) -> People:
    """The teacher's boxes, times `ratio`. How much of a person is visible is unknown: taken as all of the box."""
    people = np.zeros(len(seen), PERSON)
    people["box"] = people["whole"] = seen.xyxy * ratio
    people["visible"] = 1.0
    people["ignore"] = seen.score < SURE
    people["female"] = -1
    people["age"] = people["skin"] = np.nan
    return people


def label(clip: Clip, labeller: Labeller) -> Iterator[Sample]:
    """The frames of a clip as samples.

    Raises:
        SourceError: the clip cannot be read.
    """
    return (labeller.sample(image) for image in clip.images())


def refuse_tests(clips: Sequence[Path]) -> None:
    """See that no clip is one that tests.

    Raises:
        SourceError: one of them is; the message says which.
    """
    for clip in clips:
        if clip.name in TEST_CLIPS:
            raise SourceError(f"{clip}: is kept for tests; leave it out, or add --allow-test-clips and test on others")


@click.command()
@click.option("--clips", "first", type=click.Path(path_type=Path), required=True, help="Clip to label.")
@click.argument("more", type=click.Path(path_type=Path), nargs=-1)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the shards.")
@click.option("--step", type=click.IntRange(min=1), default=1, show_default=True, help="Take every n-th frame.")
@click.option(
    "--doubtful",
    type=click.FloatRange(0.01, SURE),
    default=DOUBTFUL,
    show_default=True,
    help=f"Ignore boxes of this score to {SURE:.2f}; what lies below is nobody.",
)
@click.option("--allow-test-clips", is_flag=True, help="Label clips that are kept for tests, too.")
def main(*, first: Path, more: tuple[Path, ...], out: Path, step: int, doubtful: float, allow_test_clips: bool) -> None:
    """Label clips (--clips CLIP [CLIP…]) with yolox_nano and write one shard for each.

    Each clip is one scene. The card of a network that trained on a clip must name it: it tests that network no more.
    """
    prepare_opencv()
    places = Places.around(REPOSITORY)
    with told():
        clips = [Clip(path, step) for path in (first, *more)]
        if not allow_test_clips:
            refuse_tests([clip.path for clip in clips])
        teacher = public_network(REFERENCE, models=places.models, bundles=places.bundles)
        labeller = Labeller(teacher, doubtful=doubtful)
        for clip in clips:
            shape = clip_shape(clip.path)
            frames = -(-round(shape.duration_s * shape.fps) // step)
            writer, sure, unsure = ShardWriter(), 0, 0
            with click.progressbar(label(clip, labeller), length=frames, label=clip.name, file=sys.stderr) as samples:
                for sample in samples:
                    writer.add(sample)
                    unsure += int(sample.people["ignore"].sum())
                    sure += int((~sample.people["ignore"]).sum())
            file = out / f"{clip.path.stem}.npz"
            writer.write(file)
            click.echo(f"{file}: {len(writer)} pictures, {sure} people, {unsure} to be ignored")


if __name__ == "__main__":
    main()
