"""What stands about and is as tall or as thin as a person, or lies like one: coat stands, gates, ladders, bags."""

import numpy as np

from training.places import finishes, shapes
from training.places.materials import BODY, FOURTH, SECOND, THIRD
from training.places.piece import Piece, piece

Generator = np.random.Generator


def coat_stand(rng: Generator) -> Piece:
    """A pole with coats, scarves and a hat: the nearest thing to a person that furniture can be."""
    height = float(rng.uniform(1.6, 1.9))
    pole = [shapes.rod((0, 0, 0), (0, 0, height), 0.025), shapes.tube(0.22, 0.03, 10)]
    hung = []
    for _ in range(int(rng.integers(1, 4))):
        long, turn = float(rng.uniform(0.6, 1.1)), float(rng.uniform(0, 6.3))
        profile = [(0.2, -long), (0.17, -0.5), (0.13, -0.15), (0.03, 0.0)]
        coat = shapes.moved(shapes.lathe(profile, 10), shapes.transform(scale=(1.0, 0.6, 1.0)))
        hung.append(shapes.at(coat, 0.08 * float(np.cos(turn)), 0.08 * float(np.sin(turn)), height - 0.1, turn))
    hat = [shapes.at(shapes.lathe([(0.17, 0.0), (0.1, 0.02), (0.09, 0.11), (0.0, 0.13)], 10), 0, 0, height)]
    slots = {BODY: hung[:1], SECOND: pole} | ({THIRD: hung[1:]} if hung[1:] else {})
    slots |= {FOURTH: hat} if rng.random() < 0.5 else {}
    finish = {BODY: finishes.fabric, SECOND: finishes.wood, THIRD: finishes.fabric, FOURTH: finishes.dark}
    return piece(slots, finish)


def gate(rng: Generator) -> Piece:
    """Uprights at a shop's door that find stolen goods, or a turnstile."""
    height, gap = float(rng.uniform(1.0, 1.7)), float(rng.uniform(0.9, 1.3))
    count = int(rng.integers(2, 4))
    plate = shapes.box((0.06, 0.45, height))
    posts = [shapes.at(plate, (n - (count - 1) / 2) * gap, 0) for n in range(count)]
    feet = [shapes.at(shapes.box((0.2, 0.55, 0.05)), (n - (count - 1) / 2) * gap, 0) for n in range(count)]
    return piece({BODY: posts, SECOND: feet}, {BODY: finishes.grey(0.2, 0.9), SECOND: finishes.dark})


def vending_machine(rng: Generator) -> Piece:
    """A machine, cash dispenser or cooler with a lit front."""
    height, width = float(rng.uniform(1.5, 2.0)), float(rng.uniform(0.6, 1.0))
    case = shapes.box((width, 0.75, height), 0.8)
    front = shapes.at(shapes.panel(width * 0.75, height * 0.6, 0.7), -width * 0.08, -0.38, height * 0.32)
    slot = shapes.at(shapes.box((width * 0.6, 0.02, 0.16)), 0, -0.38, 0.2)
    lit = finishes.bright(str(rng.choice(["shelf front", "sign", "screen"])), 1.6)
    return piece(
        {BODY: [case], SECOND: [front], THIRD: [slot]}, {BODY: finishes.paint, SECOND: lit, THIRD: finishes.dark}
    )


def ladder(rng: Generator) -> Piece:
    """A step ladder."""
    height = float(rng.uniform(1.2, 2.2))
    front = [shapes.rod((x, -0.45, 0), (x * 0.7, 0, height), 0.02, 4) for x in (-0.25, 0.25)]
    back = [shapes.rod((x, 0.45, 0), (x * 0.7, 0, height), 0.015, 4) for x in (-0.25, 0.25)]
    steps = [
        shapes.at(shapes.box((0.5 - 0.15 * t, 0.09, 0.03)), 0, -0.45 * (1 - t), height * t)
        for t in np.arange(0.15, 1.0, 0.25 / height).tolist()
    ]
    return piece({BODY: front + back, SECOND: steps}, {BODY: finishes.steel, SECOND: finishes.steel})


def bags(rng: Generator) -> Piece:
    """Sacks, suitcases and rucksacks on the floor, in three colours."""
    soft = [
        shapes.strewn(
            shapes.moved(shapes.blob((0.25, 0.2, 0.25), rng, 0.15, 8), shapes.transform((0, 0, 0.22))),
            rng,
            (0.5, 0.3),
            0,
        )
        for _ in range(int(rng.integers(1, 4)))
    ]
    case = shapes.joined([shapes.box((0.42, 0.24, 0.62)), shapes.rod((0, 0.1, 0.6), (0, 0.1, 1.0), 0.015, 4)])
    hard = [shapes.strewn(case, rng, (0.6, 0.3), 0, 3.0) for _ in range(int(rng.integers(0, 3)))]
    slots = {BODY: soft} | ({SECOND: hard} if hard else {})
    return piece(slots, {BODY: finishes.fabric, SECOND: finishes.paint})


def tall_vase(rng: Generator) -> Piece:
    """A vase, urn or statue's plinth, waist to man high."""
    tall, wide = float(rng.uniform(0.5, 1.6)), float(rng.uniform(0.12, 0.25))
    bulges = rng.uniform(0.5, 1.0, 6) * wide
    profile = [(float(r), float(z)) for r, z in zip(bulges, np.linspace(0, tall, 6), strict=True)]
    return piece({BODY: [shapes.lathe([*profile, (0.0, tall)], 12)]}, {BODY: finishes.paint})


def make(rng: Generator) -> dict[str, tuple[Piece, ...]]:
    """All variants, by what they are."""
    counts = {
        "coat stand": (coat_stand, 5), "gate": (gate, 3), "vending machine": (vending_machine, 5),
        "ladder": (ladder, 2), "bags": (bags, 5), "vase": (tall_vase, 4),
    }  # fmt: skip
    return {name: tuple(maker(rng) for _ in range(count)) for name, (maker, count) in counts.items()}
