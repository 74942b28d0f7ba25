"""The command line as its user's shell meets it: output that cannot be written, output that nobody reads any more."""

import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")  # every write to it fails with "No space left on device"


@pytest.mark.skipif(not FULL.exists(), reason="needs Linux's /dev/full")
def test_output_that_cannot_be_written_is_one_line() -> None:
    """A full disk under `> schema.json` is told in one line, with exit status 1 and without a traceback."""
    with FULL.open("w", encoding="utf-8") as full:
        command = [sys.executable, "-m", "edge_agent", "check", "--schema"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "the output cannot be written: No space left on device\n")


def test_a_reader_that_leaves_is_no_error_message() -> None:
    """`edge-agent … | head` prints nothing on standard error when `head` has enough."""
    command = [sys.executable, "-m", "edge_agent", "check", "--schema"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert child.stderr.read() == b""
