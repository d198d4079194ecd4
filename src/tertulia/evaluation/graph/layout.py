"""Where the nodes of a graph stand: in layers, edges downwards, few crossings.

The usual method in four steps (Sugiyama, Tagawa, Toda 1981): edges against the direction are
turned, each node has its layer, nodes are put in order by the middle of their neighbours, places
follow from the order.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

import msgspec

ROW, GAP = 64.0, 24.0
"""Pixels between layers, and between neighbours in a layer."""

_SWEEPS = 12
_THIN = 8.0
"""Pixels that a passing edge takes up in a layer."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """places: middle of each node, in pixels. routes: by edge, the points it goes through.

    width, height: of the whole.
    """

    places: Sequence[tuple[float, float]]
    routes: Mapping[tuple[int, int], Sequence[tuple[float, float]]]
    width: float
    height: float


def lay_out(widths: Sequence[float], edges: Sequence[tuple[int, int]]) -> Layout:
    """Return places for nodes of these widths; node 0 is at the top."""
    turned = _back_edges(len(widths), edges)
    downwards = [(b, a) if (a, b) in turned else (a, b) for a, b in edges]
    layers = _layers(len(widths), downwards)
    chains, levels, sizes = _chains(widths, downwards, layers)
    links = [pair for chain in chains for pair in itertools.pairwise(chain)]
    order = _ordered(levels, links)
    xs = _places(order, sizes, links)
    level_of = {point: level for level, row in enumerate(order) for point in row}
    places = [(xs[node], ROW * (layers[node] + 0.5)) for node in range(len(widths))]
    routes = {
        edge: [(xs[point], ROW * (level_of[point] + 0.5)) for point in _along(chain, edge, turned)]
        for edge, chain in zip(edges, chains, strict=True)
    }
    width = max(xs[point] + sizes[point] / 2 for point in range(len(sizes))) + GAP
    return Layout(places=places, routes=routes, width=width, height=ROW * len(order))


def _along(
    chain: Sequence[int], edge: tuple[int, int], turned: set[tuple[int, int]]
) -> Sequence[int]:
    return list(reversed(chain)) if edge in turned else chain


def _back_edges(count: int, edges: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the edges that close a circle, found by a walk in depth from node 0."""
    targets = _neighbours(count, edges)
    state = [0] * count
    back: set[tuple[int, int]] = set()
    for root in range(count):
        if state[root]:
            continue
        state[root] = 1
        stack = [(root, iter(targets[root]))]
        while stack:
            node, rest = stack[-1]
            target = next(rest, None)
            if target is None:
                state[node] = 2
                stack.pop()
            elif state[target] == 1:
                back.add((node, target))
            elif state[target] == 0:
                state[target] = 1
                stack.append((target, iter(targets[target])))
    return back


def _neighbours(count: int, edges: Iterable[tuple[int, int]]) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        found[source].append(target)
    return found


def _layers(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Return each node's layer: one below the lowest of those that lead to it."""
    targets = _neighbours(count, edges)
    waiting = [0] * count
    for _, target in edges:
        waiting[target] += 1
    layers = [0] * count
    ready = [node for node in range(count) if not waiting[node]]
    while ready:
        node = ready.pop()
        for target in targets[node]:
            layers[target] = max(layers[target], layers[node] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return layers


def _chains(
    widths: Sequence[float], edges: Sequence[tuple[int, int]], layers: Sequence[int]
) -> tuple[list[list[int]], list[list[int]], list[float]]:
    """Return for each edge the points it goes through, the points of each layer, their widths.

    Points beyond the nodes stand where a long edge passes a layer.
    """
    sizes = list(widths)
    levels: list[list[int]] = [[] for _ in range(max(layers, default=0) + 1)]
    for node, layer in enumerate(layers):
        levels[layer].append(node)
    chains: list[list[int]] = []
    for source, target in edges:
        chain = [source]
        for layer in range(layers[source] + 1, layers[target]):
            levels[layer].append(len(sizes))
            chain.append(len(sizes))
            sizes.append(_THIN)
        chains.append([*chain, target])
    return chains, levels, sizes


def _ordered(levels: Sequence[Sequence[int]], links: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Return the layers with their points ordered by the middle of what they are linked to."""
    order = [list(level) for level in levels]
    count = sum(len(level) for level in levels)
    up = _neighbours(count, [(b, a) for a, b in links])
    down = _neighbours(count, links)
    for sweep in range(_SWEEPS):
        is_down = sweep % 2 == 0
        rows = range(1, len(order)) if is_down else range(len(order) - 2, -1, -1)
        for row in rows:
            beside = order[row - 1] if is_down else order[row + 1]
            place = {point: position for position, point in enumerate(beside)}
            _sort(order[row], up if is_down else down, place)
    return order


def _sort(row: list[int], linked: Sequence[Sequence[int]], place: Mapping[int, int]) -> None:
    at = {point: position for position, point in enumerate(row)}

    def middle(point: int) -> float:
        found = [place[other] for other in linked[point] if other in place]
        return fmean(found) if found else float(at[point])

    row.sort(key=middle)


def _places(
    order: Sequence[Sequence[int]], sizes: Sequence[float], links: Sequence[tuple[int, int]]
) -> list[float]:
    """Return the x of each point: near its neighbours, in order, never overlapping."""
    xs = [0.0] * len(sizes)
    for row in order:
        _spread(row, sizes, xs, wanted=None)
    both = _neighbours(len(sizes), [*links, *((b, a) for a, b in links)])
    for sweep in range(_SWEEPS):
        for row in order if sweep % 2 == 0 else reversed(order):
            wanted = {p: fmean(xs[o] for o in both[p]) if both[p] else xs[p] for p in row}
            _spread(row, sizes, xs, wanted=wanted)
    left = min(xs[point] - sizes[point] / 2 for point in range(len(sizes)))
    return [x - left + GAP for x in xs]


def _spread(
    row: Sequence[int],
    sizes: Sequence[float],
    xs: list[float],
    *,
    wanted: Mapping[int, float] | None,
) -> None:
    """Put a row's points where they want to be, pushed apart from both sides and averaged."""
    if not row:
        return
    target = [wanted[point] if wanted else 0.0 for point in row]
    gaps = [(sizes[a] + sizes[b]) / 2 + GAP for a, b in itertools.pairwise(row)]
    rightwards, leftwards = list(target), list(target)
    for place, gap in enumerate(gaps, 1):
        rightwards[place] = max(rightwards[place], rightwards[place - 1] + gap)
    for place in range(len(row) - 2, -1, -1):
        leftwards[place] = min(leftwards[place], leftwards[place + 1] - gaps[place])
    for point, right, left in zip(row, rightwards, leftwards, strict=True):
        xs[point] = (right + left) / 2
