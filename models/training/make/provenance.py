"""Where a network's weights come from: the data with their licences, and the commit of the code."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import numpy as np

from edge_agent.detector.card import CARD_FILE, TrainingData, load_card

INGREDIENTS: Final = (
    TrainingData(
        name="anny",
        licence="Apache-2.0",
        attribution="NAVER Corp., anny (parametric bodies; its assets are MakeHuman's, CC0-1.0)",
        url="https://github.com/naver/anny",
        use="bodies of the rendered people: sex, age, height, weight, pose",
    ),
    TrainingData(
        name="MakeHuman assets",
        licence="CC0-1.0",
        attribution="the MakeHuman team",
        url="https://github.com/makehumancommunity/makehuman",
        use="clothes, shoes and hair of the rendered people",
    ),
    TrainingData(
        name="AWS RoboMaker bookstore world",
        licence="MIT-0",
        attribution="Copyright 2019 Amazon.com, Inc. or its affiliates. All Rights Reserved.",
        url="https://github.com/aws-robotics/aws-robomaker-bookstore-world",
        use="furniture of the rendered shops",
    ),
    TrainingData(
        name="AWS RoboMaker small warehouse world",
        licence="MIT-0",
        attribution="Copyright Amazon.com, Inc. or its affiliates. All Rights Reserved.",
        url="https://github.com/aws-robotics/aws-robomaker-small-warehouse-world",
        use="furniture of the rendered shops",
    ),
    TrainingData(
        name="Poly Haven panoramas",
        licence="CC0-1.0",
        attribution="Poly Haven, as collected in pmndrs/assets",
        url="https://github.com/pmndrs/assets",
        use="surroundings and light of rendered people",
    ),
)
"""What every rendered picture is made of."""

GOODS: Final = {
    "name": "GroceryStoreDataset",
    "licence": "MIT",
    "attribution": "Copyright (c) 2019 Marcus Klasson; Klasson, Zhang, Kjellström: A Hierarchical Grocery Store Image "
    "Dataset with Visual and Semantic Labels, WACV 2019",
    "url": "https://github.com/marcusklasson/GroceryStoreDataset",
}
_CLIPS: Final = {
    "licence": "CC-BY-4.0",
    "attribution": "Intel Corporation, IoT DevKit sample-videos; boxes by the public network yolox_nano (Apache-2.0)",
    "url": "https://github.com/intel-iot-devkit/sample-videos",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a training looked at.

    Attributes:
        rendered: folders of rendered shards.
        negatives: folders of photographs with nobody in them; their share of the pictures.
        negative_share: of the pictures seen.
        real: folder of shards of labelled clips, each named as its clip; None: none.
        real_share: of the pictures seen.
        start: bundle with whose weights the training began; None: with chance.
    """

    rendered: Sequence[Path]
    negatives: Sequence[Path] = ()
    negative_share: float = 0.0
    real: Path | None = None
    real_share: float = 0.0
    start: Path | None = None


def data_of(seen: Seen, clips: Sequence[str] = ()) -> tuple[TrainingData, ...]:
    """The card's table.

    Args:
        seen: by the training.
        clips: file names of the clips in `seen.real`; the evaluation then knows that they test the network no more.

    Raises:
        ValueError: there are no rendered pictures, or clips without a name.
    """
    pictures = sum(_count(folder) for folder in seen.rendered)
    if not pictures:
        raise ValueError(f"{', '.join(map(str, seen.rendered))}: no shards (*.npz); name the folder that trained it")
    photographs = sum(len(list(folder.glob("*.jpg"))) for folder in seen.negatives)
    negative_share = seen.negative_share if photographs else 0.0
    real = _count(seen.real) if seen.real is not None and seen.real_share > 0 else 0
    if real and not clips:
        raise ValueError(f"{seen.real}: name its clips, so that they do not test the network that they trained")
    real_share = seen.real_share if real else 0.0
    rendered = TrainingData(
        name="rendered pictures",
        licence="none needed: made by models/training of what is named below",
        attribution="this project",
        use="people who do not exist, with exact boxes",
        pictures=pictures,
        share=round(1.0 - negative_share - real_share, 4),
    )
    goods = TrainingData(
        **GOODS,
        use="textures and backgrounds of the rendered shops" + (", and pictures of nobody" if photographs else ""),
        pictures=photographs or None,
        share=round(negative_share, 4) or None,
    )
    data = [rendered, *INGREDIENTS, goods]
    if seen.start is not None:
        data += _inherited(seen.start, {each.name for each in data})
    if real:
        named = f"clips {', '.join(clips)}"
        data.append(
            TrainingData(
                name=named, **_CLIPS, use="real people, boxes by a teacher", pictures=real, share=round(real_share, 4)
            )
        )
    return tuple(data)


def _inherited(bundle: Path, known: set[str]) -> list[TrainingData]:
    """The bundle that a training began with, and what only that bundle had learned from; shares of it are unknown now.

    Raises:
        BundleError: it is none.
    """
    card = load_card(bundle / CARD_FILE)
    began = TrainingData(
        name=f"{card.name} {card.version}",
        licence=card.licence,
        attribution=card.source.publisher,
        use="the weights that the training began with",
    )
    before = card.training.data if card.training is not None else ()
    own = [each.model_copy(update={"share": None}) for each in before if each.name not in known]
    return [began, *own]


def _count(folder: Path) -> int:
    """Pictures in the shards of a folder, without reading them."""
    total = 0
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as data:
            total += len(data["picture_ends"])
    return total


def commit_of(repository: Path) -> str:
    """The commit that is checked out.

    Raises:
        ClickException: it is not known; --commit names it.
    """
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=False)  # noqa: S607
    if done.returncode != 0:
        raise click.ClickException(f"{repository}: git does not tell the commit; name it with --commit")
    return done.stdout.strip()


def changed(repository: Path, folder: str = "models/training") -> list[str]:
    """Files of the training that differ from the commit, or are not in it."""
    command = ["git", "status", "--porcelain", "--", folder]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)  # noqa: S603
    return [line[3:] for line in done.stdout.splitlines()]
