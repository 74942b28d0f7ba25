"""What stands in offices, classrooms, homes and halls: chairs, tables, cabinets, sofas, bins, bottles, coats."""

from dataclasses import replace

import numpy as np

from training.places import finishes, shapes
from training.places.materials import BODY, FOURTH, SECOND, THIRD
from training.places.piece import Piece, Seat, piece
from training.scene import Mesh

Generator = np.random.Generator


def legs(width: float, depth: float, height: float, radius: float) -> list[Mesh]:
    """Four legs at the corners of a rectangle."""
    corners = [(x * width / 2, y * depth / 2) for x in (-1, 1) for y in (-1, 1)]
    return [shapes.rod((x, y, 0.0), (x, y, height), radius, 5) for x, y in corners]


def school_chair(rng: Generator) -> Piece:
    """Tubes with a seat and a low back."""
    seat = float(rng.uniform(0.4, 0.47))
    back = float(rng.uniform(0.75, 0.9))
    shell = [
        shapes.at(shapes.box((0.4, 0.4, 0.025)), 0, 0, seat - 0.02),
        shapes.moved(shapes.box((0.4, 0.02, 0.26)), shapes.transform((0, 0.19, back - 0.26)) @ shapes.tilted(-0.12)),
    ]
    frame = legs(0.4, 0.4, seat, 0.013) + [
        shapes.rod((x, 0.2, seat), (x, 0.21, back - 0.05), 0.013) for x in (-0.18, 0.18)
    ]
    return piece({BODY: shell, SECOND: frame}, {BODY: finishes.paint, SECOND: finishes.steel}, Seat(0, 0, seat))


def wooden_chair(rng: Generator) -> Piece:
    """A dining chair with a slatted or closed back."""
    seat, back = 0.46, float(rng.uniform(0.85, 1.05))
    frame = legs(0.4, 0.4, seat, 0.02) + [shapes.rod((x, 0.2, seat), (x, 0.25, back), 0.018) for x in (-0.19, 0.19)]
    if rng.random() < 0.5:
        frame += [
            shapes.at(shapes.box((0.4, 0.02, 0.06)), 0, 0.2 + 0.05 * t, seat + t * (back - seat))
            for t in (0.35, 0.6, 0.9)
        ]
    else:
        frame.append(shapes.at(shapes.box((0.4, 0.03, back - seat - 0.12)), 0, 0.22, seat + 0.1))
    cushion = shapes.at(shapes.box((0.44, 0.43, 0.05)), 0, 0, seat - 0.04)
    finish = {BODY: finishes.wood, SECOND: finishes.paint}
    return piece({BODY: frame, SECOND: [cushion]}, finish, Seat(0, 0, seat))


def office_chair(rng: Generator) -> Piece:
    """A swivel chair with five feet, padded back and perhaps arms."""
    seat, back = float(rng.uniform(0.44, 0.54)), float(rng.uniform(0.45, 0.75))
    pad = [
        shapes.moved(shapes.blob((0.25, 0.24, 0.05), rng, 0.0, 10), shapes.transform((0, 0, seat - 0.04))),
        shapes.moved(
            shapes.blob((0.23, 0.045, back / 2), rng, 0.0, 10), shapes.transform((0, 0.23, seat + 0.12 + back / 2))
        ),
    ]
    angles = np.arange(5) * 2 * np.pi / 5
    frame = [shapes.rod((0, 0, 0.12), (float(np.cos(a)) * 0.3, float(np.sin(a)) * 0.3, 0.06), 0.02, 4) for a in angles]
    frame += [shapes.rod((0, 0, 0.1), (0, 0, seat), 0.025), shapes.rod((0, 0.2, seat), (0, 0.25, seat + 0.3), 0.025)]
    if rng.random() < 0.6:
        frame += [shapes.at(shapes.box((0.05, 0.26, 0.03)), x, 0, seat + 0.2) for x in (-0.27, 0.27)]
        frame += [shapes.rod((x, 0.05, seat), (x, 0.05, seat + 0.2), 0.015, 4) for x in (-0.27, 0.27)]
    finish = {BODY: finishes.dark if rng.random() < 0.5 else finishes.paint, SECOND: finishes.dark}
    return piece({BODY: pad, SECOND: frame}, finish, Seat(0, 0, seat))


def stool(rng: Generator) -> Piece:
    """A round stool, low or at a bar."""
    seat = float(rng.choice([0.46, 0.65, 0.78]))
    frame = [shapes.rod((x * 0.18, y * 0.18, 0), (x * 0.1, y * 0.1, seat), 0.014) for x in (-1, 1) for y in (-1, 1)]
    return piece(
        {BODY: [shapes.at(shapes.tube(0.18, 0.05, 10), 0, 0, seat - 0.05)], SECOND: frame},
        {BODY: finishes.paint, SECOND: finishes.steel},
        Seat(0, 0, seat),
    )


def table(rng: Generator) -> Piece:
    """A table on four legs."""
    width, depth = float(rng.uniform(0.9, 2.2)), float(rng.uniform(0.6, 1.0))
    height = float(rng.uniform(0.7, 0.78))
    top = shapes.at(shapes.box((width, depth, 0.04), 0.8), 0, 0, height - 0.04)
    return piece(
        {BODY: [top], SECOND: legs(width - 0.1, depth - 0.1, height - 0.03, 0.025)},
        {BODY: finishes.wood, SECOND: finishes.steel},
    )


def round_table(rng: Generator) -> Piece:
    """A round table on one leg, low or high."""
    height, radius = float(rng.choice([0.5, 0.73, 1.08])), float(rng.uniform(0.3, 0.65))
    top = shapes.at(shapes.tube(radius, 0.035, 18), 0, 0, height)
    foot = [shapes.rod((0, 0, 0), (0, 0, height), 0.04, 6), shapes.tube(radius * 0.5, 0.03, 10)]
    return piece({BODY: [top], SECOND: foot}, {BODY: finishes.wood, SECOND: finishes.steel})


def school_desk(rng: Generator) -> Piece:
    """A pupil's or pupils' table, sometimes with books and a bag."""
    width, depth, height = float(rng.choice([0.65, 0.7, 1.3])), 0.5, float(rng.uniform(0.65, 0.77))
    top = shapes.at(shapes.box((width, depth, 0.03), 0.8), 0, 0, height - 0.03)
    frame = legs(width - 0.06, depth - 0.06, height - 0.03, 0.015)
    sheets = [
        shapes.strewn(shapes.box((0.21, 0.29, 0.01)), rng, (width / 2 - 0.15, 0.1), height, 1.0)
        for _ in range(int(rng.integers(0, 3)))
    ]
    if rng.random() < 0.4:
        frame.append(shapes.at(shapes.box((width - 0.1, 0.02, 0.3)), 0, -depth / 2 + 0.05, height - 0.35))
    slots = {BODY: [top], SECOND: frame} | ({THIRD: sheets} if sheets else {})
    return piece(slots, {BODY: finishes.wood, SECOND: finishes.steel, THIRD: finishes.grey(0.5, 0.9)})


def office_desk(rng: Generator) -> Piece:
    """A desk with drawers and screens; who works there sits on its +y side and looks along -y."""
    width, height = float(rng.uniform(1.2, 1.8)), 0.74
    body = [
        shapes.at(shapes.box((width, 0.75, 0.035), 0.8), 0, 0, height - 0.035),
        shapes.at(shapes.box((0.42, 0.6, height - 0.05)), width / 2 - 0.23, 0),
        shapes.at(shapes.box((0.03, 0.7, height - 0.03)), -width / 2 + 0.02, 0),
        shapes.at(shapes.box((width, 0.02, 0.45)), 0, -0.3, height - 0.5),
    ]
    cases, pictures = [], []
    for x in rng.uniform(-0.4, 0.3, int(rng.integers(1, 3))):
        turn = np.pi + float(rng.normal(0, 0.2))
        cases += [
            shapes.at(shapes.box((0.52, 0.03, 0.33)), float(x), -0.14, height + 0.1, turn),
            shapes.at(shapes.box((0.2, 0.18, 0.11)), float(x), -0.16, height),
        ]
        pictures.append(shapes.at(shapes.panel(0.49, 0.3), float(x), -0.12, height + 0.115, turn))
    cases.append(shapes.at(shapes.box((0.42, 0.15, 0.02)), 0, 0.12, height))
    sheets = [
        shapes.strewn(shapes.box((0.22, 0.3, float(rng.uniform(0.005, 0.12)))), rng, (0.6, 0.2), height, 1.0)
        for _ in range(int(rng.integers(1, 5)))
    ]
    finish = {
        BODY: finishes.wood,
        SECOND: finishes.dark,
        THIRD: finishes.bright("screen"),
        FOURTH: finishes.grey(0.4, 0.9),
    }
    return piece({BODY: body, SECOND: cases, THIRD: pictures, FOURTH: sheets}, finish)


def sofa(rng: Generator) -> Piece:
    """A sofa or armchair with cushions."""
    places = int(rng.integers(1, 4))
    width = 0.62 * places + 0.36
    body = [
        shapes.at(shapes.box((width, 0.85, 0.3), 0.8), 0, 0, 0.08),
        shapes.at(shapes.box((width, 0.22, 0.75), 0.8), 0, 0.33, 0.05),
        *(shapes.at(shapes.box((0.18, 0.85, 0.55)), x * (width / 2 - 0.09), 0, 0.05) for x in (-1, 1)),
    ]
    middles = [(number - (places - 1) / 2) * 0.62 for number in range(places)]
    cushions = [shapes.moved(shapes.box((0.6, 0.62, 0.14)), shapes.transform((x, -0.08, 0.33))) for x in middles]
    finish = {BODY: finishes.paint, SECOND: finishes.paint if rng.random() < 0.5 else finishes.fabric}
    seats = [Seat(x, -0.08, 0.44) for x in middles]
    return piece({BODY: body, SECOND: cushions}, finish, *seats)


def cabinet(rng: Generator) -> Piece:
    """A cupboard, locker or drawer unit with doors and handles."""
    width, depth, height = float(rng.uniform(0.4, 1.6)), float(rng.uniform(0.35, 0.6)), float(rng.uniform(0.6, 2.1))
    body = shapes.box((width, depth, height), 0.8)
    count = max(1, round(width / 0.45))
    rows = 1 if rng.random() < 0.6 else int(rng.integers(2, 5))
    doors, handles = [], []
    for column in range(count):
        for row in range(rows):
            x, z = (column + 0.5) * width / count - width / 2, row * height / rows
            doors.append(
                shapes.at(
                    shapes.box((width / count - 0.02, 0.02, height / rows - 0.03)), x, -depth / 2 - 0.01, z + 0.015
                )
            )
            handles.append(
                shapes.at(shapes.box((0.02, 0.03, 0.12)), x + 0.12, -depth / 2 - 0.03, z + height / rows * 0.5)
            )
    finish = {BODY: finishes.wood, SECOND: finishes.wood, THIRD: finishes.steel}
    return piece({BODY: [body], SECOND: doors, THIRD: handles}, finish)


def bin_(rng: Generator) -> Piece:
    """A waste bin, round or square, with a lid of another colour."""
    height, radius = float(rng.uniform(0.35, 1.0)), float(rng.uniform(0.15, 0.3))
    if rng.random() < 0.6:
        body, lid = (
            shapes.tube(radius * 0.85, height, 10, radius),
            shapes.at(shapes.tube(radius * 1.03, 0.06, 10), 0, 0, height),
        )
    else:
        body = shapes.box((radius * 2, radius * 2, height))
        lid = shapes.at(shapes.box((radius * 2.1, radius * 2.1, 0.08)), 0, 0, height)
    return piece({BODY: [body], SECOND: [lid]}, {BODY: finishes.paint, SECOND: finishes.dark})


def extinguisher(_: Generator) -> Piece:
    """A fire extinguisher that hangs on a wall with a sign over it."""
    body = shapes.at(shapes.lathe([(0.07, 0), (0.075, 0.35), (0.03, 0.44), (0.02, 0.5)], 8), 0, -0.09, 0.6)
    hose = shapes.rod((0, -0.09, 1.08), (0.09, -0.1, 0.8), 0.015, 4)
    notice = shapes.at(shapes.panel(0.15, 0.2), 0, -0.01, 1.4)
    return piece({BODY: [body, notice], SECOND: [hose]}, {BODY: finishes.red, SECOND: finishes.dark})


def coats(rng: Generator) -> Piece:
    """Coats and bags on hooks of a rail, as wide as 1.2 m; its back is at y = 0.15."""
    board = shapes.at(shapes.box((1.2, 0.03, 0.12)), 0, 0.12, 1.65)
    hung: dict[int, list[Mesh]] = {0: [], 1: [], 2: []}
    for x in np.arange(-0.5, 0.55, 0.2):
        if rng.random() < 0.75:
            long = float(rng.uniform(0.5, 1.1))
            profile = [(0.16, -long), (0.14, -0.4), (0.1, -0.12), (0.03, 0.0)]
            cloth = shapes.moved(shapes.lathe(profile, 8), shapes.transform(scale=(1.0, 0.5, 1.0)))
            hung[int(rng.integers(3))].append(shapes.at(cloth, float(x), 0.05, 1.7))
    slots = {slot: meshes for slot, meshes in zip((BODY, SECOND, THIRD), hung.values(), strict=True) if meshes}
    finish = dict.fromkeys((BODY, SECOND, THIRD), finishes.fabric) | {FOURTH: finishes.wood}
    return piece({**slots, FOURTH: [board]}, finish)


def bottles(rng: Generator) -> Piece:
    """Bottles, glasses and a vase, as on a table before the camera."""
    slots = (BODY, SECOND, THIRD)
    groups: dict[int, list[Mesh]] = {0: [], 1: [], 2: []}
    for _ in range(int(rng.integers(2, 6))):
        tall, wide = float(rng.uniform(0.15, 0.36)), float(rng.uniform(0.03, 0.05))
        neck = wide * float(rng.uniform(0.3, 0.45))
        shoulder = float(rng.uniform(0.5, 0.75))
        profile = [
            (wide * 0.9, 0),
            (wide, 0.02),
            (wide, tall * shoulder),
            (neck, tall * (shoulder + 0.17)),
            (neck, tall),
            (0.0, tall),
        ]
        vessel = shapes.lathe(profile, 12)
        groups[int(rng.integers(3))].append(shapes.strewn(vessel, rng, (0.4, 0.2), 0.0))
    finish = {BODY: finishes.glass, SECOND: finishes.paint, THIRD: finishes.layer("sign", gloss=0.6)}
    return piece({slot: groups[n] for n, slot in enumerate(slots) if groups[n]}, finish)


def umbrella(rng: Generator) -> Piece:
    """An open sunshade on its pole, or a parasol folded."""
    height = float(rng.uniform(1.9, 2.5))
    cover = (
        [(1.3, height - 0.35), (0.7, height - 0.12), (0.02, height)]
        if rng.random() < 0.6
        else [(0.05, 0.9), (0.14, 1.2), (0.04, height)]
    )
    return piece(
        {
            BODY: [shapes.lathe(cover, 8)],
            SECOND: [shapes.rod((0, 0, 0), (0, 0, height), 0.025), shapes.tube(0.25, 0.08, 10)],
        },
        {BODY: finishes.fabric, SECOND: finishes.steel},
    )


def box_pile(rng: Generator) -> Piece:
    """Cardboard boxes, some on others."""
    boxes: list[Mesh] = []
    for _ in range(int(rng.integers(1, 4))):
        x, z, turn = float(rng.uniform(-0.5, 0.5)), 0.0, float(rng.normal(0, 0.2))
        for _ in range(int(rng.integers(1, 5))):
            size = tuple(float(v) for v in rng.uniform(0.25, 0.6, 3))
            boxes.append(shapes.at(shapes.box((size[0], size[1], size[2])), x, float(rng.normal(0, 0.06)), z, turn))
            z += size[2]
    return piece({BODY: boxes}, {BODY: finishes.layer("cardboard")})


def rug(rng: Generator) -> Piece:
    """A rug that lies flat."""
    wide, deep = float(rng.uniform(0.9, 2.2)), float(rng.uniform(1.4, 3.2))
    flat = shapes.floor(wide, deep, 0.7, 1.0)
    uv = (flat.position[:, :2] / (wide, deep) + 0.5).astype(np.float32)
    return piece({BODY: [replace(flat, uv=uv)]}, {BODY: finishes.layer("rug")})


def fan(_: Generator) -> Piece:
    """A standing lamp or fan: a thin pole with a head at a person's height."""
    head = shapes.at(shapes.lathe([(0.2, 0), (0.12, 0.28)], 10), 0, 0, 1.4)
    pole = [shapes.rod((0, 0, 0), (0, 0, 1.6), 0.015), shapes.tube(0.16, 0.03, 10)]
    return piece({BODY: [head], SECOND: pole}, {BODY: finishes.lit, SECOND: finishes.steel})


def make(rng: Generator) -> dict[str, tuple[Piece, ...]]:
    """All variants, by what they are."""
    counts = {
        "school chair": (school_chair, 5), "wooden chair": (wooden_chair, 5), "office chair": (office_chair, 6),
        "stool": (stool, 3), "table": (table, 6), "round table": (round_table, 5), "school desk": (school_desk, 6),
        "office desk": (office_desk, 6), "sofa": (sofa, 6), "cabinet": (cabinet, 8), "bin": (bin_, 6),
        "extinguisher": (extinguisher, 1), "coats": (coats, 4), "bottles": (bottles, 8), "umbrella": (umbrella, 3),
        "box pile": (box_pile, 6), "floor lamp": (fan, 1), "rug": (rug, 4),
    }  # fmt: skip
    return {name: tuple(maker(rng) for _ in range(count)) for name, (maker, count) in counts.items()}
