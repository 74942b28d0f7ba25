"""How to read each family's outputs: one small file per family, chosen by the card."""

from collections.abc import Mapping
from typing import assert_never

from edge_agent.detector import card
from edge_agent.detector.decoders.base import Decoder, Needs, Outputs, Shape
from edge_agent.detector.decoders.fastestdet import FastestdetReader
from edge_agent.detector.decoders.fcos import FcosReader
from edge_agent.detector.decoders.nanodet import NanodetReader
from edge_agent.detector.decoders.yolox import YoloxReader
from edge_agent.detector.decoders.yunet import YunetReader


def make_decoder(spec: card.Decoder, needs: Needs, shapes: Mapping[str, Shape]) -> Decoder:
    """The decoder of the card, laid out for a network.

    Args:
        spec: the card's [decoder].
        needs: the network's input and classes.
        shapes: the network's outputs in order.

    Raises:
        BundleError: the outputs are not those of this family; the line says what was expected and found.
    """
    outputs = Outputs(shapes, spec.name, needs)
    match spec:
        case card.YoloxDecoder():
            return YoloxReader(spec, needs, outputs)
        case card.NanodetDecoder():
            return NanodetReader(spec, needs, outputs)
        case card.FastestdetDecoder():
            return FastestdetReader(needs, outputs)
        case card.YunetDecoder():
            return YunetReader(spec, needs, outputs)
        case card.FcosDecoder():
            return FcosReader(spec, needs, outputs)
        case _:
            assert_never(spec)
