"""What a bundle is worth: `scripts/evaluate-model`, and `quick` for use after each round of training."""

from training.evaluation.evaluate import Figures, Places, Quick, quick

__all__ = ["Figures", "Places", "Quick", "quick"]
