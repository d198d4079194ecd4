"""The graph of steps: joined at checkpoints, put in order, freed of cycles.

Rule: names and order depend on the files alone, so that two runs are equal.

Source: spec stories.md section 5.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import count

import msgspec
from msgspec.structs import replace

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.stories.model import (
    GENERATED,
    GENERATED_CYCLE,
    STORY_START,
    Checkpoint,
    StoryStep,
)


class StoryGraph(msgspec.Struct, frozen=True):
    """Steps in an order in which every step comes after those that lead to it.

    reenter: end checkpoint of a cut cycle to the start checkpoint where it goes on, in a later
    pass over the steps.
    """

    steps: tuple[StoryStep, ...]
    reenter: Mapping[str, str]

    def entry(self, end: str) -> str:
        """Return the start checkpoint that an end checkpoint leads to."""
        return self.reenter.get(end, end)


def build_graph(steps: Sequence[StoryStep]) -> StoryGraph:
    """Return the steps in order, each cycle cut at the edge that closes it.

    Cost: linear in steps and edges, and once more over all steps for every edge that is cut.
    """
    order, back = _sorted_depth_first(steps)
    if not back:
        return StoryGraph(tuple(steps[i] for i in order), {})
    cut, reenter = _without_cycles(list(steps), back)
    # A new checkpoint only ever joins steps that were joined before, so no cycle is left.
    order, _ = _sorted_depth_first(cut)
    return StoryGraph(tuple(cut[i] for i in order), reenter)


def check_checkpoints(steps: Sequence[StoryStep], *, diagnostics: Diagnostics) -> None:
    """Note checkpoints that only begin or only end something, and steps that nothing reaches."""
    starts = {c.name: c for step in reversed(steps) for c in reversed(step.start_checkpoints)}
    ends = {c.name: c for step in reversed(steps) for c in reversed(step.end_checkpoints)}
    for name, checkpoint in starts.items():
        if name not in ends and name != STORY_START:
            diagnostics.warning(
                "T323",
                f"no story ends with the checkpoint '{name}', so this one is never reached",
                hint="Add a story that ends with it, or remove the checkpoint.",
                at=checkpoint.at,
            )
    for name, checkpoint in ends.items():
        if name not in starts and not name.startswith(GENERATED):
            diagnostics.warning(
                "T324",
                f"no story starts with the checkpoint '{name}'",
                hint="Add a story that starts with it, or remove the checkpoint.",
                at=checkpoint.at,
            )
    _check_reached(steps, ends, diagnostics)


def _check_reached(
    steps: Sequence[StoryStep], ends: Mapping[str, Checkpoint], diagnostics: Diagnostics
) -> None:
    if steps and not any(_starts_at(step, {STORY_START}) for step in steps):
        diagnostics.warning(
            "T325",
            "every story starts with a checkpoint, so no conversation can begin",
            hint="Leave the checkpoint out of the story that begins conversations.",
            at=steps[0].at,
        )
        return
    reached = _reached(steps)
    told: set[str] = set()
    for step in steps:
        names = {c.name for c in step.start_checkpoints}
        if names & reached or not names <= ends.keys() or names <= told:
            continue
        told |= names
        listed = ", ".join(f"'{name}'" for name in sorted(names))
        diagnostics.warning(
            "T325",
            f"nothing leads from the beginning of a conversation to {listed}",
            hint="Add a story without a start checkpoint that ends with it.",
            at=step.start_checkpoints[0].at or step.at,
        )


def _reached(steps: Sequence[StoryStep]) -> set[str]:
    """Return the checkpoints to which steps lead from the beginning."""
    by_start = _by_start(steps)
    reached, waiting = {STORY_START}, [STORY_START]
    while waiting:
        for i in by_start.get(waiting.pop(), ()):
            new = {c.name for c in steps[i].end_checkpoints} - reached
            reached |= new
            waiting += sorted(new)
    return reached


def _by_start(steps: Iterable[StoryStep]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for i, step in enumerate(steps):
        for name in {checkpoint.name: None for checkpoint in step.start_checkpoints}:
            found[name].append(i)
    return dict(found)


def _sorted_depth_first(
    steps: Sequence[StoryStep],
) -> tuple[list[int], list[tuple[int, int]]]:
    """Return indices in topological order, as near to the given order as may be, and back edges."""
    by_start = _by_start(steps)

    def next_of(i: int) -> list[int]:
        targets = {j for c in steps[i].end_checkpoints for j in by_start.get(c.name, ())}
        return sorted(targets, reverse=True)

    in_progress, done = 1, 2
    state = [0] * len(steps)
    finished: list[int] = []
    back: list[tuple[int, int]] = []
    for first in range(len(steps) - 1, -1, -1):
        if state[first]:
            continue
        state[first] = in_progress
        path = [(first, iter(next_of(first)))]
        while path:
            i, remaining = path[-1]
            j = next(remaining, None)
            if j is None:
                state[i] = done
                finished.append(i)
                path.pop()
            elif state[j] == in_progress:
                back.append((i, j))
            elif not state[j]:
                state[j] = in_progress
                path.append((j, iter(next_of(j))))
    finished.reverse()
    return finished, sorted(back)


def _without_cycles(
    steps: list[StoryStep], back: Sequence[tuple[int, int]]
) -> tuple[list[StoryStep], dict[str, str]]:
    """Return the steps with each back edge replaced by a sink and the source it re-enters at."""
    taken = {c.name for s in steps for c in (*s.start_checkpoints, *s.end_checkpoints)}
    numbers = count(1)
    reenter: dict[str, str] = {}
    replaced: set[str] = set()
    for s, e in back:
        starts_of_e = {c.name for c in steps[e].start_checkpoints}
        shared = {c.name for c in steps[s].end_checkpoints} & starts_of_e
        names = _cycle_names(numbers, taken)
        reenter[names.sink] = names.source
        replaced |= shared
        _cut(steps, s, e, shared, names)
    return _without_unused(steps, replaced, reenter), reenter


class _CycleNames(msgspec.Struct, frozen=True):
    """The checkpoints that replace those shared by the two ends of a back edge."""

    sink: str
    source: str
    connector: str


def _cut(steps: list[StoryStep], s: int, e: int, shared: set[str], names: _CycleNames) -> None:
    """Let step s reach step e only by way of the sink, and all others as before."""
    others = [i for i, step in enumerate(steps) if i != e and _starts_at(step, shared)]
    steps[e] = _also_starting(steps[e], shared, names.source)
    for i in others:
        steps[i] = _also_starting(steps[i], shared, names.connector)
    kept = tuple(c for c in steps[s].end_checkpoints if c.name not in shared)
    new = (names.sink, names.connector) if others else (names.sink,)
    steps[s] = replace(steps[s], end_checkpoints=kept + tuple(Checkpoint(name) for name in new))


def _starts_at(step: StoryStep, names: set[str]) -> bool:
    return any(checkpoint.name in names for checkpoint in step.start_checkpoints)


def _also_starting(step: StoryStep, at: set[str], name: str) -> StoryStep:
    """Return the step with `name` beside each of its starts that is in `at`."""
    inherited = [c for c in step.start_checkpoints if c.name in at]
    added = tuple(Checkpoint(name, c.conditions, c.at) for c in inherited)
    return replace(step, start_checkpoints=step.start_checkpoints + added)


def _cycle_names(numbers: "count[int]", taken: set[str]) -> _CycleNames:
    while True:
        number = next(numbers)
        names = [f"{GENERATED_CYCLE}{kind}_{number}" for kind in ("SINK", "SRC", "CONN")]
        if not taken.intersection(names):
            return _CycleNames(*names)


def _without_unused(
    steps: Sequence[StoryStep], replaced: set[str], reenter: Mapping[str, str]
) -> list[StoryStep]:
    """Return the steps without checkpoints that the cuts left with only a start or only an end.

    Steps that lose their last start are never reached and go, too.
    """
    ends = {
        reenter.get(checkpoint.name, checkpoint.name)
        for step in steps
        for checkpoint in step.end_checkpoints
    }
    kept: list[StoryStep] = []
    for step in steps:
        starts = tuple(
            c
            for c in step.start_checkpoints
            if c.name in ends or not (c.name in replaced or c.name.startswith(GENERATED_CYCLE))
        )
        if starts:
            kept.append(replace(step, start_checkpoints=starts))
    return kept
