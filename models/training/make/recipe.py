"""The steps from nothing to bundle, and what each is asked to do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.make.steps import Step
from training.places.views import ANY
from training.runs import FINISHED

HOLDOUT_SEED: Final = 500  # is added to the seed: other people, other places than those that train
BATCH: Final = 32  # pictures per step, of all processes
REAL_FROM: Final = 0.6  # of the training is done before real frames come in
NEGATIVE_SHARE: Final = 0.06


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the model is made of and how long.

    Attributes:
        out: the bundle.
        work: folder for everything on the way.
        data: the shared data.
        command: what was typed, for the card.
        size: of the network.
        seed: decides everything but the speed.
        view: of training.generate.
        figures: people in the library.
        batch: of them that are written together.
        pictures: to render.
        holdout: pictures to render for the evaluation and for int8's and the score's choice.
        shard: pictures per shard.
        start: a bundle that this project trained, to begin with its weights; None: with chance.
        samples: pictures seen in training, those rendered again and again in other crops and light.
        small: the first of them, in a small resolution.
        warmup: samples until the learning rate is full.
        cooldown: samples over which it falls to nothing at the end.
        clips: real clips, labelled by a teacher, that take part from REAL_FROM on.
        real_share: of the pictures seen from then on.
        cores: to use.
        device: of torch; empty: its own choice.
        calibration: pictures for int8.
        real_pictures: whether to evaluate on real ones.
        commit: of the code, for the card; empty: the one checked out.
    """

    out: Path
    work: Path
    data: Path
    command: str
    size: str = "s"
    seed: int = 1
    view: str = ANY
    figures: int = 3000
    batch: int = 100
    pictures: int = 30_000
    holdout: int = 2000
    shard: int = 500
    start: Path | None = None
    samples: int = 3_000_000
    small: int = 80_000
    warmup: int = 8000
    cooldown: int = 500_000
    clips: tuple[Path, ...] = ()
    real_share: float = 0.15
    cores: int = 2
    device: str = ""
    calibration: int = 200
    real_pictures: bool = True
    commit: str = ""

    @property
    def name(self) -> str:
        """Tells apart what other seeds and views made."""
        return f"{self.seed:03d}" if self.view == ANY else f"{self.seed:03d}-{self.view}"


def steps(recipe: Recipe) -> list[Step]:
    """All of them in order."""
    held = HOLDOUT_SEED + recipe.seed
    found = [
        _figures(recipe, recipe.seed, recipe.figures, "people"),
        _pictures(recipe, recipe.seed, recipe.pictures, "pictures"),
        _figures(recipe, held, max(recipe.figures // 10, recipe.batch), "other people for the hold-out"),
        _pictures(recipe, held, recipe.holdout, "pictures for the hold-out"),
    ]
    if recipe.clips:
        found += [_labels(recipe), _training(recipe, round(recipe.samples * REAL_FROM), real=False)]
    found += [_training(recipe, recipe.samples, real=bool(recipe.clips)), _mining(recipe)]
    return [*found, _cooldown(recipe), _bundle(recipe)]


def _library(recipe: Recipe, seed: int) -> Path:
    return recipe.work / f"figures-{seed:03d}"


def _shards(recipe: Recipe, seed: int) -> Path:
    view = "" if recipe.view == ANY else f"-{recipe.view}"
    return recipe.work / f"shards-{seed:03d}{view}"


def _run(recipe: Recipe) -> Path:
    return recipe.work / "runs" / f"{recipe.size}-{recipe.name}"


def _cooled(recipe: Recipe) -> Path:
    return recipe.work / "runs" / f"{recipe.size}-{recipe.name}-cooled-{recipe.samples}"


def _arguments(**values: object) -> tuple[str, ...]:
    """Options by name; a tuple's items are repeated options, and empty ones are left out."""
    found: list[str] = []
    for name, value in values.items():
        for item in value if isinstance(value, tuple) else (value,):
            if item not in (None, ""):
                found += [f"--{name.replace('_', '-')}", str(item)]
    return tuple(found)


def _figures(recipe: Recipe, seed: int, count: int, whom: str) -> Step:
    folder = _library(recipe, seed)
    arguments = _arguments(out=folder, count=count, batch=recipe.batch, seed=seed, data=recipe.data)
    return Step(f"figures-{seed:03d}", f"making {count} {whom}", "training.figures", arguments, (folder,))


def _pictures(recipe: Recipe, seed: int, count: int, what: str) -> Step:
    folder = _shards(recipe, seed)
    arguments = _arguments(
        out=folder,
        pictures=count,
        shard=recipe.shard,
        seed=seed,
        view=recipe.view,
        workers=recipe.cores,
        figures=_library(recipe, seed),
        places=recipe.work / "places",
        data=recipe.data,
    )
    return Step(folder.name, f"rendering {count} {what}", "training.generate", arguments, (folder,))


def _labels(recipe: Recipe) -> Step:
    folder = recipe.work / "real"
    arguments = (*_arguments(out=folder, clips=recipe.clips[0]), *map(str, recipe.clips[1:]))
    results = tuple(folder / f"{clip.stem}.npz" for clip in recipe.clips)
    return Step("real", f"labelling {len(recipe.clips)} clips", "training.teacher", arguments, results)


def _sources(recipe: Recipe, *, real: bool) -> dict[str, object]:
    mixed = {"real": recipe.work / "real", "real_share": recipe.real_share} if real else {}
    return {
        "shards": _shards(recipe, recipe.seed),
        "negatives": recipe.data / "shelves",
        "negative_share": NEGATIVE_SHARE,
    } | mixed


def _hardware(recipe: Recipe) -> dict[str, object]:
    """Processes share a step on processors; an accelerator needs one, and many that make its batches."""
    processes = 1 if recipe.device not in ("", "cpu") else min(recipe.cores, BATCH)
    workers = recipe.cores - 1 if processes == 1 else 1  # 0: they are made between the steps
    return {"batch": BATCH // processes, "processes": processes, "workers": workers, "device": recipe.device}


def _training(recipe: Recipe, samples: int, *, real: bool) -> Step:
    run = _run(recipe)
    arguments = _arguments(
        out=run,
        size=recipe.size,
        seed=recipe.seed,
        pictures=samples,
        small=recipe.small if recipe.start is None else 0,
        init=None if recipe.start is None else recipe.start / "fp32.onnx",
        warmup=recipe.warmup,
        **_sources(recipe, real=real),
        **_hardware(recipe),
    )
    return Step(
        f"{run.name}-{'mixed' if real else 'rendered'}",
        f"training on {samples} samples" + (", real ones among them" if real else ""),
        "training.train",
        arguments,
        (run / FINISHED,),
        goes_on=run / "checkpoint.pt",
        resume=("--resume",),
    )


def _hard(recipe: Recipe) -> Path:
    return recipe.work / f"hard-{_cooled(recipe).name}.json"


def _mining(recipe: Recipe) -> Step:
    """What the network gets wrong when it has seen nearly all is seen more often while it cools down."""
    arguments = (
        str(_run(recipe) / "checkpoint.pt"),
        *_arguments(shards=_shards(recipe, recipe.seed), out=_hard(recipe)),
    )
    return Step(_hard(recipe).stem, "looking for hard pictures", "training.mining", arguments, (_hard(recipe),))


def _cooldown(recipe: Recipe) -> Step:
    run, cooled = _run(recipe), _cooled(recipe)
    arguments = _arguments(
        out=cooled,
        size=recipe.size,
        seed=recipe.seed,
        cooldown=recipe.cooldown,
        hard=_hard(recipe),
        **_sources(recipe, real=bool(recipe.clips)),
        **_hardware(recipe),
    )
    arguments = (*arguments, "--from", str(run / "checkpoint.pt"))
    checkpoint = cooled / "checkpoint.pt"
    says = f"cooling down over {recipe.cooldown} samples"
    # --resume wins over --from.
    return Step(cooled.name, says, "training.train", arguments, (cooled / FINISHED,), checkpoint, ("--resume",))


def _bundle(recipe: Recipe) -> Step:
    real = bool(recipe.clips)
    arguments = _arguments(
        checkpoint=_cooled(recipe) / "checkpoint.pt",
        shards=_shards(recipe, recipe.seed),
        holdout=_shards(recipe, HOLDOUT_SEED + recipe.seed),
        negatives=recipe.data / "shelves",
        negative_share=NEGATIVE_SHARE,
        real=recipe.work / "real" if real else None,
        real_share=_share_of_all(recipe) if real else None,
        clip=tuple(clip.name for clip in recipe.clips),
        start=recipe.start,
        view=recipe.view,
        out=recipe.out,
        report=recipe.work / "report",
        command=recipe.command,
        commit=recipe.commit,
        calibration=recipe.calibration,
    )
    if not recipe.real_pictures:
        arguments = (*arguments, "--no-real-pictures")
    return Step("bundle", "int8, score, evaluation, card", "training.make.bundle", arguments, (recipe.out,))


def _share_of_all(recipe: Recipe) -> float:
    """Of real frames among all pictures seen, the cool-down's too."""
    mixed = recipe.samples * (1 - REAL_FROM) + recipe.cooldown
    return round(recipe.real_share * mixed / (recipe.samples + recipe.cooldown), 4)
