"""What a face-attribute model is bad at, in sentences for people who do not read tables."""

from collections.abc import Iterator, Mapping
from typing import Final

from training.attributes.measure import GROUPS_AT, Share, Worth

BEHIND: Final = 0.06  # share by which a group may be read worse than all before a sentence says so
POOR: Final = 0.9  # share of unreadable pictures of a kind below which a sentence says so

_WHY: Final = {
    ("age band", "under_20"): "the sex of children shows little in their faces",
    ("age band", "60_over"): "few of the pictures show old people, and their faces differ less by sex",
}


def weaknesses(worth: Worth) -> Iterator[str]:
    """Sentences, each about something that was measured or that no measure covers."""
    whole, small = worth.sizes[64], worth.sizes[16]
    yield (
        f"It errs on the sex of {1 - whole.sex:.1%} of adults in faces of 64 px and of {1 - small.sex:.1%} in faces of "
        "16 px: a single reading says little about a person, and only shares corrected for these errors mean something."
    )
    yield (
        f"It tells the age band of {whole.age:.0%} right and of {whole.age_near:.0%} right or next to it: bands of ten "
        "years are finer than faces are."
    )
    for side in GROUPS_AT:
        yield from _behind(worth.groups[side], worth.sizes[side].sex, side)
    poor = [f"{kind} {share.value:.0%}" for kind, share in worth.unreadable.items() if share.value < POOR]
    if poor:
        yield f"Of some pictures of nothing to read it calls too few unreadable: {', '.join(poor)}."
    dim = worth.cameras[24]
    yield (
        f"Blurred, dim, off-centre and strongly coded faces of 24 px are read worse: sex {dim.sex:.1%} of adults, age "
        f"band {dim.age:.0%}."
    )
    yield "It reads how somebody appears, as strangers labelled it from photographs; it knows two sexes only."
    yield "Its faces come from photographs of the web, cut around a face; no shop's camera took any of them."
    yield "Heads from behind, with hats and hoods, were rendered; real ones may be taken for faces more often."
    yield "Masks, niqabs, helmets and face paint are rare in its pictures."
    yield "It reads a picture of a face on a poster or a screen as a face."


def _behind(groups: Mapping[tuple[str, str], Share], mean: float, side: int) -> Iterator[str]:
    for (attribute, group), share in groups.items():
        if share.of and share.value < mean - BEHIND:
            why = _WHY.get((attribute, group), "nobody knows why; more of their pictures would help")
            yield (
                f"In faces of {side} px it tells the sex of {attribute} '{group}' in {share.value:.1%} right, of all "
                f"adults in {mean:.1%}: {why}."
            )
