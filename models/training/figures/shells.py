"""Loose clothes that no asset gives: coats, dresses, skirts, vests and aprons out of the base mesh's helper clothes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from training.figures.body import BODY_VERTICES, Body, BodyModel
from training.figures.layers import Layer
from training.figures.skeleton import vertex_normals
from training.scene import Floats, Part

Mask = NDArray[np.bool_]
_NEAR: Final = 0.06  # metres within which one layer can lie on another
_DIRECTIONS: Final = 24
_LEVELS: Final = 14
_INWARDS: Final = 0.12  # metres a metre that hanging cloth may fall inwards
_HEM: Final = 0.03  # metres inside a shell's edge where the body still shows


def smoother(faces: NDArray[np.int32], count: int) -> sp.csr_matrix:
    """The operator that puts each vertex between itself and its neighbours' mean; open edges run along themselves."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    both = np.concatenate([edges, edges[:, ::-1]])
    uses = sp.coo_matrix((np.ones(len(both)), both.T), shape=(count, count)).tocsr()
    rim = uses == 1
    on_rim = np.asarray(rim.sum(1)).ravel() > 0
    near = sp.diags(on_rim.astype(float)) @ rim + sp.diags((~on_rim).astype(float)) @ (uses > 0)
    total = np.maximum(np.asarray(near.sum(1)).ravel(), 1)
    return (0.5 * sp.identity(count) + sp.diags(0.5 / total) @ near).tocsr()


def relaxed(layer: Layer, gap: Floats, rounds: int) -> Layer:
    """The layer as cloth: folds of the body smoothed away, nowhere nearer than `gap` metres to where it was."""
    smooth = smoother(layer.faces, len(layer.vertices))
    vertices = layer.vertices.astype(float)
    for _ in range(rounds):
        vertices = smooth @ vertices
    normal = vertex_normals(layer.vertices, layer.faces)
    outside = np.einsum("ij,ij->i", normal, vertices - layer.vertices)
    vertices += normal * np.maximum(gap - outside, 0)[:, None]
    for _ in range(2):
        vertices = smooth @ vertices
    return replace(layer, vertices=vertices.astype(np.float32))


class Tailor:
    """Cuts shells for bodies of one model."""

    def __init__(self, model: BodyModel, parts: NDArray[np.uint8]) -> None:
        self._model = model
        self._parts = parts
        self._tights = np.unique(model.faces["helper-tights"])
        self._bones = np.array(model.rig.names)[model.weights.argmax(1)]
        self._skirt_weights = self._blended_legs()

    def torso(
        self, body: Body, *, sleeves: float, hem: float, neck: bool, gap: float, rounds: int, part: Part
    ) -> Layer:
        """Trunk and arms down to `hem` metres over the floor; `sleeves`: 0 none, 1 to the wrist."""
        trunk = self._of("spine", "clavicle", "root", "upperleg")
        mask = (trunk & (body.vertices[:, 2] > hem)) | self._of("shoulder01")
        if neck:
            mask |= self._of("neck")
        shaped = _raised(body.vertices, trunk, hem)
        if sleeves > 0:
            within, shaped = self._sleeves(body, shaped, sleeves)
            mask |= within
        return self._cut(body, shaped, mask, gap=gap, rounds=rounds, part=part)

    def legs(self, body: Body, *, hem: float, gap: float, rounds: int, part: Part) -> Layer:
        """Trousers or shorts from the waist down to `hem` metres over the floor."""
        waist = body.joint(self._model.rig, "spine04")[2]
        height = body.vertices[:, 2]
        leg = self._of("root", "upperleg", "lowerleg", "spine05", "spine04") & (height < waist)
        return self._cut(
            body, _raised(body.vertices, leg, hem), leg & (height > hem), gap=gap, rounds=rounds, part=part
        )

    def skirt(self, body: Body, *, hem: float, top: float, gap: float, width: float, part: Part) -> Layer:
        """The skirt between `hem` and `top` metres over the floor; `width` 1 as made, less is narrower."""
        faces = self._model.faces["helper-skirt"]
        vertices = body.vertices.copy()
        own = np.unique(faces)
        narrow = self._narrowed(body, own, width)
        vertices[own] = narrow
        inside = (vertices[:, 2] > hem) & (vertices[:, 2] < top)
        kept = faces[inside[faces].any(axis=1)]
        vertices[own, 2] = np.maximum(vertices[own, 2], hem)
        layer = Layer.only(vertices, self._skirt_weights, np.full(len(vertices), part, np.uint8), kept)
        return replace(layer.swollen(gap), drapes=True)

    def front(self, layer: Layer, width: float, low: float, high: float, part: Part) -> Layer:
        """The front strip of a layer, of `width` metres, between two heights: half of an apron."""
        x, _, z = layer.vertices.T
        normal = vertex_normals(layer.vertices, layer.faces)
        inside = (np.abs(x) < width / 2) & (z > low) & (z < high) & (normal[:, 1] < 0.2)
        faces = layer.faces[inside[layer.faces].all(axis=1)]
        return Layer.only(layer.vertices, layer.weights, np.full(len(x), part, np.uint8), faces)

    def _of(self, *bones: str) -> Mask:
        mask = np.zeros(len(self._bones), bool)
        for bone in bones:
            mask |= np.char.startswith(self._bones, bone)
        return mask

    def _sleeves(self, body: Body, vertices: Floats, share: float) -> tuple[Mask, Floats]:
        """Arm vertices within `share` of the way to the wrist, and all vertices with the ones beyond drawn back."""
        mask = np.zeros(len(self._bones), bool)
        shaped = vertices.copy()
        for side in ("L", "R"):
            start = body.joint(self._model.rig, f"upperarm01.{side}")
            arm = body.joint(self._model.rig, f"wrist.{side}") - start
            along = (body.vertices - start) @ arm / float(arm @ arm)
            of_arm = self._of(*(f"{bone}.{side}" for bone in ("upperarm01", "lowerarm01", "wrist")))
            mask |= of_arm & (along < share)
            beyond = of_arm & (along >= share)
            shaped[beyond] -= (along[beyond] - share)[:, None] * arm
        return mask, shaped

    def _cut(self, body: Body, shaped: Floats, mask: Mask, *, gap: float, rounds: int, part: Part) -> Layer:
        """The tights' faces that touch `mask`, with their vertices where `shaped` has drawn them, as loose cloth."""
        faces = self._model.faces["helper-tights"]
        faces = faces[mask[faces].any(axis=1)]
        layer = Layer.only(shaped, self._model.weights, np.full(len(mask), part, np.uint8), faces)
        hides = self._covered(body, np.flatnonzero(mask & np.isin(np.arange(len(mask)), faces)), mask)
        size = body.build.height / 1.7
        return replace(relaxed(layer, np.full(len(layer.vertices), gap * size, np.float32), rounds), hides=hides)

    def _covered(self, body: Body, covered: NDArray[np.intp], mask: Mask) -> NDArray[np.int32]:
        """Vertices of the body under the covered tights, but for a hem along the edge."""
        open_tights = self._tights[~mask[self._tights]]
        skin = np.flatnonzero(~np.isin(self._parts[:BODY_VERTICES], (Part.FACE, Part.HAND, Part.FOOT)))
        points = body.vertices[skin]
        near = cKDTree(body.vertices[covered]).query(points)[0]
        far = cKDTree(body.vertices[open_tights]).query(points)[0] if len(open_tights) else np.full(len(points), 1.0)
        return np.asarray(skin[(near < 0.05) & (far > _HEM)], np.int32)

    def _narrowed(self, body: Body, own: NDArray[np.int32], width: float) -> Floats:
        """The skirt drawn in towards its own axis below the hips."""
        points = body.vertices[own]
        hips = body.joint(self._model.rig, "upperleg01.L")[2]
        fall = np.clip((hips - points[:, 2]) / hips, 0, 1)[:, None]
        centre = np.array([0, points[:, 1].mean()], np.float32)
        scale = 1 + (width - 1) * np.minimum(fall * 3, 1)
        points = points.copy()
        points[:, :2] = centre + (points[:, :2] - centre) * scale
        return points

    def _blended_legs(self) -> Floats:
        """The skirt's weights, evened out so that cloth spans the gap between the legs."""
        weights = self._model.weights.copy()
        faces = self._model.faces["helper-skirt"]
        used, flat = np.unique(faces, return_inverse=True)
        smooth = smoother(flat.reshape(-1, 3).astype(np.int32), len(used))
        own = weights[used].astype(float)
        for _ in range(25):
            own = smooth @ own
        weights[used] = own
        return weights


def _raised(vertices: Floats, mask: Mask, hem: float) -> Floats:
    """The marked vertices brought up to the hem: an even edge instead of the mesh's."""
    shaped = vertices.copy()
    shaped[mask, 2] = np.maximum(shaped[mask, 2], hem)
    return shaped


def pushed_out(cloth: Floats, faces: NDArray[np.int32], body: Floats, normals: Floats, gap: float) -> Floats:
    """Posed cloth (n, 3) brought at least `gap` metres outside the posed body's vertices, then evened out."""
    smooth = smoother(faces, len(cloth))
    tree = cKDTree(body)
    moved = cloth.astype(float)
    for _ in range(3):
        _, near = tree.query(moved)
        depth = np.einsum("ij,ij->i", moved - body[near], normals[near])
        moved += normals[near] * np.clip(gap - depth, 0, 0.12)[:, None]
        moved = smooth @ moved
    return np.asarray(moved, np.float32)


def opened(layer: Layer, half: float, flare: float) -> Layer:
    """A coat unbuttoned: without the faces of its front that lie within `half` metres of the middle.

    The opening widens by `flare` metres a metre from the neck down.
    """
    x, _, z = layer.vertices.T
    front = vertex_normals(layer.vertices, layer.faces)[:, 1] < -0.1
    width = half + flare * (z.max() - z)
    within = front & (np.abs(x) < width)
    faces = layer.faces[~within[layer.faces].all(axis=1)]
    vertices = layer.vertices.copy()
    vertices[within, 0] = np.where(x[within] < 0, -width[within], width[within])  # an even edge
    sides = np.sign(layer.vertices[faces][:, :, 0])
    across = within[faces].any(axis=1) & (np.abs(sides.sum(axis=1)) < 2)
    return replace(Layer.only(vertices, layer.weights, layer.part, faces[~across], layer.hides), drapes=layer.drapes)


def hung(layer: Layer, trunk: Mask, chest: float, share: float) -> Layer:
    """A top that hangs straight down from where the body is widest instead of following it inwards.

    `trunk` marks the layer's vertices that are no sleeves; below `chest` metres each may fall inwards by no more than
    a little a metre from the widest place above it in its direction. `share` 0 leaves the layer, 1 hangs it fully.
    """
    own = np.flatnonzero(trunk & (layer.vertices[:, 2] < chest))
    points = layer.vertices[own].astype(float)
    centre = np.array([0.0, (points[:, 1].min() + points[:, 1].max()) / 2])
    flat = points[:, :2] - centre
    radius, angle = np.linalg.norm(flat, axis=1), np.arctan2(flat[:, 1], flat[:, 0])
    column = np.floor((angle / (2 * np.pi) % 1) * _DIRECTIONS).astype(int)
    low = points[:, 2].min()
    row = np.floor((chest - points[:, 2]) / (chest - low + 1e-6) * _LEVELS).astype(int)
    widest = np.zeros((_LEVELS, _DIRECTIONS))
    np.maximum.at(widest, (row, column), radius)
    fall = (chest - low) / _LEVELS * _INWARDS
    for level in range(1, _LEVELS):
        widest[level] = np.maximum(widest[level], widest[level - 1] - fall)
    beside = np.maximum(np.roll(widest, 1, 1), np.roll(widest, -1, 1)) * 0.97  # spans hollows between two folds
    widest = np.maximum(widest, beside)
    widest = (np.roll(widest, 1, 1) + 2 * widest + np.roll(widest, -1, 1)) / 4
    longer = 1 + share * np.maximum(widest[row, column] / np.maximum(radius, 1e-6) - 1, 0)
    moved = layer.vertices.astype(float)
    moved[own, :2] = centre + flat * longer[:, None]
    smooth = smoother(layer.faces, len(moved))
    evened = smooth @ (smooth @ moved)
    moved[own] = evened[own]
    return replace(layer, vertices=moved.astype(np.float32))


def over(upper: Layer, under: Layer, gap: float) -> Layer:
    """The upper layer moved at rest to at least `gap` metres outside the one under it, where they are close."""
    normals = vertex_normals(under.vertices, under.faces)
    distance, near = cKDTree(under.vertices).query(upper.vertices, distance_upper_bound=_NEAR)
    close = np.flatnonzero(np.isfinite(distance))
    normal = normals[near[close]]
    depth = np.einsum("ij,ij->i", upper.vertices[close] - under.vertices[near[close]], normal)
    push = np.zeros(len(upper.vertices))
    push[close] = np.maximum(gap - depth, 0)
    smooth = smoother(upper.faces, len(push))
    for _ in range(2):  # neighbours come along, so that no spike is drawn out
        push = np.maximum(push, smooth @ push)
    normals = vertex_normals(upper.vertices, upper.faces)
    moved = upper.vertices.astype(float)
    moved[close] += normal * push[close][:, None]
    rest = np.setdiff1d(np.flatnonzero(push), close)
    moved[rest] += normals[rest] * push[rest][:, None]
    return replace(upper, vertices=moved.astype(np.float32))


def doubled(layer: Layer, keep: Callable[[Layer], Mask], gap: float, part: Part) -> Layer:
    """A second skin over those vertices of a garment that `keep` marks, `gap` metres off: a vest over a shirt."""
    faces = layer.faces[keep(layer)[layer.faces].all(axis=1)]
    over = Layer.only(layer.vertices, layer.weights, np.full(len(layer.vertices), part, np.uint8), faces)
    return over.swollen(gap)
