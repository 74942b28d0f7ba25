"""Figures on the disk: folders of plain arrays, a hundred figures each, mapped into memory by the reader."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from training.scene import Figure, Mesh

BATCH: Final = 100  # figures a folder
_NORMAL_SCALE: Final = 127.0
_ARRAYS: Final = ("position", "normal", "rest", "part", "faces")


def batch_folder(library: Path, number: int) -> Path:
    """Where batch `number` lies."""
    return library / f"figures-{number:04d}"


def write_batch(folder: Path, figures: Sequence[Figure]) -> None:
    """Write figures to `folder`; a crash leaves the whole folder or none.

    Positions are kept as float16 (2 mm at worst), normals as int8. Texture coordinates are not kept: all are zero.
    """
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    meshes = [figure.mesh for figure in figures]
    np.save(part / "position.npy", np.concatenate([mesh.position for mesh in meshes]).astype(np.float16))
    np.save(
        part / "normal.npy", np.rint(np.concatenate([mesh.normal for mesh in meshes]) * _NORMAL_SCALE).astype(np.int8)
    )
    np.save(part / "rest.npy", np.concatenate([mesh.rest for mesh in meshes]).astype(np.float16))
    np.save(part / "part.npy", np.concatenate([mesh.part for mesh in meshes]))
    np.save(part / "faces.npy", np.concatenate([mesh.faces for mesh in meshes]).astype(np.uint16))
    (part / "about.json").write_text(json.dumps([_about(figure) for figure in figures]))
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)


def _about(figure: Figure) -> dict[str, Any]:
    return {
        "vertices": len(figure.mesh.position),
        "faces": len(figure.mesh.faces),
        "pose": figure.pose,
        "female": figure.female,
        "age": round(figure.age, 1),
        "height": round(figure.height, 3),
        "seat": round(figure.seat, 3),
        "wheelchair": figure.wheelchair,
        "dress": dict(figure.dress),
    }


class _Batch:
    """One folder. Its files are opened at once, so that a reader keeps what it saw if the folder is replaced."""

    def __init__(self, folder: Path) -> None:
        self.about: list[dict[str, Any]] = json.loads((folder / "about.json").read_text())
        self._arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}
        self._vertex_ends = np.cumsum([row["vertices"] for row in self.about])
        self._face_ends = np.cumsum([row["faces"] for row in self.about])

    def figure(self, index: int) -> Figure:
        row, data = self.about[index], self._arrays
        own = slice(int(self._vertex_ends[index]) - row["vertices"], int(self._vertex_ends[index]))
        faces = slice(int(self._face_ends[index]) - row["faces"], int(self._face_ends[index]))
        mesh = Mesh(
            data["position"][own].astype(np.float32),
            data["normal"][own].astype(np.float32) / np.float32(_NORMAL_SCALE),
            np.zeros((row["vertices"], 2), np.float32),
            data["rest"][own].astype(np.float32),
            np.array(data["part"][own]),
            data["faces"][faces].astype(np.int32),
        )
        return Figure(
            mesh,
            row["pose"],
            row["female"],
            row["age"],
            row["height"],
            row["seat"],
            row["wheelchair"],
            row["dress"],
        )


class FigureLibrary:
    """All figures of a folder written by `python -m training.figures`.

    Raises:
        FileNotFoundError: nothing is there.
    """

    def __init__(self, folder: Path) -> None:
        folders = sorted(path for path in folder.glob("figures-*") if path.suffix != ".part")
        if not folders:
            raise FileNotFoundError(f"{folder}: no figures there; run `python -m training.figures --out {folder}`")
        self._batches = [_Batch(path) for path in folders]
        self._ends = np.cumsum([len(batch.about) for batch in self._batches])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def figure(self, index: int) -> Figure:
        """The figure `index`, from 0."""
        batch, row = self._place(index)
        return batch.figure(row)

    def about(self, index: int) -> dict[str, Any]:
        """What is known of a figure, without its mesh: pose, female, age, height, seat, wheelchair, dress."""
        batch, row = self._place(index)
        return batch.about[row]

    def _place(self, index: int) -> tuple[_Batch, int]:
        if not 0 <= index < len(self):
            raise IndexError(f"figure {index} of {len(self)}")
        batch = int(np.searchsorted(self._ends, index, side="right"))
        return self._batches[batch], index - (int(self._ends[batch - 1]) if batch else 0)
