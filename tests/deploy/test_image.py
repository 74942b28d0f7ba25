"""Dockerfile.arm64: what its text promises, and, as a long test, the image built for real and tried."""

import os
import re
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]


def instructions() -> list[tuple[str, str]]:
    """(instruction, arguments) of Dockerfile.arm64, in order, continued lines joined."""
    text = (REPO / "Dockerfile.arm64").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.split(None, 1) for line in text.splitlines() if line.strip()]
    return [(first.upper(), rest) for first, rest in lines]


def test_the_base_image_is_the_builders_choice() -> None:
    """Every stage stands on the build argument BASE, so that no registry is needed."""
    stages = [rest for word, rest in instructions() if word == "FROM"]
    assert len(stages) > 1
    assert all(stage.startswith("${BASE}") for stage in stages)


def test_only_what_is_named_gets_into_the_image() -> None:
    """The build sees nothing by default, and each COPY names a file or folder that exists."""
    ignore = (REPO / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert next(line for line in ignore if not line.startswith("#")) == "*"
    for word, rest in instructions():
        assert word != "ADD"
        if word == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (REPO / source).resolve().relative_to(REPO).parts, f"COPY {source} takes the whole checkout"
                assert (REPO / source).exists(), source
                assert any(f"!{source}".startswith(line) for line in ignore if line.startswith("!")), source


def test_the_agent_is_not_root_in_the_image() -> None:
    """The last user of the final stage is a number other than root's, which Kubernetes can check."""
    words = instructions()
    final = words[max(i for i, (word, _) in enumerate(words) if word == "FROM") :]
    users = [rest for word, rest in final if word == "USER"]
    assert users
    assert int(users[-1].partition(":")[0]) > 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.skipif(os.geteuid() != 0, reason="building the image needs root, for chroot and binfmt_misc")
def test_the_image_builds_and_counts_under_emulation(shared: Path) -> None:
    """scripts/build-arm64 makes an image of at most 350 MB whose replay of a real clip counts as this machine does."""
    assert (shared / "clips").is_dir()
    done = subprocess.run(["scripts/build-arm64"], cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "replay on arm64" in done.stdout
