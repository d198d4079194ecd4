"""Stories and rules to example conversations, the material of every policy's training.

Rule: a pure function of its arguments, chance included; what need not wait is yielded at once,
so a file of many plain stories is never in memory as conversations.

Source: spec stories.md sections 6 and 7.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from copy import copy

from tertulia.core.domain.actions import RULE_SNIPPET_ACTION
from tertulia.core.domain.fill import fill_in_stories
from tertulia.core.domain.model import Domain
from tertulia.core.events import (
    ACTION_LISTEN,
    ActionExecuted,
    ActionReverted,
    Event,
    Restarted,
    SessionStarted,
    UserUtteranceReverted,
    UserUttered,
)
from tertulia.core.states import StateHistory
from tertulia.core.tracker import TrackerRules, new_tracker
from tertulia.data.generate.sampling import Reservoir, Sampler
from tertulia.data.generate.training_tracker import TrainingEvent, TrainingTracker
from tertulia.data.generate.walk import SeenStates, Walk
from tertulia.data.stories.build import build_steps
from tertulia.data.stories.graph import StoryGraph, build_graph
from tertulia.data.stories.model import (
    STORY_START,
    Checkpoint,
    StepEvent,
    Story,
    StoryData,
    StoryStep,
)

AUGMENTATION_PHASES = 3
AUGMENTED_PER_FACTOR = 10

GLUED_AT_ONCE = 200_000
"""Conversations that one phase may glue, of which few are kept: else many stories, each after
each of the chosen ends, would take hours.
"""

_REACH_BACK = (ActionReverted, UserUtteranceReverted, Restarted, SessionStarted)


def generate(  # noqa: PLR0913 - each is one setting of a training run
    data: StoryData,
    domain: Domain,
    rules: TrackerRules,
    *,
    augmentation: int,
    states: StateHistory,
    remove_duplicates: bool = True,
    unique_last_states: int | None = None,
    use_story_concatenation: bool = True,
    seed: int = 42,
) -> Iterator[TrainingTracker]:
    """Yield the conversations that stories and then rules describe, each once.

    Args:
        data: what was read; rules are never augmented.
        domain: fills slots from the entities of user steps.
        rules: the fold's rules for the domain.
        augmentation: factor; 0 glues no stories together. At most `augmentation * 10`
            glued conversations are made.
        states: how conversations look to policies; two that look the same are one.
        remove_duplicates: False keeps those, too.
        unique_last_states: also give up conversations that end in the same n states at the
            beginning of a step.
        use_story_concatenation: False glues no stories together.
        seed: decides which stories are glued.
    """
    factor = augmentation if use_story_concatenation else 0
    for blocks, is_rule in ((data.stories, False), (data.rules, True)):
        run = _Run(
            blocks,
            domain,
            rules,
            seen=SeenStates(states, unique_last_states) if remove_duplicates else None,
            factor=0 if is_rule else factor,
            sampler=Sampler(seed),
            is_rule=is_rule,
        )
        yield from run.trackers()


def explicit_events(step: StoryStep, domain: Domain) -> tuple[TrainingEvent, ...]:
    """Return the step's events with those that stories leave out.

    action_listen before every user message and at the end of a story, and slots filled from
    entities. The mark `...` at the end of a rule says that nothing is predicted there.
    """
    found: list[TrainingEvent] = []
    unpredictable, story = _unpredictable(step), step.block_name
    for place, placed in enumerate(step.events):
        # Equal events of stories may be one object; here each is known by its place.
        event = copy(placed.event)
        if isinstance(event, UserUttered):
            _listen(found, placed, story)
            found.append(TrainingEvent(event, placed.at, story=story))
            filled = fill_in_stories(domain, event.entities)
            found += [TrainingEvent(one, placed.at, story=story) for one in filled]
        else:
            found.append(TrainingEvent(event, placed.at, place != unpredictable, story))
    if not step.end_checkpoints and step.events and not _ends_open(step):
        _listen(found, step.events[-1], story)
    return tuple(found)


def _unpredictable(step: StoryStep) -> int | None:
    """Return where the action is that begins a conversation before the user said anything."""
    if all(checkpoint.name != STORY_START for checkpoint in step.start_checkpoints):
        return None
    for place, placed in enumerate(step.events):
        if isinstance(placed.event, UserUttered):
            return None
        if isinstance(placed.event, ActionExecuted):
            return place
    return None


def _ends_open(step: StoryStep) -> bool:
    last = step.events[-1].event
    return step.is_rule and isinstance(last, ActionExecuted) and last.name == RULE_SNIPPET_ACTION


def _listen(found: list[TrainingEvent], near: StepEvent, story: str) -> None:
    if not found or not _is_listen(found[-1].event):
        found.append(TrainingEvent(ActionExecuted(name=ACTION_LISTEN), near.at, story=story))


def _is_listen(event: Event) -> bool:
    return isinstance(event, ActionExecuted) and event.name == ACTION_LISTEN


class _Run:
    """One generation over stories or rules. Passes over the ordered steps carry walks along."""

    def __init__(
        self,
        blocks: Sequence[Story],
        domain: Domain,
        rules: TrackerRules,
        *,
        seen: SeenStates | None,
        factor: int,
        sampler: Sampler,
        is_rule: bool,
    ) -> None:
        self._is_rule = is_rule
        self._graph: StoryGraph = build_graph(list(build_steps(blocks)))
        self._domain = domain
        self._rules = rules
        self._seen = seen
        self._factor = factor
        self._limit = factor * AUGMENTED_PER_FACTOR
        share = GLUED_AT_ONCE // max(1, len(self._graph.steps))
        self._glued_per_step = max(1, min(self._limit, share))
        self._sampler = sampler
        self._story_ends: Reservoir[Walk] = Reservoir(factor, sampler)
        self._last_use = {
            checkpoint.name: i
            for i, step in enumerate(self._graph.steps)
            for checkpoint in step.start_checkpoints
        }
        # Stories that lead only to themselves: after one more round nothing would be left of them.
        self._endless = frozenset(
            self._graph.entry(checkpoint.name)
            for step in self._graph.steps
            if all(c.name in self._graph.reenter for c in step.end_checkpoints)
            for checkpoint in step.end_checkpoints
        )

    def trackers(self) -> Iterator[TrainingTracker]:
        """Yield every conversation: as written first, glued together last."""
        for walk in self._as_written():
            yield walk.finish()
        if self._factor:
            glued: Reservoir[Walk] = Reservoir(self._limit, self._sampler)
            for walk in self._glued():
                glued.add(walk)
            for walk in glued.items():
                yield walk.finish()

    def _as_written(self) -> Iterator[Walk]:
        active = {STORY_START: [Walk(new_tracker("", self._rules), is_rule=self._is_rule)]}
        entered: set[str] = set()
        while active:
            waiting: dict[str, list[Walk]] = {}
            yield from self._pass(active, waiting, entered, is_gluing=False)
            active = {}
            for name, walks in waiting.items():
                if name not in self._last_use or name in entered & self._endless:
                    yield from walks
                elif name not in entered:
                    active[name] = walks

    def _glued(self) -> Iterator[Walk]:
        for _ in range(AUGMENTATION_PHASES):
            starts = [walk.reopened() for walk in self._story_ends.items()]
            if not starts:
                return
            yield from self._pass({STORY_START: starts}, {}, set(), is_gluing=True)

    def _pass(
        self,
        active: dict[str, list[Walk]],
        waiting: dict[str, list[Walk]],
        entered: set[str],
        *,
        is_gluing: bool,
    ) -> Iterator[Walk]:
        """Go once over the steps and yield what ends.

        active: walks at start checkpoints; used up. waiting: gets those that arrive where no
        step of this pass comes any more. entered: gets the checkpoints that were passed.
        """
        at: dict[str, list[Walk]] = defaultdict(list, active)
        for i, step in enumerate(self._graph.steps):
            incoming = self._incoming(step, at, entered)
            for checkpoint in step.start_checkpoints:
                if self._last_use[checkpoint.name] == i:
                    at.pop(checkpoint.name, None)
            if not incoming:
                continue
            if self._seen is not None:
                incoming, given_up = self._seen.distinct(incoming)
                yield from given_up
            if is_gluing:
                incoming = self._sampler.some(incoming, self._glued_per_step)
            yield from self._through(step, i, incoming, at, waiting)

    def _incoming(
        self, step: StoryStep, at: dict[str, list[Walk]], entered: set[str]
    ) -> list[Walk]:
        found: list[Walk] = []
        for checkpoint in step.start_checkpoints:
            passing = [w for w in at.get(checkpoint.name, ()) if _passes(w, checkpoint)]
            if passing:
                entered.add(checkpoint.name)
                found += passing
        return found

    def _through(
        self,
        step: StoryStep,
        position: int,
        incoming: Sequence[Walk],
        at: dict[str, list[Walk]],
        waiting: dict[str, list[Walk]],
    ) -> Iterator[Walk]:
        """Take walks through a step; yield those that end in it."""
        events = explicit_events(step, self._domain)
        breaks = [k for k, e in enumerate(events) if isinstance(e.event, _REACH_BACK)]
        for before in incoming:
            for k in breaks:
                yield before.extended(events[:k], step.block_name)
            walk = before.extended(events, step.block_name)
            for end in step.end_checkpoints:
                name = self._graph.entry(end.name)
                later = self._last_use.get(name, -1) > position
                (at if later else waiting).setdefault(name, []).append(walk)
            if not step.end_checkpoints and (self._seen is None or self._seen.is_new(walk)):
                self._story_ends.add(walk)
                yield walk


def _passes(walk: Walk, checkpoint: Checkpoint) -> bool:
    slots = walk.tracker.slots
    return all(slots.get(name) == value for name, value in checkpoint.conditions.items())
