"""Fitting pictures into the network's input, and boxes back."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.detector.card import Input, Resize
from edge_agent.detector.preprocess import Preprocessor

_SIZES = st.integers(1, 200)
_PICTURES = st.tuples(_SIZES, _SIZES)


def _picture(height: int, width: int, seed: int = 0) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("color", ["BGR", "RGB"])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
@pytest.mark.parametrize("resize", list(Resize))
@pytest.mark.parametrize("size", [(90, 160), (160, 90), (64, 96), (1, 1), (300, 7)])
def test_the_tensor_is_the_picture_resized_padded_and_normalised(
    layout: str, color: str, dtype: str, resize: Resize, size: tuple[int, int]
) -> None:
    """Every layout, order of colours, type and way of fitting gives what the plain arithmetic gives."""
    mean, std = ((10.0, 20.0, 30.0), (2.0, 4.0, 8.0)) if dtype == "float32" else ((0.0,) * 3, (1.0,) * 3)
    spec = Input.model_validate(
        {
            "width": 96,
            "height": 64,
            "layout": layout,
            "color": color,
            "dtype": dtype,
            "resize": resize,
            "pad": 114,
            "mean": mean,
            "std": std,
        }
    )
    image = _picture(*size)
    preprocess = Preprocessor(spec)
    preprocess(image)

    height, width = size
    ratio = min(96 / width, 64 / height)
    inner = (96, 64) if resize is Resize.STRETCH else (max(1, round(width * ratio)), max(1, round(height * ratio)))
    wanted = np.full((64, 96, 3), 114, dtype=np.float64)
    small = np.asarray(image)
    while small.shape[1] >= 2 * inner[0] and small.shape[0] >= 2 * inner[1]:
        small = np.asarray(cv2.resize(small, (small.shape[1] // 2, small.shape[0] // 2)))
    wanted[: inner[1], : inner[0]] = cv2.resize(small, inner)
    if color == "RGB":
        wanted = wanted[:, :, ::-1]
    wanted = (wanted - mean) / std
    if layout == "NCHW":
        wanted = wanted.transpose(2, 0, 1)
    assert preprocess.tensor.dtype == dtype
    assert preprocess.tensor.shape == (1, *wanted.shape)
    np.testing.assert_allclose(preprocess.tensor[0], wanted, rtol=1e-6, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(size=st.sampled_from([(2160, 3840), (1080, 1920), (960, 1280), (720, 1280), (480, 640)]), data=st.data())
def test_nothing_falls_between_the_pixels(size: tuple[int, int], data: st.DataObject) -> None:
    """However large the camera's picture is, every column and row of it leaves its trace in the tensor."""
    image = np.zeros((*size, 3), dtype=np.uint8)
    image[:, data.draw(st.integers(0, size[1] - 1)), 0] = 255
    image[data.draw(st.integers(0, size[0] - 1)), :, 1] = 255
    preprocess = Preprocessor(Input(width=384, height=224, resize=Resize.LETTERBOX_TOP_LEFT, dtype="uint8"))
    preprocess(image)
    scale = min(384 / size[1], 224 / size[0])
    blue, green, red = preprocess.tensor[0, :, : round(size[0] * scale), : round(size[1] * scale)]
    assert (blue.max(axis=1) > 0).all()
    assert (green.max(axis=0) > 0).all()
    assert not red.any()


@pytest.mark.parametrize("resize", list(Resize))
@settings(max_examples=60, deadline=None)
@given(first=_PICTURES, second=_PICTURES)
def test_a_picture_leaves_nothing_of_the_one_before(
    resize: Resize, first: tuple[int, int], second: tuple[int, int]
) -> None:
    """After a change of the picture's size the tensor is the same as that of a new preprocessor."""
    spec = Input(width=64, height=48, resize=resize)
    used, fresh = Preprocessor(spec), Preprocessor(spec)
    used(_picture(*first, seed=1))
    used(_picture(*second, seed=2))
    fresh(_picture(*second, seed=2))
    np.testing.assert_array_equal(used.tensor, fresh.tensor)


@pytest.mark.parametrize("resize", list(Resize))
@settings(max_examples=100, deadline=None)
@given(size=st.tuples(st.integers(24, 200), st.integers(24, 200)), data=st.data())
def test_what_is_seen_is_where_it_is_drawn(resize: Resize, size: tuple[int, int], data: st.DataObject) -> None:
    """A white rectangle, found by its pixels in the tensor and taken back, is the rectangle again."""
    height, width = size
    x1, y1 = data.draw(st.integers(0, width - 12)), data.draw(st.integers(0, height - 12))
    x2, y2 = data.draw(st.integers(x1 + 12, width)), data.draw(st.integers(y1 + 12, height))
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[y1:y2, x1:x2] = 255
    preprocess = Preprocessor(Input(width=128, height=96, resize=resize, pad=0))
    preprocess(image)
    rows, columns = np.nonzero(preprocess.tensor[0, 0] > 127)
    seen = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], dtype=np.float32)
    x_ratio, y_ratio = width / 128, height / 96
    slack = max(1.0, x_ratio, y_ratio) * (
        1.0 if resize is Resize.STRETCH else max(x_ratio / y_ratio, y_ratio / x_ratio)
    )
    np.testing.assert_allclose(preprocess.to_picture(seen[0]), [x1, y1, x2, y2], atol=slack)


@settings(max_examples=100, deadline=None)
@given(size=_PICTURES, corners=st.tuples(*[st.floats(-1e4, 1e4, width=32)] * 4), resize=st.sampled_from(list(Resize)))
def test_boxes_never_leave_the_picture(
    size: tuple[int, int], corners: tuple[float, float, float, float], resize: Resize
) -> None:
    """Whatever the network says, a box taken back lies within the picture."""
    preprocess = Preprocessor(Input(width=64, height=48, resize=resize))
    preprocess(_picture(*size))
    x1, y1, x2, y2 = preprocess.to_picture(corners)
    assert 0 <= x1 <= size[1]
    assert 0 <= x2 <= size[1]
    assert 0 <= y1 <= size[0]
    assert 0 <= y2 <= size[0]


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), dtype=np.uint8),
        np.zeros((4, 4, 4), dtype=np.uint8),
        np.zeros((4, 4, 3), dtype=np.float32),
        np.zeros((0, 4, 3), dtype=np.uint8),
    ],
)
def test_what_is_no_bgr_picture_is_refused(image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    """A grey, four-channel, float or empty array raises at once, in one line that says its shape."""
    with pytest.raises(ValueError, match=r"height, width, 3") as caught:
        Preprocessor(Input(width=64, height=48, resize=Resize.STRETCH))(image)
    assert str(image.shape) in str(caught.value)
    assert "\n" not in str(caught.value)
