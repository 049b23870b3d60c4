"""Reads the face recognition ResNet from dlib's own serialization.

The format is that of dlib's `serialize()`: an integer is one control byte (low nibble: how many bytes follow, top bit:
sign) and little-endian bytes; a float is a mantissa and an exponent, both such integers; a string is its length and its bytes;
a tensor is version, four sizes and raw little-endian float32. Layers lie in the order in which a picture passes them, each
followed by three flags and three tensors of training state. Source: dlib/serialize.h, dlib/dnn/core.h, dlib/dnn/layers.h.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.errors import DatError

Floats: TypeAlias = NDArray[np.float32]

_MOST = 1 << 24  # floats in one tensor; the real file's largest holds 589,824


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """Mean of each channel, red-green-blue, taken off before dividing by 256, and the side of the picture in pixels."""

    mean: tuple[float, float, float]
    side: int


@dataclass(frozen=True, slots=True, eq=False)
class Conv:
    """weights (out, in, height, width), biases (out,)."""

    weights: Floats
    biases: Floats
    stride: int
    padding: int


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """One gain and one offset a channel."""

    gain: Floats
    offset: Floats


@dataclass(frozen=True, slots=True)
class Pool:
    """`size` 0 pools everything; average unless `largest`."""

    size: int
    stride: int
    largest: bool


@dataclass(frozen=True, slots=True)
class Relu:
    """max(0, x)."""


@dataclass(frozen=True, slots=True)
class AddPrevious:
    """Adds what entered the residual block, the smaller one padded with zeros."""


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """weights (inputs, outputs), no biases."""

    weights: Floats


Layer: TypeAlias = Input | Conv | Affine | Pool | Relu | AddPrevious | Linear


class _Stream:
    def __init__(self, raw: bytes) -> None:
        self._raw = memoryview(raw)
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at == len(self._raw)

    def take(self, count: int) -> memoryview:
        if self._at + count > len(self._raw):
            raise DatError(f"cut short: {count} bytes wanted at {self._at} of {len(self._raw)}")
        piece = self._raw[self._at : self._at + count]
        self._at += count
        return piece

    def integer(self) -> int:
        control = self.take(1)[0]
        size = control & 0x0F
        if not 1 <= size <= 8 or control & 0x70:
            raise DatError(f"no integer at {self._at - 1}: control byte {control:#04x}")
        value = int.from_bytes(self.take(size), "little")
        return -value if control & 0x80 else value

    def expect(self, *wanted: int) -> int:
        found = self.integer()
        if found not in wanted:
            raise DatError(f"{found} at {self._at}, expected {' or '.join(map(str, wanted))}: not the known network")
        return found

    def number(self) -> float:
        mantissa, exponent = self.integer(), self.integer()
        if abs(exponent) > 1000:
            raise DatError(f"exponent {exponent} at {self._at} is not a number's")
        return float(mantissa) * 2.0**exponent

    def text(self) -> str:
        length = self.integer()
        if not 0 < length <= 64:
            raise DatError(f"name of {length} bytes at {self._at}: not the known network")
        return bytes(self.take(length)).decode("ascii", "replace")

    def flags(self, count: int) -> None:
        if any(flag not in b"01" for flag in self.take(count)):
            raise DatError(f"no flags at {self._at - count}")

    def shape(self) -> tuple[int, int, int, int]:
        sizes = (self.integer(), self.integer(), self.integer(), self.integer())
        if min(sizes) < 0 or max(sizes) > _MOST or int(np.prod(sizes, dtype=object)) > _MOST:
            raise DatError(f"tensor of {sizes} at {self._at}: not the known network")
        return sizes

    def tensor(self) -> Floats:
        self.expect(2)
        count = int(np.prod(self.shape()))
        values = np.frombuffer(self.take(4 * count), dtype="<f4").astype(np.float32)
        if not np.isfinite(values).all():
            raise DatError(f"a weight before {self._at} is not a finite number")
        return values

    def part(self) -> tuple[int, int, int, int]:
        """Shape of a part of a parameter tensor (dlib's alias_tensor)."""
        self.expect(1)
        return self.shape()


def _split(stream: _Stream, parameters: Floats) -> tuple[Floats, Floats]:
    first, second = stream.part(), stream.part()
    cut = int(np.prod(first))
    if cut + int(np.prod(second)) != parameters.size:
        raise DatError(f"{parameters.size} parameters do not fill {first} and {second}")
    return parameters[:cut].reshape(first), parameters[cut:]


def _conv(stream: _Stream) -> Conv:
    parameters = stream.tensor()
    filters, rows, columns, stride, stride_x, padding, padding_x = (stream.integer() for _ in range(7))
    weights, biases = _split(stream, parameters)
    for _ in range(4):  # learning rates and weight decay
        stream.number()
    square = rows == columns and stride == stride_x and padding == padding_x and stride > 0 and padding >= 0
    if not square or weights.shape[0] != filters or weights.shape[2:] != (rows, columns) or biases.size != filters:
        raise DatError(f"convolution of {filters} filters {rows}x{columns} does not fit its weights {weights.shape}")
    return Conv(weights, biases, stride, padding)


def _affine(stream: _Stream) -> Affine:
    gain, offset = _split(stream, stream.tensor())
    stream.expect(0)  # per channel, as trained before a convolution
    if gain.size != offset.size:
        raise DatError(f"affine layer of {gain.size} gains and {offset.size} offsets")
    return Affine(gain.reshape(-1), offset)


def _pool(stream: _Stream, *, largest: bool) -> Pool:
    rows, columns, stride, stride_x, padding, padding_x = (stream.integer() for _ in range(6))
    if rows != columns or stride != stride_x or padding or padding_x or rows < 0 or stride < 1:
        raise DatError(f"pool of {rows}x{columns} by {stride}x{stride_x} is not of the known network")
    return Pool(rows, stride, largest)


def _linear(stream: _Stream) -> Linear:
    outputs, inputs = stream.integer(), stream.integer()
    parameters = stream.tensor()
    weights, _ = _split(stream, parameters)
    stream.expect(1)  # without biases
    for _ in range(4):
        stream.number()
    if weights.shape != (inputs, outputs, 1, 1) or parameters.size != inputs * outputs:
        raise DatError(f"linear layer {weights.shape} is not {inputs}x{outputs}")
    return Linear(weights.reshape(inputs, outputs))


_READERS: dict[str, Callable[[_Stream], Layer]] = {
    "con_4": _conv,
    "affine_": _affine,
    "max_pool_2": partial(_pool, largest=True),
    "avg_pool_2": partial(_pool, largest=False),
    "relu_": lambda _: Relu(),
    "add_prev_": lambda _: AddPrevious(),
    "fc_2": _linear,
}


def _layer(stream: _Stream) -> Layer:
    name = stream.text()
    if name not in _READERS:
        raise DatError(f"layer {name!r} is not of the known network")
    return _READERS[name](stream)


def _head(stream: _Stream) -> Input:
    """The loss, then one version number for each layer from the last to the first, then what the picture goes through."""
    stream.expect(1)
    if stream.text() != "loss_metric_2":
        raise DatError("not a network trained by metric loss")
    stream.number()
    stream.number()
    while stream.expect(1, 2, 3) != 3:  # 3: the first layer, the input right below it
        pass
    if stream.text() != "input_rgb_image_sized":
        raise DatError("not a network of RGB pictures")
    red, green, blue = stream.number(), stream.number(), stream.number()
    side = stream.expect(150)
    stream.expect(side)
    return Input((red, green, blue), side)


def read(raw: bytes) -> list[Layer]:
    """The layers in the order a picture passes them. Raises `DatError` for anything but a whole, well-formed file."""
    stream = _Stream(raw)
    layers: list[Layer] = [_head(stream)]
    while not stream.at_end:
        layers.append(_layer(stream))
        stream.flags(3)
        for _ in range(3):  # gradients and outputs of the training
            stream.tensor()
        if len(layers) == 2:
            stream.expect(1)  # pictures a sample expands to
    if not isinstance(layers[-1], Linear):
        raise DatError(f"ends after {len(layers)} layers without the linear one")
    return layers
