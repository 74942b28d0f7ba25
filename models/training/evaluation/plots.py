"""The result as pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np

from training.evaluation.evaluate import Figures
from training.evaluation.holdout import Rendered
from training.evaluation.measures import FALSE_ALARMS, THRESHOLDS
from training.evaluation.speed import Speed
from training.evaluation.statistics import Scores, Share, roc

mpl.use("Agg")
import matplotlib.pyplot as plt

_SIZE: Final = (7.0, 5.0)  # inches
_DPI: Final = 120


def roc_plot(path: Path, scores: Mapping[str, tuple[Scores, Scores]]) -> None:
    """Hits over false alarms on indoor cameras; a curve for each network's (people, empty) scores."""
    figure, axes = plt.subplots(figsize=_SIZE)
    for label, (people, empty) in scores.items():
        _, alarms, hits = roc(people, empty)
        axes.step([0.0, *alarms], [0.0, *hits], where="post", label=label)
    axes.axvline(FALSE_ALARMS, color="grey", linestyle=":", linewidth=1)
    axes.set(
        xlabel="share of empty pictures with a false alarm",
        ylabel="share of pictures with people found",
        title="Presence on fixed indoor cameras",
        xlim=(-0.01, 0.5),
        ylim=(0.5, 1.01),
    )
    _save(figure, axes, path)


def threshold_plot(path: Path, networks: Sequence[Figures]) -> None:
    """F1 on the clips over the threshold; dots are the presets."""
    figure, axes = plt.subplots(figsize=_SIZE)
    for each in networks:
        (line,) = axes.plot(THRESHOLDS, each.agreement.curve, label=each.label)
        axes.plot([each.threshold], [each.agreement.pooled.f1], "o", color=line.get_color())
    axes.set(
        xlabel="threshold",
        ylabel="F1 against yolox_nano's boxes",
        title="Agreement on clips, with the preset threshold as a dot\nThis curve is not used to choose it",
        ylim=(0.0, 1.02),
    )
    _save(figure, axes, path)


def speed_plot(path: Path, speeds: Mapping[str, Speed]) -> None:
    """CPU time per picture on one thread, the network's part darker."""
    figure, axes = plt.subplots(figsize=(7.0, 0.6 * len(speeds) + 1.5))
    labels = list(speeds)
    axes.barh(labels, [speeds[label].detect_ms for label in labels], color="lightsteelblue", label="around it")
    axes.barh(labels, [speeds[label].network_ms for label in labels], color="steelblue", label="network")
    for row, label in enumerate(labels):
        axes.text(speeds[label].detect_ms, row, f" x {speeds[label].detect_ratio.median:.2f}", va="center")
    axes.set(xlabel="ms per picture, CPU time of one thread", title="Speed, and ratio to yolox_nano in the same run")
    axes.margins(x=0.15)
    _save(figure, axes, path)


def holdout_plot(path: Path, networks: Mapping[str, Rendered]) -> None:
    """Recall of rendered people by height and by visible share, with 95 % intervals."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11.0, 4.5), sharey=True)
    for label, result in networks.items():
        _shares(left, label, result.by_height)
        _shares(right, label, result.by_visible)
    left.set(xlabel="height in network pixels, from", ylabel="recall", title="By height (half visible or more)")
    right.set(xlabel="visible share, from", title="By visible share (32 network pixels or more)", ylim=(0.0, 1.02))
    _save(figure, left, path)


def _shares(axes: Any, label: str, shares: Mapping[float, Share]) -> None:  # noqa: ANN401  (matplotlib has no types)
    filled = {low: share.interval for low, share in shares.items() if share.whole}
    middle = np.array([each.value for each in filled.values()])
    below = middle - [each.low for each in filled.values()]
    above = np.array([each.high for each in filled.values()]) - middle
    axes.errorbar([f"{low:g}" for low in filled], middle, yerr=(below, above), marker="o", capsize=3, label=label)


def _save(figure: Any, axes: Any, path: Path) -> None:  # noqa: ANN401  (matplotlib has no types)
    axes.legend(loc="lower right")
    axes.grid(visible=True, alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=_DPI)
    plt.close(figure)
