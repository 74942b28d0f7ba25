"""What stands in shops: shelves full of goods, freezers, produce, counters, racks of clothes, mannequins, trolleys."""

from dataclasses import replace

import numpy as np

from training.places import finishes, shapes
from training.places.materials import BODY, FOURTH, SECOND, THIRD
from training.places.piece import Piece, piece
from training.places.prints import CELLS
from training.scene import Mesh

Generator = np.random.Generator


def label_cell(rng: Generator, row: int | None = None) -> tuple[float, float, float, float]:
    """Where one label lies in a goods texture."""
    column, line = int(rng.integers(CELLS)), int(rng.integers(CELLS)) if row is None else row
    edge = 0.004
    return column / CELLS + edge, line / CELLS + edge, (column + 1) / CELLS - edge, (line + 1) / CELLS - edge


def package(size: shapes.Point, cell: tuple[float, float, float, float], sides: tuple[int, ...] = (-1, 1)) -> Mesh:
    """A box without its back and its underside; sides: which of the left (-1) and right (1) side it has."""
    width, depth, height = size
    side = shapes.panel(depth, height)
    lid = shapes.floor(width, depth, shapes.UNBROKEN, max(width, depth) * 2)
    faces = [shapes.at(shapes.panel(width, height), 0, -depth / 2)]
    faces += [shapes.at(side, x * width / 2, 0, turn=x * np.pi / 2) for x in sides]
    return shapes.joined(
        [*(shapes.shown(face, cell) for face in faces), shapes.shown(shapes.at(lid, 0, 0, height), _dot(cell))]
    )


def _dot(cell: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """The upper left corner of a cell, as the colour of a package's lid."""
    return cell[0], cell[1], cell[0] + 0.02, cell[1] + 0.02


def bottle(radius: float, height: float, cell: tuple[float, float, float, float], sides: int = 6) -> Mesh:
    """A bottle or a can with its label around it."""
    neck = [(radius, 0.0), (radius, height * 0.62), (radius * 0.35, height * 0.8), (radius * 0.32, height)]
    return shapes.shown(shapes.lathe(neck, sides), cell)


def goods_row(rng: Generator, width: float, depth: float, tall: float, line: int) -> tuple[list[Mesh], list[Mesh]]:
    """Packages side by side on a board of this width, facing -y, around the origin; and the same simplified."""
    near: list[Mesh] = []
    far: list[Mesh] = []
    left = -width / 2
    while left < width / 2 - 0.05:
        size = (
            float(rng.uniform(0.07, 0.28)),
            depth * float(rng.uniform(0.6, 0.95)),
            tall * float(rng.uniform(0.45, 0.92)),
        )
        cell = label_cell(rng, line)
        number = min(int(rng.integers(1, 4)), int((width / 2 - left) / (size[0] + 0.008)))
        if number == 0:
            break
        pitch = size[0] + 0.008
        if rng.random() < 0.3 and size[0] < 0.16:
            near += [
                shapes.at(bottle(size[0] * 0.48, size[2], cell), left + (n + 0.5) * pitch, -depth * 0.25)
                for n in range(number)
            ]
        elif rng.random() < 0.93:
            for n in range(number):
                ends = tuple(side for side, is_end in ((-1, n == 0), (1, n == number - 1)) if is_end)
                near.append(
                    shapes.at(package(size, cell, ends), left + (n + 0.5) * pitch, float(rng.uniform(-0.04, 0.02)))
                )
        far.append(shapes.at(package((size[0] * number, size[1], size[2]), cell, ()), left + number * pitch / 2, 0))
        left += number * pitch
    return near, far


def shelf(rng: Generator) -> Piece:
    """One side of a gondola, 1.25 m wide, with its goods; its back is at y = depth / 2."""
    width, depth = 1.25, float(rng.uniform(0.35, 0.55))
    height, boards = float(rng.uniform(1.3, 2.2)), int(rng.integers(3, 7))
    tall = (height - 0.15) / boards
    frame = [shapes.at(shapes.panel(width, height), 0, depth / 2 - 0.015)]
    frame += [shapes.at(shapes.box((0.03, depth, height)), side * (width / 2 - 0.015), 0) for side in (-1, 1)]
    if rng.random() < 0.6:
        frame.append(shapes.at(shapes.box((width, depth, 0.03)), 0, 0, height))
    edge, near, far = [], [], []
    for number in range(boards):
        z = 0.12 + number * tall
        frame.append(shapes.at(shapes.floor(width, depth, shapes.UNBROKEN, 1.0), 0, 0, z - 0.005))
        edge.append(shapes.at(shapes.panel(width, 0.045), 0, -depth / 2 - 0.006, z - 0.04))
        fine, coarse = goods_row(rng, width - 0.08, depth, min(tall - 0.04, 0.42), int(rng.integers(CELLS)))
        near += [shapes.at(mesh, 0, 0, z) for mesh in fine]
        far += [shapes.at(mesh, 0, 0, z) for mesh in coarse]
    finish = {BODY: finishes.layer("goods"), SECOND: finishes.grey(0.2, 0.8), THIRD: finishes.paint}
    simple = piece({BODY: far, SECOND: frame, THIRD: edge}, finish)
    return replace(piece({BODY: near, SECOND: frame, THIRD: edge}, finish), far=simple.mesh)


def flat_shelf(rng: Generator, texture: str = "shelf front") -> Piece:
    """A shelf or rack whose front is only a picture, 1.25 m wide: for walls and far aisles."""
    depth, height = float(rng.uniform(0.3, 0.5)), float(rng.uniform(1.4, 2.4))
    body = shapes.box((1.25, depth, height), 0.6)
    front = shapes.at(shapes.panel(1.2, height - 0.1, 0.6), 0, -depth / 2 - 0.01, 0.05)
    return piece({BODY: [front], SECOND: [body]}, {BODY: finishes.layer(texture), SECOND: finishes.wood})


def freezer(rng: Generator) -> Piece:
    """Upright, with glass doors before the goods; 1.5 m wide."""
    height = float(rng.uniform(1.9, 2.2))
    case = shapes.box((1.5, 0.7, height), 0.8)
    doors = [shapes.at(shapes.panel(0.68, height - 0.45, 0.7), side * 0.36, -0.36, 0.25) for side in (-1, 1)]
    frames = [shapes.at(shapes.box((0.04, 0.03, height - 0.4)), x, -0.37, 0.22) for x in (-0.73, 0.0, 0.73)]
    head = shapes.at(shapes.panel(1.5, 0.2), 0, -0.36, height - 0.2)
    finish = {BODY: finishes.layer("shelf front", gloss=0.7), SECOND: finishes.grey(0.03, 0.8), THIRD: finishes.steel}
    return piece(
        {BODY: doors, SECOND: [case], THIRD: frames, FOURTH: [head]}, {**finish, FOURTH: finishes.bright("sign", 1.2)}
    )


def chest(rng: Generator) -> Piece:
    """A low freezer, 2 m long, with goods under glass."""
    height = float(rng.uniform(0.75, 0.95))
    case = shapes.box((2.0, 0.9, height), 0.8)
    inside = shapes.at(shapes.floor(1.85, 0.75, 0.6, 0.95), 0, 0, height + 0.005)
    rim = [shapes.at(shapes.box((2.04, 0.06, 0.05)), 0, y, height - 0.01) for y in (-0.43, 0.43)]
    finish = {BODY: finishes.layer("photograph", gloss=0.6), SECOND: finishes.grey(0.3, 0.9), THIRD: finishes.paint}
    return piece({BODY: [inside], SECOND: [case], THIRD: rim}, finish)


def produce_table(rng: Generator) -> Piece:
    """Slanted crates of fruit in three kinds, 1.8 m wide."""
    slant = shapes.tilted(float(rng.uniform(0.1, 0.5)))
    trays: dict[int, list[Mesh]] = {0: [], 1: [], 2: []}
    for column in range(3):
        crop = shapes.shown(shapes.floor(0.56, 0.9, 0.6, 1.0), (0.0, 0.0, 1.6, 1.1))
        trays[column].append(shapes.at(shapes.moved(crop, slant), (column - 1) * 0.6, 0, 0.85))
        for _ in range(10):
            fruit = shapes.blob((0.06,) * 3, rng, 0.05, 6, 0.4)
            x, y = rng.uniform(-0.24, 0.24), rng.uniform(-0.4, 0.4)
            trays[column].append(shapes.at(fruit, (column - 1) * 0.6 + x, y, 0.88 + y * slant[2, 1]))
    legs = [shapes.at(shapes.box((1.8, 0.8, 0.62)), 0, 0.05)]
    legs += [
        shapes.moved(shapes.at(shapes.box((0.03, 0.95, 0.1)), x, 0, 0), shapes.transform((0, 0, 0.8)) @ slant)
        for x in (-0.9, -0.3, 0.3, 0.9)
    ]
    fruit_finish = finishes.layer("photograph", 0.85)
    finish = {BODY: fruit_finish, SECOND: fruit_finish, THIRD: fruit_finish, FOURTH: finishes.wood}
    return piece({BODY: trays[0], SECOND: trays[1], THIRD: trays[2], FOURTH: legs}, finish)


def counter(rng: Generator) -> Piece:
    """A checkout or sales counter, 2 to 3 m long, with a till, a screen and goods on it."""
    long, height = float(rng.uniform(1.8, 3.0)), float(rng.uniform(0.85, 1.1))
    body = [shapes.box((long, 0.7, height), 0.8), shapes.at(shapes.box((long + 0.08, 0.8, 0.05), 0.8), 0, 0, height)]
    top = height + 0.05
    screen = shapes.moved(
        shapes.panel(0.36, 0.28), shapes.transform((long * 0.25, 0.1, top + 0.12), np.pi) @ shapes.tilted(-0.25)
    )
    till = [
        shapes.at(shapes.box((0.42, 0.04, 0.32)), long * 0.25, 0.07, top + 0.1),
        shapes.at(shapes.box((0.4, 0.4, 0.1)), long * 0.25, 0.1, top),
        shapes.at(shapes.box((0.1, 0.06, 0.16)), long * 0.25 - 0.4, -0.2, top),
    ]
    stock = [
        shapes.strewn(
            package((0.1, 0.1, float(rng.uniform(0.1, 0.3))), label_cell(rng)), rng, (long / 2 - 0.1, 0.28), top
        )
        for _ in range(int(rng.integers(3, 14)))
    ]
    finish = {
        BODY: finishes.layer("goods"),
        SECOND: finishes.wood,
        THIRD: finishes.dark,
        FOURTH: finishes.bright("screen"),
    }
    return piece({BODY: stock, SECOND: body, THIRD: till, FOURTH: [screen]}, finish)


def garment(rng: Generator) -> Mesh:
    """A shirt, dress or coat on a hanger, seen from the side it is thin; hangs from z = 0 down, its width along x."""
    half, long, thick = float(rng.uniform(0.18, 0.26)), float(rng.uniform(0.6, 1.2)), float(rng.uniform(0.03, 0.06))
    outline = [(0.05, 0.0), (half, -0.1), (half * 0.85, -0.5 * long), (half * float(rng.uniform(0.8, 1.3)), -long)]
    rings = [
        np.array([[-x, -thick, z], [x, -thick, z], [x, thick, z], [-x, thick, z], [-x, -thick, z]])
        for x, z in reversed(outline)
    ]
    return shapes.loft(rings)


def clothes_rack(rng: Generator) -> Piece:
    """A rail of hanging clothes, 1.4 m long."""
    height = float(rng.uniform(1.2, 1.7))
    frame = [shapes.rod((-0.7, 0, height), (0.7, 0, height), 0.015)]
    for x in (-0.7, 0.7):
        frame += [shapes.rod((x, 0, 0), (x, 0, height), 0.015), shapes.rod((x, -0.25, 0.02), (x, 0.25, 0.02), 0.015)]
    hung: dict[int, list[Mesh]] = {0: [], 1: [], 2: []}
    x = -0.66
    while x < 0.66:
        cloth = shapes.at(garment(rng), x, 0, height - 0.05, np.pi / 2 + float(rng.normal(0, 0.15)))
        hung[int(rng.integers(3))].append(cloth)
        x += float(rng.uniform(0.05, 0.12))
    slots = dict(zip((BODY, SECOND, THIRD), hung.values(), strict=True))
    finish = dict.fromkeys((BODY, SECOND, THIRD), finishes.fabric) | {FOURTH: finishes.steel}
    return piece({**{slot: meshes for slot, meshes in slots.items() if meshes}, FOURTH: frame}, finish)


def mannequin(rng: Generator) -> Piece:
    """A dressed, stiff figure, with or without head and arms, on a disc: never a person."""
    legs = [
        shapes.at(shapes.lathe([(0.05, 0.05), (0.055, 0.3), (0.085, 0.75), (0.09, 0.85)], 8), x, 0)
        for x in (-0.09, 0.09)
    ]
    trunk = shapes.lathe([(0.17, 0.82), (0.15, 1.02), (0.18, 1.25), (0.16, 1.42), (0.06, 1.48), (0.05, 1.56)], 10)
    trunk = shapes.moved(trunk, shapes.transform(scale=(1.0, 0.65, 1.0)))
    bare = []
    if rng.random() < 0.6:
        bare.append(shapes.at(shapes.blob((0.08, 0.1, 0.12), rng, 0.0, 8), 0, 0, 1.67))
    if rng.random() < 0.6:
        bare += [
            shapes.rod((x, 0, 1.42), (x * 1.35, float(rng.uniform(-0.15, 0.1)), 0.85), 0.04, 6) for x in (-0.2, 0.2)
        ]
    stand = shapes.tube(0.2, 0.03, 10)
    finish = {BODY: finishes.grey(0.02, 0.85, 0.4), SECOND: finishes.fabric, THIRD: finishes.fabric}
    return piece({BODY: [*bare, stand], SECOND: [trunk], THIRD: legs}, finish)


def trolley(rng: Generator) -> Piece:
    """A shopping trolley of wire, empty or filled."""
    wires, low, high = [], 0.5, 0.98
    for z, reach in ((low, 0.4), (0.74, 0.43), (high, 0.46)):
        corners = [(-0.26, -reach, z), (0.26, -reach, z), (0.26, reach, z), (-0.26, reach, z)]
        wires += [shapes.rod(a, b, 0.012, 4) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
    for y in np.linspace(-0.4, 0.4, 7):
        wires += [shapes.rod((x, float(y), low), (x, float(y) * 1.1, high), 0.006, 3) for x in (-0.26, 0.26)]
    wires += [shapes.rod((x, 0.4, low), (x, 0.5, 1.05), 0.012, 4) for x in (-0.26, 0.26)]
    wires += [shapes.rod((x, -0.35, 0.15), (x, 0.4, 0.2), 0.015, 4) for x in (-0.24, 0.24)]
    wheels = [shapes.at(shapes.tube(0.05, 0.1, 6), x, y) for x in (-0.24, 0.24) for y in (-0.35, 0.4)]
    handle = shapes.rod((-0.27, 0.5, 1.05), (0.27, 0.5, 1.05), 0.02, 6)
    stock = [
        shapes.strewn(package((0.15, 0.12, 0.25), label_cell(rng)), rng, (0.18, 0.3), 0.5)
        for _ in range(int(rng.integers(0, 8)))
    ]
    finish = {BODY: finishes.steel, SECOND: finishes.vivid, THIRD: finishes.dark, FOURTH: finishes.layer("goods")}
    slots = {BODY: wires, SECOND: [handle], THIRD: wheels} | ({FOURTH: stock} if stock else {})
    return piece(slots, finish)


def stand_up_sign(rng: Generator, texture: str = "sign") -> Piece:
    """A poster between two feet or on a leaning board, knee to man high."""
    height, width = float(rng.uniform(0.8, 1.8)), float(rng.uniform(0.5, 0.9))
    lean = shapes.tilted(-float(rng.uniform(0.0, 0.2)))
    sheet = shapes.moved(shapes.panel(width, height), shapes.transform((0, -0.02, 0)) @ lean)
    back = shapes.moved(shapes.box((width + 0.06, 0.03, height + 0.04)), lean)
    return piece({BODY: [sheet], SECOND: [back]}, {BODY: finishes.layer(texture), SECOND: finishes.steel})


def aisle_sign(rng: Generator) -> Piece:
    """A board that hangs from the ceiling, its upper edge at z = 0."""
    width, tall = float(rng.uniform(0.6, 1.4)), float(rng.uniform(0.25, 0.6))
    board = shapes.at(shapes.box((width, 0.03, tall)), 0, 0, -tall)
    return piece({BODY: [board]}, {BODY: finishes.layer("sign")})


def make(rng: Generator) -> dict[str, tuple[Piece, ...]]:
    """All variants, by what they are."""
    counts = {
        "shelf": (shelf, 12), "flat shelf": (flat_shelf, 4), "freezer": (freezer, 3), "chest": (chest, 3),
        "produce table": (produce_table, 4), "counter": (counter, 6), "clothes rack": (clothes_rack, 6),
        "mannequin": (mannequin, 6), "trolley": (trolley, 3), "stand-up sign": (stand_up_sign, 4),
        "aisle sign": (aisle_sign, 3),
    }  # fmt: skip
    return {name: tuple(maker(rng) for _ in range(count)) for name, (maker, count) in counts.items()}
