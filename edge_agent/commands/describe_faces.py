"""`edge-agent describe`: what the attribute network reads in pictures."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from edge_agent.camera import prepare_opencv
from edge_agent.commands.failure import Misuse, told
from edge_agent.config import DemographicsConfig, DetectorConfig


@click.command()
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, an object per picture.")
@click.option("--find", is_flag=True, help="The pictures show more than a face: look for people, and at each.")
@click.option("--bundle", default=DemographicsConfig().bundle, show_default=True, help="The attribute bundle.")
@click.option("--detector", default=DetectorConfig().bundle, show_default=True, help="Finds people for --find.")
def describe(images: tuple[Path, ...], *, as_json: bool, find: bool, bundle: str, detector: str) -> None:
    """Say what the attribute network reads in pictures: whether there is a face to read, apparent sex, age band.

    Each IMAGE is a face with about a quarter of it on each side, as the agent cuts it out of a camera's picture; it is
    scaled to the network's input in the same way. Where the network is not sure enough the answer is 'unknown'; the
    probabilities are printed all the same. Nothing is written to disk, sent or kept.

    Exit status: 0 done; 1 failed while running; 2 wrong usage, or a file that is no picture.
    """
    from edge_agent.face_report import FaceReport, PictureError  # noqa: PLC0415 - loads all that demographics need

    prepare_opencv()
    with told():
        report = FaceReport(bundle, detector=detector if find else None)
        try:
            results = [report.of(path) for path in images]
        except PictureError as error:
            raise Misuse(str(error)) from None
    click.echo(json.dumps(results) if as_json else "\n".join(line for each in results for line in _lines(each)))


def _lines(result: dict[str, Any]) -> Iterator[str]:
    if "people" not in result:
        yield f"{result['file']}: {_words(result)}"
        return
    people = result["people"]
    yield f"{result['file']}: {len(people)} {'person' if len(people) == 1 else 'people'}"
    yield from (f"  at {' '.join(map(str, person['box']))}: {_words(person)}" for person in people)


def _words(face: dict[str, Any]) -> str:
    if not face["readable"]:
        return f"nothing to read (probability of a face {face['readable_probability']:.2f})"
    sexes, ages = face["sex_probability"], face["age_probability"]
    sex = f"{face['sex']} ({', '.join(f'{name} {share:.2f}' for name, share in sexes.items())})"
    return f"{sex}, age {face['age']} ({', '.join(f'{name} {share:.2f}' for name, share in ages.items())})"
