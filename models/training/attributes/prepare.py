"""Decodes the faces and cuts or renders the pictures of nothing: `python -m training.attributes.prepare --out WORK`.

What training reads lies then in plain arrays: faces.npy, faces.npz, audit.npz, nothing.npy, nothing.npz.
"""

from collections.abc import Iterable
from pathlib import Path

import click
import numpy as np
from tqdm import tqdm

from training.attributes.data import (
    ABOUT,
    AUDIT,
    NOTHING,
    NOTHING_ABOUT,
    PICTURES,
    STORED,
    Pixels,
    decode,
    read_labels,
    split_of,
)
from training.attributes.nothing import Counts, Material, everything
from training.evaluation.evaluate import REPOSITORY


def prepare_faces(folder: Path, out: Path) -> int:
    """Decode all faces of `folder` (labels.csv and zip files) into `out`; how many there are."""
    rows = read_labels(folder / "labels.csv")
    _write(out / PICTURES, decode(folder, rows), len(rows), "faces")
    np.savez(
        out / ABOUT,
        name=np.array([row.file for row in rows]),
        sex=np.array([row.sex for row in rows], np.int8),
        age=np.array([row.age for row in rows], np.int8),
        split=np.array([split_of(row.file) for row in rows], np.int8),
    )
    np.savez(out / AUDIT, race=np.array([row.race for row in rows]))
    return len(rows)


def prepare_nothing(material: Material, out: Path, counts: Counts, seed: int) -> None:
    """Cut and render the pictures without faces into `out`."""
    kinds, splits = [], []

    def pictures() -> Iterable[Pixels]:
        for picture, kind, split in everything(material, counts, seed):
            kinds.append(kind)
            splits.append(split)
            yield picture

    _write(out / NOTHING, pictures(), counts.total, "pictures of nothing")
    np.savez(out / NOTHING_ABOUT, kind=np.array(kinds), split=np.array(splits, np.int8))


def _write(path: Path, pictures: Iterable[Pixels], count: int, what: str) -> None:
    """An array of pictures, whole or not at all."""
    part = path.with_suffix(".part")
    array = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=(count, STORED, STORED, 3))
    for number, picture in enumerate(tqdm(pictures, total=count, desc=what, mininterval=5)):
        array[number] = picture
    array.flush()
    del array
    part.replace(path)


_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option("--data", type=_FOLDER, default=REPOSITORY.parent / "shared/data", help="The shared data.")
@click.option(
    "--shards", type=_FOLDER, required=True, help="Rendered people: bodies without heads are cut out of them."
)
@click.option("--figures", type=_FOLDER, required=True, help="Library of figures, to render heads from behind.")
@click.option("--out", type=_FOLDER, required=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--scale", type=float, default=1.0, show_default=True, help="Share of the pictures of nothing to make.")
def main(*, data: Path, shards: Path, figures: Path, out: Path, seed: int, scale: float) -> None:
    """Decode the faces, and make the pictures of nothing to read."""
    out.mkdir(parents=True, exist_ok=True)
    whole = Counts()
    counts = Counts(
        *(
            max(20, round(count * scale))
            for count in (whole.goods, whole.rooms, whole.bodies, whole.around, whole.backs)
        )
    )
    try:
        faces = prepare_faces(data / "faces", out)
        prepare_nothing(Material(data, tuple(sorted(shards.glob("*.npz"))), figures), out, counts, seed)
    except (ValueError, OSError, RuntimeError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{out}: {faces} faces, {counts.total} pictures of nothing to read")


if __name__ == "__main__":
    main()
