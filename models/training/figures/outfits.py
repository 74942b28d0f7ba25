"""Chooses what somebody wears: by season, sex, age and work, from the wardrobe and from the tailor's cloth."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.figures.body import BODY_VERTICES, Body, BodyModel
from training.figures.headwear import Head, Milliner
from training.figures.layers import Layer
from training.figures.pose import Pose
from training.figures.shells import Tailor, doubled, hung, opened, over
from training.figures.wardrobe import Item, Wardrobe
from training.scene import Part

_WHOLE: Final = frozenset({"overall", "dungarees"})  # tops that are trousers, too
_OPEN: Final = frozenset({"suit", "jacket", "dress"})  # trousers or tights are seen above the hem
_SHAPED: Final = frozenset({"suit", "dress", *_WHOLE})  # cut to the body
_NO_WORK: Final = frozenset({"suit", "jacket", "blouse", "dress"})
_HAIR: Final = {
    "man": (
        "short01",
        "short02",
        "short04",
        "short01",
        "short02",
        "short04",
        "short02",
        "afro01",
        "short03",
        "ponytail01",
    ),
    "woman": (
        "long01",
        "long01",
        "ponytail01",
        "ponytail01",
        "bob01",
        "bob02",
        "bob02",
        "braid01",
        "short03",
        "afro01",
        "short01",
    ),
    "old woman": ("bob01", "bob02", "short03", "short01", "afro01", "ponytail01", "short02"),
}
_BALD: Final = (0.16, 0.01)  # men, women


@dataclass(slots=True)
class Outfit:
    """What a person wears, as layers over the skin, and the words that `looks` colours it by."""

    layers: list[Layer]
    words: dict[str, Any]


class Dresser:
    """Dresses bodies of one model."""

    def __init__(self, model: BodyModel, parts: NDArray[np.uint8], wardrobe: Wardrobe) -> None:
        self._rig = model.rig
        self._wardrobe = wardrobe
        self._tailor = Tailor(model, parts)
        self._milliner = Milliner(model, parts)
        self._model = model
        self._parts = parts

    def outfit(self, body: Body, pose: Pose, rng: np.random.Generator) -> Outfit:
        """Clothes, shoes, hair and headwear for `body`."""
        cold = rng.random() < 0.42
        outfit = Outfit([], {})
        female, grown = body.build.female, body.build.age > 14
        if cold and rng.random() < 0.75:
            self._coat(body, pose, outfit, rng)
        elif female and rng.random() < (0.1 if pose.name == "crouch" else 0.24):
            self._dress(body, outfit, rng)
        else:
            self._top_and_bottom(body, pose, outfit, rng)
        self._hang(body, outfit, rng)
        if not cold and grown and outfit.words["top"] not in _NO_WORK and rng.random() < 0.2:
            self._work(body, outfit, rng)
        shoes = self._wardrobe.shoes
        self._shoes(shoes[rng.integers(len(shoes))].worn(body), outfit)
        self._head(body, outfit, rng, cold=cold)
        return outfit

    def _hang(self, body: Body, outfit: Outfit, rng: np.random.Generator) -> None:
        """The top hangs from chest and back; tops, coats and skirts lie outside trousers, which end under them."""
        top, words = outfit.layers[0], outfit.words
        arms = [i for i, name in enumerate(self._rig.names) if name.startswith(("upperarm", "lowerarm", "wrist"))]
        trunk = (top.weights[:, arms].sum(axis=1) < 0.25) & np.isin(top.part, (Part.TOP, Part.COAT))
        if words["top"] not in _SHAPED:
            outfit.layers[0] = hung(top, trunk, float(body.joint(self._rig, "spine01")[2]), rng.uniform(0.3, 1.0))
        for place, layer in enumerate(outfit.layers):
            if place == 0 or not (layer.part == Part.BOTTOM).all():
                continue
            outfit.layers = [other if other is layer else over(other, layer, 0.007) for other in outfit.layers]
            if words["top"] not in _OPEN and not words.get("open"):
                hem = float(np.quantile(outfit.layers[0].vertices[trunk, 2], 0.02)) + 0.1 * body.build.height / 1.7
                seen = (layer.vertices[:, 2] < hem)[layer.faces].any(axis=1)
                outfit.layers[place] = Layer.only(
                    layer.vertices, layer.weights, layer.part, layer.faces[seen], layer.hides
                )

    @staticmethod
    def _shoes(shoes: Layer, outfit: Outfit) -> None:
        """Trousers fall over the shoes; tights go into them."""
        for place, layer in enumerate(outfit.layers):
            if layer.part[0] != Part.BOTTOM:
                continue
            if outfit.words.get("tights"):
                shoes = over(shoes, layer, 0.004)
            else:
                outfit.layers[place] = over(layer, shoes, 0.004)
        outfit.layers.append(shoes)

    def _levels(self, body: Body) -> tuple[float, float, float]:
        """Heights of waist, hips and knees in metres."""
        waist, hip, knee = (
            float(body.joint(self._rig, bone)[2]) for bone in ("spine04", "upperleg01.L", "lowerleg01.L")
        )
        return waist, hip, knee

    def _coat(self, body: Body, pose: Pose, outfit: Outfit, rng: np.random.Generator) -> None:
        """A coat of the tailor's, closed, over trousers."""
        waist, hip, knee = self._levels(body)
        kind = str(rng.choice(["puffy", "short", "long", "hoodie"], p=[0.3, 0.25, 0.25, 0.2]))
        gap, rounds = {"puffy": (0.055, 25), "short": (0.034, 16), "long": (0.036, 16), "hoodie": (0.026, 10)}[kind]
        gap *= rng.uniform(0.85, 1.2)
        hem = hip * rng.uniform(0.98, 1.08)
        part = Part.TOP if kind == "hoodie" else Part.COAT
        outfit.layers.append(
            self._tailor.torso(body, sleeves=1.0, hem=hem, neck=True, gap=gap, rounds=rounds, part=part)
        )
        if kind == "long":
            low = hip + (knee - hip) * rng.uniform(0.35, 1.35)
            outfit.layers.append(
                self._tailor.skirt(body, hem=low, top=waist + 0.02, gap=gap, width=rng.uniform(0.85, 1.0), part=part)
            )
        self._bottom(body, pose, outfit, rng, warm=False)
        outfit.words["top"] = "hoodie" if kind == "hoodie" else f"{kind} coat"
        if kind != "long" and rng.random() < 0.22:
            low = float(body.joint(self._rig, "neck01")[2]) - 0.03
            outfit.layers.append(self._milliner.scarf(body, low=low, gap=0.028, opening=(-0.1, 0.8, 62), loose=0.3))
            outfit.words["hood"] = True
        elif rng.random() < 0.4 and kind != "hoodie":
            self._open(body, outfit, rng)
        elif rng.random() < 0.3:
            outfit.layers.append(self._milliner.muffler(body, rng.uniform(0.05, 0.09)))

    def _open(self, body: Body, outfit: Outfit, rng: np.random.Generator) -> None:
        """The coat worn open over a top: all of its layers lose a strip of their front."""
        tops = [top for top in self._wardrobe.tops if top.shape in {"tee", "sweater", "shirt"}]
        inner = tops[rng.integers(len(tops))].worn(body)
        half, flare = rng.uniform(0.02, 0.05), rng.uniform(0.02, 0.12)
        bare = self._parts[:BODY_VERTICES] == Part.ARM  # of the body only the sleeves still hide something
        for place, layer in enumerate(outfit.layers):
            if layer.part[0] == Part.COAT:
                coat = opened(over(layer, inner, 0.012), half, flare)
                outfit.layers[place] = replace(coat, hides=coat.hides[bare[coat.hides]])
        outfit.layers.append(inner)
        outfit.words["open"] = True

    def _dress(self, body: Body, outfit: Outfit, rng: np.random.Generator) -> None:
        """A dress, or a skirt with a top; long and wide with a headscarf at times."""
        waist, hip, knee = self._levels(body)
        scarfed = rng.random() < 0.28
        if scarfed:
            hem, sleeves, width, gap = knee * rng.uniform(0.12, 0.4), 1.0, 1.0, 0.035
            outfit.words["headscarf"] = True
        else:
            hem = hip + (knee - hip) * rng.uniform(0.6, 1.7)
            sleeves, width, gap = float(rng.choice([0.14, 0.28, 0.5, 1.0])), rng.uniform(0.75, 1.0), 0.014
        one = scarfed or rng.random() < 0.55
        outfit.words["top"] = "dress" if one else "tee"
        past = 0.0 if one else rng.uniform(0, 0.08)  # how far a top hangs over the skirt's waist
        top_gap = gap + (0.024 if past else 0.0)
        outfit.layers.append(
            self._tailor.torso(
                body, sleeves=sleeves, hem=waist - 0.05 - past, neck=scarfed, gap=top_gap, rounds=12, part=Part.TOP
            ),
        )
        outfit.layers.append(
            self._tailor.skirt(body, hem=hem, top=waist + 0.03, gap=gap * 0.8, width=width, part=Part.SKIRT)
        )
        outfit.words["bottom"] = "skirt"
        if rng.random() < 0.35 and not scarfed:
            outfit.layers.append(self._tailor.legs(body, hem=knee * 0.14, gap=0.003, rounds=1, part=Part.BOTTOM))
            outfit.words["tights"] = True

    def _top_and_bottom(self, body: Body, pose: Pose, outfit: Outfit, rng: np.random.Generator) -> None:
        female = body.build.female
        if rng.random() < 0.2:  # a loose T-shirt or sweater of the tailor's
            _, hip, _ = self._levels(body)
            sleeves = float(rng.choice([0.3, 0.36, 1.0]))
            layer = self._tailor.torso(
                body,
                sleeves=sleeves,
                hem=hip * rng.uniform(0.98, 1.08),
                neck=False,
                gap=rng.uniform(0.022, 0.038),
                rounds=14,
                part=Part.TOP,
            )
            outfit.layers.append(layer)
            outfit.words["top"] = "tee" if sleeves < 1 else "sweater"
        else:
            tops = [top for top in self._wardrobe.tops if self._suits(top, body)]
            top = tops[rng.integers(len(tops))]
            outfit.layers.append(top.worn(body).swollen(rng.uniform(0.006, 0.02)))
            outfit.words["top"] = top.shape
        if outfit.words["top"] not in _WHOLE:
            self._bottom(body, pose, outfit, rng, warm=female)

    @staticmethod
    def _suits(top: Item, body: Body) -> bool:
        if top.shape == "blouse":
            return body.build.female and body.build.age > 12
        return top.shape != "suit" or body.build.age > 16

    def _bottom(self, body: Body, pose: Pose, outfit: Outfit, rng: np.random.Generator, *, warm: bool) -> None:
        """Trousers, shorts, leggings or a skirt."""
        _, _, knee = self._levels(body)
        kind = rng.random()
        if kind < 0.28:
            hem = knee * rng.uniform(0.12, 0.2)
            layer = self._tailor.legs(body, hem=hem, gap=rng.uniform(0.01, 0.022), rounds=10, part=Part.BOTTOM)
            outfit.words["bottom"] = "trousers"
        elif kind < 0.4 and (warm or outfit.words.get("top") in {"tee", "shirt"}):
            hem = knee * rng.uniform(0.98, 1.35)
            layer = self._tailor.legs(body, hem=hem, gap=rng.uniform(0.016, 0.026), rounds=10, part=Part.BOTTOM)
            outfit.words["bottom"] = "shorts"
        else:
            wanted = {"trousers"}
            if body.build.female:
                wanted |= {"leggings"} | ({"skirt"} if warm and not pose.sits and pose.name != "crouch" else set())
            choice = [item for item in self._wardrobe.bottoms if item.shape in wanted]
            item = choice[rng.integers(len(choice))]
            layer = item.worn(body).swollen(rng.uniform(0.001, 0.006))
            outfit.words["bottom"] = item.shape
        outfit.layers.append(layer)

    def _work(self, body: Body, outfit: Outfit, rng: np.random.Generator) -> None:
        """A high-visibility vest or an apron over what is worn."""
        top = outfit.layers[0]
        _, hip, knee = self._levels(body)
        if rng.random() < 0.5 or outfit.words["top"] in _WHOLE:
            vest = doubled(
                top,
                lambda layer: np.isin(layer.part, (Part.TOP, Part.COAT)) & (layer.vertices[:, 2] > hip * 0.98),
                0.012,
                Part.VEST,
            )
            outfit.layers.append(replace(vest, part=_striped(vest, body)))
            outfit.words["vest"] = True
        else:
            chest = float(body.joint(self._rig, "spine01")[2]) - 0.02
            waist, _, _ = self._levels(body)
            cloth = doubled(top, lambda layer: layer.part == Part.TOP, 0.014, Part.APRON)
            outfit.layers.append(self._tailor.front(cloth, 0.34, waist - 0.08, chest, Part.APRON))
            lower = self._tailor.skirt(
                body, hem=knee * rng.uniform(0.95, 1.35), top=waist + 0.02, gap=0.03, width=0.85, part=Part.APRON
            )
            front = self._tailor.front(lower, 0.5, 0.0, 3.0, Part.APRON)
            outfit.layers.append(replace(front, drapes=True))
            outfit.words["apron"] = True

    def _head(self, body: Body, outfit: Outfit, rng: np.random.Generator, *, cold: bool) -> None:
        """Hair, beard, hat, headscarf and mask."""
        layers, words = outfit.layers, outfit.words
        brows = self._wardrobe.brows
        layers.append(brows[rng.integers(len(brows))].worn(body))
        if words.get("headscarf") or (
            body.build.female and body.build.age > 11 and words["top"] not in {"tee", "dress"} and rng.random() < 0.1
        ):
            words["headscarf"] = True
            chest = float(body.joint(self._rig, "spine01")[2])
            low = chest + rng.uniform(-0.1, 0.06) * body.build.height / 1.7
            gap = float(rng.uniform(0.012, 0.02)) + (0.02 if "coat" in str(words["top"]) else 0.0)
            scarf = self._milliner.scarf(body, low=low, gap=gap, opening=(0.06, 0.74, 48), loose=0.35)
            layers.append(over(scarf, layers[0], 0.01))
        elif words.get("hood"):
            words["hair"] = "hood"
        else:
            hat = self._hat(body, outfit, rng, cold=cold)
            self._hair(body, outfit, rng, hat)
        if not body.build.female and body.build.age > 22 and rng.random() < 0.24:
            layers.append(self._milliner.beard(body, rng.uniform(0.2, 0.3)))
        if rng.random() < 0.07 and body.build.age > 8:
            layers.append(self._milliner.mask(body, under_nose=rng.random() < 0.15))

    def _hat(self, body: Body, outfit: Outfit, rng: np.random.Generator, *, cold: bool) -> tuple[float, float] | None:
        """Perhaps a hat; its edge and slope, above which no hair is seen."""
        work = outfit.words.get("vest", False)
        if rng.random() > (0.5 if work else 0.26 if cold else 0.13):
            return None
        kinds = ["woolly", "cap", "helmet", "fedora"]
        odds = [0.1, 0.35, 0.5, 0.05] if work else [0.6, 0.28, 0.03, 0.09] if cold else [0.12, 0.65, 0.04, 0.19]
        kind = str(rng.choice(kinds, p=odds))
        outfit.words["hat"] = kind
        if kind == "fedora":
            outfit.layers.append(self._wardrobe.hats[rng.integers(len(self._wardrobe.hats))].worn(body))
            return (0.66, 0.0)
        edge, slope, gap, rounds = {
            "woolly": (0.5, 0.12, 0.021, 5),
            "cap": (0.6, 0.08, 0.013, 5),
            "helmet": (0.6, 0.06, 0.03, 10),
        }[kind]
        crown = self._milliner.crown(body, edge=edge, slope=slope, gap=gap, rounds=rounds)
        outfit.layers.append(crown)
        if kind != "woolly":
            outfit.layers.append(self._milliner.peak(crown, 0.075 if kind == "cap" else 0.035))
        return (edge, slope)

    def _hair(self, body: Body, outfit: Outfit, rng: np.random.Generator, hat: tuple[float, float] | None) -> None:
        female, age = body.build.female, body.build.age
        if rng.random() < _BALD[female] * (0.0 if age < 14 else 0.3 if age < 30 else 1.6):
            outfit.words["hair"] = "bald" if rng.random() < 0.6 else "shaved"
            return
        styles = _HAIR[("old woman" if age > 62 else "woman") if female else "man"]
        style = str(rng.choice(styles))
        outfit.words["hair"] = style
        hair = self._wardrobe.hair[style].worn(body)
        if hat is not None:
            head = Head.of(self._model, body)
            under = self._milliner.above(head, hair.vertices, hat[0] - 0.02, hat[1])
            faces = hair.faces[~under[hair.faces].any(axis=1)]
            hair = Layer.only(hair.vertices, hair.weights, hair.part, faces, hair.hides)
        outfit.layers.append(over(hair, outfit.layers[0], 0.014))


def _striped(vest: Layer, body: Body) -> NDArray[np.uint8]:
    """The vest's parts, with two reflective rings around the body and one band over each shoulder."""
    x, _, z = vest.vertices.T
    low, high = float(z.min()), float(z.max())
    size = body.build.height / 1.7
    rings = (np.abs(z - (low + 0.12 * size)) < 0.028 * size) | (np.abs(z - (low + 0.27 * size)) < 0.028 * size)
    bands = (np.abs(np.abs(x) - 0.1 * size) < 0.024 * size) & (z > low + 0.27 * size) & (z < high)
    return np.where(rings | bands, Part.TRIM, Part.VEST).astype(np.uint8)
