"""A checkpoint as an ONNX file: uint8 in, raw levels out, normalisations folded into the convolutions.

`python -m training.export CHECKPOINT FILE.onnx`
"""

import argparse
import copy
import warnings
from pathlib import Path
from typing import Final, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from training.network import HEIGHT, WIDTH, Conv, Detector
from training.runs import read_checkpoint

OPSET: Final = 17
INPUT: Final = "pictures"
OUTPUTS: Final = ("p8", "p16", "p32")

AnyNetwork = TypeVar("AnyNetwork", bound=nn.Module)


class Exported(nn.Module):
    """A detector for pictures as they are: (n, 3, h, w) uint8 BGR. The division by 255 is in the first weights."""

    def __init__(self, network: Detector) -> None:
        super().__init__()
        self.network = folded(network)
        first = self.network.stem[0]
        if not isinstance(first, Conv):
            raise TypeError("the network does not begin with a convolution")
        with torch.no_grad():
            first.conv.weight /= 255

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Pictures → the levels of `Detector`."""
        return tuple(self.network(pictures.float()))


def folded(network: AnyNetwork) -> AnyNetwork:
    """A copy without batch normalisation: each is part of the convolution before it."""
    network = copy.deepcopy(network).eval()
    for module in network.modules():
        if isinstance(module, Conv) and isinstance(module.norm, nn.BatchNorm2d):
            module.conv = fuse_conv_bn_eval(module.conv, module.norm)
            module.norm = nn.Identity()
    return network


def network_of(checkpoint: Path) -> Detector:
    """The averaged network of a checkpoint."""
    content = read_checkpoint(checkpoint)
    network = Detector(content["size"], content["classes"])
    network.load_state_dict(content["ema"])
    return network


def export(network: Detector, path: Path) -> None:
    """Write the fp32 file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    example = torch.zeros(1, 3, HEIGHT, WIDTH, dtype=torch.uint8)
    part = path.with_suffix(".part")
    with warnings.catch_warnings():
        # The older exporter, which torch advises against: the int8 form is made from its graph.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            Exported(network),
            (example,),
            str(part),
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            dynamo=False,
        )
    part.replace(path)


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="training.export", description="Write a checkpoint as an fp32 ONNX file.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("file", type=Path)
    values = parser.parse_args(arguments)
    export(network_of(values.checkpoint), values.file)


if __name__ == "__main__":
    main()
