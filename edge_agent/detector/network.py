"""One ONNX file in ONNX Runtime: the right provider or an error, buffers bound once, its CPU time counted."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from edge_agent.detector.decoders.base import Shape, Tensor
from edge_agent.detector.errors import BundleError, DetectorError, ProviderError

ProviderName = Literal["cpu", "cuda", "tensorrt", "openvino", "coreml"]

PROVIDERS: Final[Mapping[ProviderName, str]] = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
"""ONNX Runtime's names of the providers that a configuration may ask for."""

_CPU: Final = PROVIDERS["cpu"]

_FAILURES: Final[tuple[type[Exception], ...]] = (
    RuntimeError,  # what the binding makes of C++ exceptions
    ValueError,  # wrong provider arguments
    *(kind for kind in vars(ort_errors).values() if isinstance(kind, type) and issubclass(kind, Exception)),
)
"""All that ONNX Runtime raises; its own exceptions have no common base."""

_SILENT: Final = 4  # fatal only: every failure reaches us as an exception as well, warnings are for exporters

_TYPES: Final = {"tensor(float)": "float32", "tensor(uint8)": "uint8"}


class Network:
    """A loaded network whose input and outputs stay in the same memory for every run. Not thread-safe.

    Attributes:
        provider: the provider that runs it, by the name that the configuration uses.
        fell_back: whether that is the CPU instead of the configured one.
        shapes: of the outputs, in order, by name.
        cpu_s: CPU seconds spent in `run` so far. With one thread on the CPU ONNX Runtime works in the caller's
            thread, so that thread's time is exact; else the whole process' time, which counts what other threads do
            meanwhile as well.
    """

    def __init__(
        self,
        content: bytes,
        tensor: NDArray[Any],
        *,
        where: Path,
        provider: ProviderName = "cpu",
        allow_fallback: bool = False,
        threads: int = 1,
    ) -> None:
        """Load the network and try it once on what `tensor` holds.

        Args:
            content: the ONNX file.
            tensor: the input, which the caller fills before each run.
            where: the file, for errors.
            provider: what must run it.
            allow_fallback: whether the CPU will do where `provider` is not available.
            threads: threads of one run.

        Raises:
            BundleError: not ONNX, or its input is not `tensor`'s.
            ProviderError: another provider would run it.
        """
        self._where = where
        self._session = _open(content, where, PROVIDERS[provider], threads, allow_fallback=allow_fallback)
        runs_on = self._session.get_providers()[0]
        self.provider: ProviderName = provider if runs_on == PROVIDERS[provider] else "cpu"
        self.fell_back = runs_on != PROVIDERS[provider]
        self._clock = time.thread_time if threads == 1 and self.provider == "cpu" else time.process_time
        name = _check_input(self._session, tensor, where)
        self._outputs = _probe(self._session, {name: tensor}, where)
        names = [output.name for output in self._session.get_outputs()]
        self.shapes: dict[str, Shape] = {key: out.shape for key, out in zip(names, self._outputs, strict=True)}
        self._binding = self._session.io_binding()
        self._binding.bind_input(name, "cpu", 0, tensor.dtype, tensor.shape, tensor.ctypes.data)
        self._tensor = tensor  # keeps the bound memory alive
        for key, out in zip(names, self._outputs, strict=True):
            self._binding.bind_output(key, "cpu", 0, out.dtype, out.shape, out.ctypes.data)
        self.cpu_s = 0.0

    def run(self, *, count: bool = True) -> list[Tensor]:
        """Run the network on the bound input.

        Args:
            count: whether the time goes into `cpu_s`.

        Returns:
            The outputs in the order of `shapes`; valid until the next run.

        Raises:
            DetectorError: ONNX Runtime failed, such as on a lost device; nothing falls back in silence.
        """
        started = self._clock()
        try:
            self._session.run_with_iobinding(self._binding)
        except _FAILURES as error:
            raise DetectorError(f"{self._where}: ONNX Runtime failed on a picture: {_reason(error)}") from None
        if count:
            self.cpu_s += self._clock() - started
        return self._outputs


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _SILENT
    # Spinning threads burn a core while they wait for the next frame.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Measured with yolox_nano, onnxruntime 1.32, glibc: peak memory of the process 115 MB with the arena and without
    # the pattern, 118 with both, 126 without the arena; the same time per run. Input shapes are fixed, so the
    # arena does not grow.
    options.enable_cpu_mem_arena = True
    options.enable_mem_pattern = False
    return options


def _open(
    content: bytes, where: Path, wanted: str, threads: int, *, allow_fallback: bool
) -> onnxruntime.InferenceSession:
    available = onnxruntime.get_available_providers()
    problem = f"is not in this ONNX Runtime, which has {', '.join(available)}"
    if wanted in available:
        try:
            session = _session(content, threads, wanted)
        except _FAILURES as error:
            if wanted == _CPU:
                raise BundleError(f"{where}: ONNX Runtime cannot load it: {_reason(error)}; use another file") from None
            problem = f"cannot run {where.name}: {_reason(error)}"
        else:
            if session.get_providers()[0] == wanted or allow_fallback:
                return session
            problem = f"did not start for {where.name}; {session.get_providers()[0]} would run instead"
    if not allow_fallback:
        raise ProviderError(
            f"{wanted} {problem}; install what it needs, or set detector.provider = 'cpu' or allow_fallback = true"
        )
    try:
        return _session(content, threads, _CPU)
    except _FAILURES as error:
        raise BundleError(f"{where}: ONNX Runtime cannot load it: {_reason(error)}; use another file") from None


def _session(content: bytes, threads: int, provider: str) -> onnxruntime.InferenceSession:
    providers = [provider] if provider == _CPU else [provider, _CPU]
    # enable_fallback: the Python wrapper would print, retry on the CPU and go on, at the start and at any run.
    return onnxruntime.InferenceSession(content, _options(threads), providers=providers, enable_fallback=0)


def _check_input(session: onnxruntime.InferenceSession, tensor: NDArray[Any], where: Path) -> str:
    """The input's name, if it is the only one and takes `tensor`; sizes that the file leaves open fit anything."""
    inputs = session.get_inputs()
    found = ", ".join(f"{i.name} {'x'.join(map(str, i.shape))} {_TYPES.get(i.type, i.type)}" for i in inputs)
    if len(inputs) == 1:
        shape = inputs[0].shape
        same_shape = len(shape) == tensor.ndim and all(
            not isinstance(have, int) or have == want for have, want in zip(shape, tensor.shape, strict=True)
        )
        if same_shape and _TYPES.get(inputs[0].type) == tensor.dtype.name:
            return str(inputs[0].name)
    expected = f"{'x'.join(map(str, tensor.shape))} {tensor.dtype.name}"
    raise BundleError(
        f"{where}: the card says one input {expected}, the file has {found or 'none'}; correct [input] of the card"
    )


def _probe(session: onnxruntime.InferenceSession, feed: dict[str, NDArray[Any]], where: Path) -> list[Tensor]:
    """Run once, because only a run tells the true shapes, and give arrays to receive the outputs from then on."""
    try:
        outputs = session.run(None, feed)
    except _FAILURES as error:
        raise BundleError(f"{where}: ONNX Runtime cannot run it: {_reason(error)}; use another file") from None
    for output, value in zip(session.get_outputs(), outputs, strict=True):
        if not isinstance(value, np.ndarray) or value.dtype != np.float32:
            raise BundleError(
                f"{where}: output {output.name} is {output.type}, not tensor(float); export it with float outputs"
            )
    return [np.empty_like(value) for value in outputs]


def _reason(error: Exception) -> str:
    """The runtime's own words on one line of bearable length."""
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else f"{text[:200]}…"
