"""`python -m training.evaluation`, which `scripts/evaluate-model` calls."""

from training.evaluation.command import main

main()
