"""Writes dlib's face recognition ResNet as ONNX.

The graph takes chips as OpenCV has them, (n, 150, 150, 3) uint8 blue-green-red, so that nothing is converted outside of it.
Affine layers are folded into the convolution before them; taking off the mean and dividing by 256 is folded into the first
convolution, which dlib does not pad, so the folding is exact. Every sum is correctly rounded (`math.fsum`) and everything else
elementwise: the same source gives the same bytes on every machine, and the manifest can name their hash.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.dlib_dat import AddPrevious, Affine, Conv, Floats, Input, Layer, Linear, Pool, Relu
from models.errors import DatError

_OPSET = 13
_IR = 8


@dataclass(slots=True)
class _Graph:
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def node(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, values: np.ndarray[Any, Any]) -> str:
        name = f"c_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


@dataclass(frozen=True, slots=True)
class _Flow:
    """Where the picture is: the tensor's name, its channels and its side in pixels."""

    name: str
    channels: int
    side: int


def _folded(conv: Conv, affine: Affine) -> tuple[Floats, Floats]:
    weights = conv.weights * affine.gain[:, None, None, None]
    return weights, conv.biases * affine.gain + affine.offset


def _absorb_input(weights: Floats, biases: Floats, source: Input) -> tuple[Floats, Floats]:
    """W * ((x - mean) / 256) + b as w' * x + b', with the channels turned round to blue-green-red."""
    means = np.asarray(source.mean, dtype=np.float64)[None, :, None, None]
    products = weights.astype(np.float64) * means
    offsets = [math.fsum(products[row].ravel()) / 256.0 for row in range(weights.shape[0])]
    shifted = biases.astype(np.float64) - np.asarray(offsets)
    return weights[:, ::-1] / np.float32(256), shifted.astype(np.float32)


def _convolve(graph: _Graph, flow: _Flow, conv: Conv, weights: Floats, biases: Floats) -> _Flow:
    if weights.shape[1] != flow.channels:
        raise DatError(f"convolution of {weights.shape[1]} channels after a layer of {flow.channels}")
    inputs = [flow.name, graph.constant(weights), graph.constant(biases)]
    name = graph.node("Conv", inputs, strides=[conv.stride] * 2, pads=[conv.padding] * 4)
    return _Flow(name, weights.shape[0], (flow.side + 2 * conv.padding - weights.shape[2]) // conv.stride + 1)


def _pool(graph: _Graph, flow: _Flow, pool: Pool) -> _Flow:
    if pool.size == 0:
        return _Flow(graph.node("GlobalAveragePool", [flow.name]), flow.channels, 1)
    kind = "MaxPool" if pool.largest else "AveragePool"
    name = graph.node(kind, [flow.name], kernel_shape=[pool.size] * 2, strides=[pool.stride] * 2)
    return _Flow(name, flow.channels, (flow.side - pool.size) // pool.stride + 1)


def _pad(graph: _Graph, flow: _Flow, channels: int, side: int) -> str:
    if (flow.channels, flow.side) == (channels, side):
        return flow.name
    after = side - flow.side
    pads = np.array([0, 0, 0, 0, 0, channels - flow.channels, after, after], dtype=np.int64)
    return graph.node("Pad", [flow.name, graph.constant(pads)])


def _add(graph: _Graph, branch: _Flow, straight: _Flow) -> _Flow:
    channels, side = max(branch.channels, straight.channels), max(branch.side, straight.side)
    inputs = [_pad(graph, branch, channels, side), _pad(graph, straight, channels, side)]
    return _Flow(graph.node("Add", inputs), channels, side)


def _linear(graph: _Graph, flow: _Flow, linear: Linear) -> None:
    if linear.weights.shape[0] != flow.channels * flow.side**2:
        raise DatError(f"linear layer of {linear.weights.shape[0]} inputs after {flow.channels} channels")
    graph.node("MatMul", [graph.node("Flatten", [flow.name]), graph.constant(linear.weights)])


class _Walk:
    """Lays one node after the other. A residual block begins where the last one's sum, or the first pool, was rectified."""

    def __init__(self, graph: _Graph, source: Input) -> None:
        self._graph = graph
        self._source = source
        cast = graph.node("Cast", ["chips"], to=TensorProto.FLOAT)
        self._flow = _Flow(graph.node("Transpose", [cast], perm=[0, 3, 1, 2]), 3, source.side)
        self._block = self._shortcut = self._flow
        self._waiting: Conv | None = None  # for the affine layer that is folded into it
        self._summed = False

    def step(self, layer: Layer) -> None:
        match layer:
            case Conv() if self._waiting is None:
                self._waiting = layer
            case Affine() if self._waiting is not None:
                self._convolve(self._waiting, layer)
            case Relu():
                self._rectify()
            case Pool(size=2, largest=False):  # of the shortcut: the branch has its own stride
                self._shortcut = _pool(self._graph, self._block, layer)
            case Pool():
                self._begin(_pool(self._graph, self._flow, layer))
            case AddPrevious():
                self._flow, self._summed = _add(self._graph, self._flow, self._shortcut), True
            case _:
                raise DatError(f"a {type(layer).__name__} layer where none belongs")

    def finish(self, linear: Linear) -> None:
        _linear(self._graph, self._flow, linear)

    def _begin(self, flow: _Flow) -> None:
        self._flow = self._block = self._shortcut = flow

    def _convolve(self, conv: Conv, affine: Affine) -> None:
        weights, biases = _folded(conv, affine)
        if self._flow.channels == 3:
            weights, biases = _absorb_input(weights, biases, self._source)
        self._flow, self._waiting = _convolve(self._graph, self._flow, conv, weights, biases), None

    def _rectify(self) -> None:
        self._flow = replace(self._flow, name=self._graph.node("Relu", [self._flow.name]))
        if self._summed:
            self._begin(self._flow)
            self._summed = False


def write(layers: Sequence[Layer]) -> bytes:
    """The network as ONNX: `chips` (n, 150, 150, 3) uint8 BGR to `vectors` (n, 128) float32, not yet of length 1."""
    source, last = layers[0], layers[-1]
    if not isinstance(source, Input) or not isinstance(last, Linear):
        raise DatError("the network must begin with its input and end with its linear layer")
    graph = _Graph()
    walk = _Walk(graph, source)
    for layer in layers[1:-1]:
        walk.step(layer)
    walk.finish(last)
    graph.nodes[-1].output[0] = "vectors"
    side = source.side
    made = helper.make_graph(
        graph.nodes,
        "dlib-resnet",
        [helper.make_tensor_value_info("chips", TensorProto.UINT8, ["n", side, side, 3])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", 128])],
        initializer=graph.constants,
    )
    opsets = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(made, producer_name="siperlu", opset_imports=opsets, ir_version=_IR)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))
