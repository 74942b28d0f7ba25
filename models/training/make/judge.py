"""What a finished bundle is worth: everything that its card tells, and the report beside it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_agent.detector.card import Card, Precision
from edge_agent.detector.choice import processor_name
from edge_agent.detector.install import write_durably
from training.evaluation.evaluate import Full, Places, Quick, measure, measure_full, prepare
from training.evaluation.holdout import Holdout, Rendered, rendered
from training.evaluation.networks import Network, networks_of
from training.evaluation.report import as_data, quick_text
from training.evaluation.report_full import full_text
from training.make.measured import measured
from training.make.progress import Say
from training.make.weaknesses import by_light, weaknesses


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is known of the finished files."""

    networks: tuple[Network, ...]
    rendered: dict[str, Rendered]
    quick: Quick | None
    full: Full | None
    holdout: Holdout

    def card(self, plain: Card, shipped: Precision, view: str) -> Card:
        """The card with measurements and weaknesses.

        Args:
            plain: the card without them.
            shipped: the file that devices run by default.
            view: of training.places.views, that the training's pictures have.
        """
        shown = next(network for network in self.networks if network.precision is shipped)
        real = next((each for each in self.quick.own if each.label == shown.label), None) if self.quick else None
        return plain.model_copy(
            update={
                "weaknesses": weaknesses(self.rendered[shown.label], by_light(shown, self.holdout), real, view),
                "measured": measured(
                    {network.label: network.precision for network in self.networks},
                    self.rendered,
                    self.quick,
                    self.full,
                    device=f"{processor_name()}, shared with other work",
                    shown=shipped,
                ),
            }
        )


def evaluate(
    folder: Path, holdout: Holdout, *, places: Places | None, trained_on: Sequence[str], speed_s: float, say: Say
) -> Evaluation:
    """Measure a bundle; on real pictures only where `places` has some.

    Args:
        folder: the bundle.
        holdout: rendered pictures that did not train it.
        places: of the real ones; None: do without.
        trained_on: names of clips that trained it.
        speed_s: how long to measure speed.
        say: told what begins.
    """
    if places is None or not places.indoor.is_dir():
        say("looking at the hold-out (there are no real pictures)")
        networks = tuple(networks_of(folder))
        found = {each.label: rendered(each, holdout, pixels_of=networks[0]) for each in networks}
        return Evaluation(networks, found, None, None, holdout)
    say("looking at real pictures")
    bench = prepare(folder, places=places, trained_on=trained_on)
    quick = measure(bench)
    full = measure_full(bench, holdout, speed_s=speed_s, say=say)
    return Evaluation(bench.own, full.rendered, quick, full, holdout)


def write_report(folder: Path, evaluation: Evaluation, choice: str) -> None:
    """The evaluation's own text and JSON: more than a card holds."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [choice]
    parts += [quick_text(evaluation.quick)] if evaluation.quick else []
    parts += [full_text(evaluation.full)] if evaluation.full else []
    data = {"quick": evaluation.quick, "full": evaluation.full, "rendered": evaluation.rendered, "choice": choice}
    write_durably(folder / "report.txt", ("\n\n".join(parts) + "\n").encode())
    write_durably(folder / "report.json", (json.dumps(as_data(data), indent=2) + "\n").encode())
