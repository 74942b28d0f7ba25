"""The way back from a bundle's fp32 file to a reader that can be trained on, and that may have more blocks than it had.

A block that the file lacks begins by correcting nothing (zero-initialised residual branches, Goyal et al. 2017): the
larger network answers at first as the file does. The file's names are short, so layers are known by their order.
"""

from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from training.attributes.network import Reader
from training.network import Conv, Residual
from training.warm import put_back_norms

_Layers = list[tuple[Tensor, Tensor]]  # weight and bias of each


def grown_from(file: Path, size: str, pictures: Tensor) -> Reader:
    """A reader of `size` with the weights of an fp32 file that `training.attributes.export` wrote, in training mode.

    Args:
        file: ONNX. Its temperatures are in its heads, and stay there.
        size: of the network: the file's, or one that only adds blocks at the ends of stages.
        pictures: (n, 3, 64, 64) in 0 to 1, of the training that begins.

    Raises:
        ValueError: the file holds another network.
    """
    convolutions, heads = _held(file)
    network, biases = Reader(size), dict[str, Tensor]()
    with torch.no_grad():
        for place, module in enumerate(network.trunk):
            for name, conv in _known(module, convolutions):
                weight, biases[f"trunk.{place}{name}"] = convolutions.pop(0)
                conv.conv.weight.copy_(weight)
        first = network.trunk[0]
        assert isinstance(first, Conv)  # noqa: S101 - as built
        first.conv.weight *= 255
        linear = (network.sex, network.age, network.readable)
        if convolutions or [tuple(weight.shape) for weight, _ in heads] != [
            tuple(head.weight.shape) for head in linear
        ]:
            raise ValueError(f"{file}: not the fp32 file of a reader of size {size}; name a bundle's fp32.onnx")
        for head, (weight, bias) in zip(linear, heads, strict=True):
            head.weight.copy_(weight)
            head.bias.copy_(bias)
        put_back_norms(network, biases, pictures)
    return network.train()


def _known(module: nn.Module, convolutions: _Layers) -> list[tuple[str, Conv]]:
    """The convolutions of a stage or block that the file holds next; a block that it lacks is made to do nothing."""
    ours = [("", module)] if isinstance(module, Conv) else []
    if isinstance(module, Residual):
        ours = [(".first", module.first), (".second", module.second)]
    held = [weight.shape for weight, _ in convolutions[: len(ours)]]
    if held == [conv.conv.weight.shape for _, conv in ours]:
        return ours
    if isinstance(module, Residual) and isinstance(module.second.norm, nn.BatchNorm2d):
        module.second.norm.weight.zero_()
    return []


def _held(file: Path) -> tuple[_Layers, _Layers]:
    """The file's convolutions and its heads (sex, age, readable), each in the order in which they work."""
    graph = onnx.load(file).graph
    values = {
        item.name: torch.from_numpy(onnx.numpy_helper.to_array(item).astype("float32")) for item in graph.initializer
    }
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in values:  # kept in 16 bits
            values[node.output[0]] = values[node.input[0]]

    def of(kind: str) -> _Layers:
        return [
            (values[node.input[1]], values[node.input[2]])
            for node in graph.node
            if node.op_type == kind and len(node.input) == 3 and node.input[1] in values and node.input[2] in values
        ]

    return of("Conv"), of("Gemm")
