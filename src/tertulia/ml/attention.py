"""One layer of attention over a sequence, forward and backward, in plain numpy.

Each position looks at itself and at the few before it; how far back something lies counts, where in
the whole it lies does not. So a layer gives the same answer for the end of a long sequence and
for a piece cut from it that is long enough.

Shapes: B sequences of T positions, d numbers each, H heads of d / H numbers; `reach`
positions are seen.
Source: Vaswani et al. 2017; relative keys of Shaw et al. 2018; Vlasov et al. 2019 for dialogues.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from tertulia.ml.adam import Bundle
from tertulia.ml.softmax import softmax
from tertulia.ml.sparse import FloatArray, IntArray

BoolArray = NDArray[np.bool_]
Thin = Callable[[tuple[int, ...]], FloatArray]
"""Returns a mask of a shape that drops some numbers and scales the others: dropout."""

_TINY = np.float32(1e-5)
_NEVER = np.float32(-1e9)


class Layer(NamedTuple):
    """Which layer of a network. number: prefix of its arrays. reach: positions it sees."""

    number: int
    heads: int
    reach: int

    def shapes(self, size: int, inner: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of its arrays. size: d. inner: width of its feed-forward part."""
        found = {
            "before": (2, size), "qkv": (size, 3 * size), "back": (self.reach, size),
            "join": (size, size), "middle": (2, size), "in": (size, inner), "in_bias": (inner,),
            "out": (inner, size),
        }  # fmt: skip
        return {self.name(part): shape for part, shape in found.items()}

    def name(self, part: str) -> str:
        """Return the name of one of its arrays."""
        return f"{part}{self.number}"


class Norm(NamedTuple):
    """What the backward pass of a normalisation needs."""

    scaled: FloatArray
    spread: FloatArray


class Trace(NamedTuple):
    """What the backward pass of a layer needs; see `forward`."""

    first: Norm
    first_out: FloatArray
    queries: FloatArray
    keys: FloatArray
    values: FloatArray
    weights: FloatArray
    weights_mask: FloatArray | None
    seen: FloatArray
    join_mask: FloatArray | None
    second: Norm
    second_out: FloatArray
    hidden: FloatArray
    out_mask: FloatArray | None


@lru_cache(maxsize=512)
def _distances(length: int, last: int, reach: int) -> tuple[IntArray, BoolArray]:
    """Return for the last positions as rows and all as columns how far back, and what is seen."""
    rows = np.arange(length - last, length)[:, None]
    back = rows - np.arange(length)[None, :]
    seen = (back >= 0) & (back < reach)
    return np.where(seen, back, 0), seen


@lru_cache(maxsize=512)
def _sources(length: int, reach: int) -> tuple[IntArray, BoolArray]:
    """Return for positions as rows and distances as columns the position there, if there is."""
    source = np.arange(length)[:, None] - np.arange(reach)[None, :]
    return np.maximum(source, 0), source >= 0


def normalise(x: FloatArray, scale: FloatArray) -> tuple[FloatArray, Norm]:
    """Return x with mean 0 and spread 1 at each position, scaled and shifted. scale: (2, d)."""
    centred = x - x.mean(-1, keepdims=True)
    spread: FloatArray = np.reciprocal(np.sqrt((centred * centred).mean(-1, keepdims=True) + _TINY))
    scaled: FloatArray = centred * spread
    return scaled * scale[0] + scale[1], Norm(scaled, spread)


def normalise_back(
    error: FloatArray, scale: FloatArray, norm: Norm
) -> tuple[FloatArray, FloatArray]:
    """Return the gradients of x and of the scale."""
    own = np.stack([flat(error * norm.scaled).sum(0), flat(error).sum(0)])
    inner = error * scale[0]
    mean = inner.mean(-1, keepdims=True)
    along = norm.scaled * (inner * norm.scaled).mean(-1, keepdims=True)
    return (inner - mean - along) * norm.spread, own


def flat(x: FloatArray) -> FloatArray:
    """Return (all positions, last axis)."""
    return x.reshape(-1, x.shape[-1])


def _heads(x: FloatArray, heads: int) -> FloatArray:
    """Return (B, T, d) as (B, H, T, d / H)."""
    batch, length, size = x.shape
    return x.reshape(batch, length, heads, size // heads).transpose(0, 2, 1, 3)


def _joined(x: FloatArray) -> FloatArray:
    """Return (B, H, T, d / H) as (B, T, d)."""
    batch, heads, length, part = x.shape
    return x.transpose(0, 2, 1, 3).reshape(batch, length, heads * part)


def _relative(layer: Layer, weights: Bundle) -> FloatArray:
    """Return the keys of distances: (H, d / H, reach)."""
    back = weights[layer.name("back")]
    return back.reshape(layer.reach, layer.heads, -1).transpose(1, 2, 0)


def _attend(queries: FloatArray, keys: FloatArray, relative: FloatArray, reach: int) -> FloatArray:
    """Return (B, H, last, T) how much each of the last positions looks at each."""
    back, seen = _distances(keys.shape[2], queries.shape[2], reach)
    scores = queries @ keys.swapaxes(-1, -2)
    rows = np.arange(queries.shape[2], dtype=np.int64)[:, None]
    scores += (queries @ relative)[:, :, rows, back]
    scores *= np.float32(queries.shape[-1] ** -0.5)
    return softmax(np.where(seen, scores, _NEVER))


def _thinned(x: FloatArray, mask: FloatArray | None) -> FloatArray:
    return x if mask is None else x * mask


def _hidden(x: FloatArray, layer: Layer, weights: Bundle) -> FloatArray:
    inner = x @ weights[layer.name("in")] + weights[layer.name("in_bias")]
    return np.maximum(inner, 0)


class Glance(NamedTuple):
    """What a layer saw from its last positions; enough to tell what decided.

    inputs: (B, T, d). weights: (B, H, last, T). middle, hidden, outputs: at the last positions.
    """

    inputs: Norm
    weights: FloatArray
    middle: Norm
    hidden: FloatArray
    outputs: FloatArray


def glance(x: FloatArray, layer: Layer, weights: Bundle, last: int) -> Glance:
    """Return what the layer makes of the last positions of (B, T, d) inputs."""
    first, first_norm = normalise(x, weights[layer.name("before")])
    size = x.shape[-1]
    mixed = weights[layer.name("qkv")]
    queries = _heads(first[:, -last:] @ mixed[:, :size], layer.heads)
    pair = first @ mixed[:, size:]
    keys, values = _heads(pair[..., :size], layer.heads), _heads(pair[..., size:], layer.heads)
    looks = _attend(queries, keys, _relative(layer, weights), layer.reach)
    middle = x[:, -last:] + cast(FloatArray, _joined(looks @ values) @ weights[layer.name("join")])
    second, second_norm = normalise(middle, weights[layer.name("middle")])
    hidden = _hidden(second, layer, weights)
    outputs = middle + cast(FloatArray, hidden @ weights[layer.name("out")])
    return Glance(first_norm, looks, second_norm, hidden, outputs)


def slopes_of(error: FloatArray, layer: Layer, weights: Bundle, seen: Glance) -> FloatArray:
    """Return (T, d): how much the last output moves along `error` (d,) with each input.

    How much is looked at each input is taken as fixed. For the first of B sequences.
    """
    hidden = (weights[layer.name("out")] @ error) * (seen.hidden[0, -1] > 0)
    middle = error + _slope(
        weights[layer.name("in")] @ hidden, weights[layer.name("middle")], seen.middle, -1
    )
    size = len(error)
    heard = (weights[layer.name("join")] @ middle).reshape(layer.heads, -1)
    values = weights[layer.name("qkv")][:, 2 * size :].reshape(size, layer.heads, -1)
    per_head = np.einsum("dhp,hp->hd", values, heard)
    slopes = _slope(
        seen.weights[0, :, -1].T @ per_head, weights[layer.name("before")], seen.inputs, slice(None)
    )
    slopes[-1] += middle
    return slopes


def _slope(error: FloatArray, scale: FloatArray, norm: Norm, place: int | slice) -> FloatArray:
    """Return the gradient of what was normalised at these positions of the first sequence."""
    inner = error * scale[0]
    scaled, spread = norm.scaled[0, place], norm.spread[0, place]
    along = scaled * (inner * scaled).mean(-1, keepdims=True)
    return (inner - inner.mean(-1, keepdims=True) - along) * spread


def forward(
    x: FloatArray, layer: Layer, weights: Bundle, thin: Thin | None
) -> tuple[FloatArray, Trace]:
    """Return (B, T, d) outputs for (B, T, d) inputs, and what `backward` needs."""
    first, first_norm = normalise(x, weights[layer.name("before")])
    parts = np.split(first @ weights[layer.name("qkv")], 3, axis=-1)
    queries, keys, values = (_heads(part, layer.heads) for part in parts)
    looks = _attend(queries, keys, _relative(layer, weights), layer.reach)
    looks_mask = thin(looks.shape) if thin else None
    seen = _joined(_thinned(looks, looks_mask) @ values)
    joined = seen @ weights[layer.name("join")]
    join_mask = thin(joined.shape) if thin else None
    middle: FloatArray = x + _thinned(joined, join_mask)
    second, second_norm = normalise(middle, weights[layer.name("middle")])
    hidden = _hidden(second, layer, weights)
    out = hidden @ weights[layer.name("out")]
    out_mask = thin(out.shape) if thin else None
    return middle + _thinned(out, out_mask), Trace(
        first_norm, first, queries, keys, values, looks, looks_mask, seen, join_mask,
        second_norm, second, hidden, out_mask,
    )  # fmt: skip


def backward(
    error: FloatArray, layer: Layer, weights: Bundle, gradients: Bundle, trace: Trace
) -> FloatArray:
    """Write the layer's gradients; return that of its inputs. error: (B, T, d), of its outputs."""
    error = error + _feed_back(error, layer, weights, gradients, trace)
    joined = _thinned(error, trace.join_mask)
    gradients.put(layer.name("join"), flat(trace.seen).T @ flat(joined))
    seen = _heads(joined @ weights[layer.name("join")].T, layer.heads)
    mixed = _attend_back(seen, layer, weights, gradients, trace)
    gradients.put(layer.name("qkv"), flat(trace.first_out).T @ flat(mixed))
    inner, own = normalise_back(
        mixed @ weights[layer.name("qkv")].T, weights[layer.name("before")], trace.first
    )
    gradients.put(layer.name("before"), own)
    return error + inner


def _feed_back(
    error: FloatArray, layer: Layer, weights: Bundle, gradients: Bundle, trace: Trace
) -> FloatArray:
    out = _thinned(error, trace.out_mask)
    gradients.put(layer.name("out"), flat(trace.hidden).T @ flat(out))
    hidden: FloatArray = (out @ weights[layer.name("out")].T) * (trace.hidden > 0)
    gradients.put(layer.name("in"), flat(trace.second_out).T @ flat(hidden))
    gradients.put(layer.name("in_bias"), flat(hidden).sum(0))
    inner, own = normalise_back(
        hidden @ weights[layer.name("in")].T, weights[layer.name("middle")], trace.second
    )
    gradients.put(layer.name("middle"), own)
    return inner


def _attend_back(
    seen: FloatArray, layer: Layer, weights: Bundle, gradients: Bundle, trace: Trace
) -> FloatArray:
    """Return (B, T, 3 d): the gradient of queries, keys and values together."""
    looks = _thinned(trace.weights, trace.weights_mask)
    values = looks.swapaxes(-1, -2) @ seen
    error = _thinned(seen @ trace.values.swapaxes(-1, -2), trace.weights_mask)
    scores = trace.weights * (error - (error * trace.weights).sum(-1, keepdims=True))
    scores *= np.float32(trace.queries.shape[-1] ** -0.5)
    source, exists = _sources(scores.shape[-1], layer.reach)
    rows: IntArray = np.arange(scores.shape[-1], dtype=np.int64)[:, None]
    by_distance = scores[:, :, rows, source] * exists
    relative = _relative(layer, weights)
    queries = scores @ trace.keys + by_distance @ relative.swapaxes(-1, -2)
    keys = scores.swapaxes(-1, -2) @ trace.queries
    # Summed over sequences and positions: (H, d / H, reach).
    own = np.einsum("bhtp,bhtr->hpr", trace.queries, by_distance, optimize=True)
    gradients.put(layer.name("back"), own.transpose(2, 0, 1).reshape(layer.reach, -1))
    return np.concatenate([_joined(part) for part in (queries, keys, values)], axis=-1)
