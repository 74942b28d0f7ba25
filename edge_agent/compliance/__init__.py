"""The compliance kit: documents from the real configuration, and the half-yearly self-check with its signed report."""
