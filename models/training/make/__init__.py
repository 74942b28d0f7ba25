"""From nothing to bundle: `scripts/make-default-model`, and its last part alone, `python -m training.make.bundle`."""
