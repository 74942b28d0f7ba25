"""Furniture out of Collada files (.DAE): geometry, materials and textures of the bookstore and warehouse scenes.

Reads what these files use of Collada 1.4.1: one polylist or triangles element per material, with positions, normals
and one set of texture coordinates; node matrices; effects whose diffuse part is a texture or a colour.
"""

import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.places import shapes
from training.places.materials import BODY, FOURTH, SECOND, THIRD, Colour
from training.scene import Mesh, Part

SLOTS: Final = (BODY, SECOND, THIRD, FOURTH, Part.SHOE)
_NS: Final = {"c": "http://www.collada.org/2005/11/COLLADASchema"}


@dataclass(frozen=True, slots=True)
class Skin:
    """What covers one slot of a model: a picture's file, or else a colour."""

    slot: Part
    colour: Colour
    picture: Path | None


@dataclass(frozen=True, slots=True)
class Model:
    """One file's geometry in metres, standing on z = 0 around the origin, and its materials."""

    mesh: Mesh
    skins: tuple[Skin, ...]


def read(path: Path, cell: float) -> Model:
    """A model with vertices nearer than `cell` metres merged."""
    root = ET.parse(path).getroot()  # noqa: S314 - as above
    unit = root.find("c:asset/c:unit", _NS)
    metre = float(unit.get("meter", "1")) if unit is not None else 1.0
    matrix = _node_matrix(root)
    parts, skins = [], []
    groups = [*root.iterfind(".//c:mesh/c:polylist", _NS), *root.iterfind(".//c:mesh/c:triangles", _NS)]
    groups = [group for group in groups if group.get("count") != "0"]
    if not groups:
        raise ValueError(f"{path} has no polygons; copy the shared data again")
    arrays = {node.get("id"): node for node in root.iter() if node.get("id")}
    for number, group in enumerate(groups[: len(SLOTS)]):
        mesh = decimated(_scaled(_mesh(group, arrays), matrix, metre), cell)
        parts.append(shapes.of(mesh, SLOTS[number]))
        skins.append(_skin(root, group.get("material", ""), SLOTS[number], path))
    whole = shapes.joined(parts)
    low, high = whole.position.min(axis=0), whole.position.max(axis=0)
    centre = (-(low[0] + high[0]) / 2, -(low[1] + high[1]) / 2, -low[2])
    return Model(shapes.at(whole, *(float(v) for v in centre)), tuple(skins))


def _node_matrix(root: ET.Element) -> NDArray[np.float32]:
    node = root.find(".//c:visual_scene/c:node/c:matrix", _NS)
    if node is None or not node.text:
        return np.eye(4, dtype=np.float32)
    return np.fromstring(node.text, np.float32, sep=" ").reshape(4, 4)


def _scaled(mesh: Mesh, matrix: NDArray[np.float32], metre: float) -> Mesh:
    small = np.diag([metre, metre, metre, 1.0]).astype(np.float32)
    return shapes.moved(mesh, small @ matrix)


def _mesh(group: ET.Element, arrays: dict[str | None, ET.Element]) -> Mesh:
    """The triangles of one element, with its own vertex for each corner."""
    inputs = {node.get("semantic", ""): node for node in group.iterfind("c:input", _NS)}
    stride = max(int(node.get("offset", "0")) for node in inputs.values()) + 1
    text = group.findtext("c:p", "", _NS)
    corners = np.fromstring(text, np.int64, sep=" ").reshape(-1, stride)
    counts = group.findtext("c:vcount", "", _NS)
    sizes = np.fromstring(counts, np.int64, sep=" ") if counts else np.full(len(corners) // 3, 3)
    order = _fans(sizes)
    positions = arrays[_target(inputs["VERTEX"])].find("c:input", _NS)
    if positions is None:
        raise ValueError("a Collada file has vertices without positions; copy the shared data again")
    position = _array(arrays, positions)[corners[:, int(inputs["VERTEX"].get("offset", "0"))]][order]
    faces = np.arange(len(order)).reshape(-1, 3)
    if "TEXCOORD" in inputs:
        uv = _array(arrays, inputs["TEXCOORD"])[corners[:, int(inputs["TEXCOORD"].get("offset", "0"))], :2][order]
        uv = np.stack([uv[:, 0], 1.0 - uv[:, 1]], 1)
    else:
        uv = np.zeros((len(order), 2))
    if "NORMAL" in inputs:
        normal = _array(arrays, inputs["NORMAL"])[corners[:, int(inputs["NORMAL"].get("offset", "0"))]][order]
    else:
        normal = np.zeros((len(order), 3))
    return shapes.made(position, normal, uv, faces)


def _target(node: ET.Element) -> str:
    return node.get("source", "").removeprefix("#")


def _array(arrays: dict[str | None, ET.Element], node: ET.Element) -> NDArray[np.float64]:
    """The numbers of a source, one row per item."""
    source = arrays[_target(node)]
    accessor = source.find("c:technique_common/c:accessor", _NS)
    width = int(accessor.get("stride", "3")) if accessor is not None else 3
    return np.fromstring(source.findtext("c:float_array", "", _NS), np.float64, sep=" ").reshape(-1, width)


def _fans(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Corners of triangles, three each, that fill polygons of these sizes as fans."""
    starts = np.cumsum(sizes) - sizes
    fans = [
        np.stack(
            [start + np.zeros(size - 2, np.int64), start + np.arange(1, size - 1), start + np.arange(2, size)], 1
        ).reshape(-1)
        for start, size in zip(starts, sizes, strict=True)
    ]
    return np.concatenate(fans)


def decimated(mesh: Mesh, cell: float, patches: int = 8) -> Mesh:
    """Vertex clustering (Rossignac and Borrel 1993): one vertex for each cell, main normal and patch of the texture.

    patches: how many there are along each side of the texture.
    """
    axis = np.abs(mesh.normal).argmax(1)
    facing = axis * 2 + (mesh.normal[np.arange(len(axis)), axis] > 0)
    spot = np.concatenate([np.rint(mesh.position / cell), np.floor(mesh.uv * patches + 0.01)], 1)
    key = np.concatenate([spot.astype(np.int64), facing[:, None]], 1)
    _, first, number = np.unique(key, axis=0, return_index=True, return_inverse=True)
    faces = number.reshape(-1)[mesh.faces]
    solid = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 0] != faces[:, 2])
    _, kept = np.unique(np.sort(faces[solid], axis=1), axis=0, return_index=True)
    used, corners = np.unique(faces[solid][kept], return_inverse=True)
    taken = first[used]
    return shapes.made(mesh.position[taken], mesh.normal[taken], mesh.uv[taken], corners.reshape(-1, 3))


def simplified(mesh: Mesh, cell: float) -> Mesh:
    """A mesh of several slots with the vertices of each merged, for afar: the texture may slip a little."""
    parts = []
    for slot in np.unique(mesh.part):
        faces = mesh.faces[mesh.part[mesh.faces[:, 0]] == slot]
        parts.append(shapes.of(decimated(replace(mesh, faces=faces), cell, 1), Part(int(slot))))
    return shapes.joined(parts)


def _skin(root: ET.Element, material: str, slot: Part, path: Path) -> Skin:
    """The diffuse texture or colour of a material."""
    effect = root.find(f".//c:material[@id='{material}']/c:instance_effect", _NS)
    name = _effect_name(effect)
    diffuse = root.find(f".//c:effect[@id='{name}']//c:diffuse", _NS)
    if diffuse is None:
        return Skin(slot, (0.5, 0.5, 0.5), None)
    texture = diffuse.find("c:texture", _NS)
    if texture is None:
        red, green, blue, *_ = (float(v) for v in diffuse.findtext("c:color", "0.5 0.5 0.5", _NS).split())
        return Skin(slot, (red, green, blue), None)
    file = root.findtext(f".//c:image[@id='{texture.get('texture')}']/c:init_from", "", _NS)
    picture = (path.parent / file).resolve()
    return Skin(slot, (1.0, 1.0, 1.0), picture if picture.exists() else None)


def _effect_name(effect: ET.Element | None) -> str:
    return effect.get("url", "").removeprefix("#") if effect is not None else ""
