"""The way back from a bundle to a network that can be trained on: what ships is where the next training begins.

An exported file has its batch normalisations folded into the convolutions. They are put back so that the network
answers as the file does, and so that each normalises what its convolution gives for pictures of the training: with
other statistics the first step would scale every layer anew.
"""

from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from training.network import DESIGNS, Conv, Detector

EXPORTED = "network."  # what the names of an exported network begin with


def restored(file: Path, pictures: Tensor) -> Detector:
    """The network of an fp32 file that `training.export` wrote, in training mode.

    Args:
        file: ONNX.
        pictures: (n, 3, h, w) in 0 to 1, of the training that begins.

    Raises:
        ValueError: the file holds another network.
    """
    held = {
        item.name.removeprefix(EXPORTED): torch.from_numpy(onnx.numpy_helper.to_array(item).copy())
        for item in onnx.load(file).graph.initializer
        if item.name.startswith(EXPORTED)
    }
    network = _of_shape(held, file)
    with torch.no_grad():
        for name, module in network.named_modules():
            if isinstance(module, Conv):
                module.conv.weight.copy_(held[f"{name}.conv.weight"])
            elif isinstance(module, nn.Conv2d) and module.bias is not None:  # of a head, the only ones with a bias
                module.weight.copy_(held[f"{name}.weight"])
                module.bias.copy_(held[f"{name}.bias"])
        first = network.stem[0]
        assert isinstance(first, Conv)  # noqa: S101 - as exported
        first.conv.weight *= 255
        biases = {
            name: held[f"{name}.conv.bias"] for name, module in network.named_modules() if isinstance(module, Conv)
        }
        put_back_norms(network, biases, pictures)
    return network.train()


def _of_shape(held: dict[str, Tensor], file: Path) -> Detector:
    """A network whose weights have the file's shapes."""
    last = held.get("heads.0.1.weight", held.get("heads.0.2.weight"))
    classes = last.shape[0] - 4 if last is not None else 0
    for size in DESIGNS if classes > 0 else ():
        network = Detector(size, classes)
        if all(
            f"{name}.conv.weight" in held and held[f"{name}.conv.weight"].shape == module.conv.weight.shape
            for name, module in network.named_modules()
            if isinstance(module, Conv)
        ):
            return network
    raise ValueError(f"{file}: not the fp32 file of a detector that this project trained; name a bundle's fp32.onnx")


def put_back_norms(network: nn.Module, biases: Mapping[str, Tensor], pictures: Tensor) -> None:
    """Layer by layer in the order in which the pictures pass: what a convolution gives decides its normalisation.

    Args:
        network: with the convolutions of the file; it passes the pictures.
        biases: of the file's convolutions, by the name of their module; others are left as they are.
        pictures: of the training that begins.
    """

    def put_back(name: str, module: Conv, given: Tensor) -> None:
        norm = module.norm
        assert isinstance(norm, nn.BatchNorm2d)  # noqa: S101 - as built
        mean, variance = given.mean((0, 2, 3)), given.var((0, 2, 3))
        norm.running_mean, norm.running_var = mean, variance
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(biases[name] + mean)

    hooks = [
        module.conv.register_forward_hook(lambda _, __, given, name=name, of=module: put_back(name, of, given))
        for name, module in network.named_modules()
        if isinstance(module, Conv) and name in biases
    ]
    network.eval()(pictures)
    for hook in hooks:
        hook.remove()
