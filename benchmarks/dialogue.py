"""How often the next action is right: stories with nested sub-dialogues, in Markdown.

    python benchmarks/dialogue.py --data DIR

DIR holds `subdialogues/train` and `subdialogues/test`. There is no domain: it is derived from the
stories, with a text slot for every entity, filled from it. Each action, `action_listen` included,
is predicted after the true ones before it; a story is right when all of its actions are.
"""

import argparse
import json
import re
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

from report import Row, print_table

from tertulia.core.domain.model import Generation
from tertulia.core.events import ActionExecuted
from tertulia.core.states import StateTable, training_history
from tertulia.core.tracker import advance, new_tracker, rules_for
from tertulia.data.generate import TrainingTracker, generate
from tertulia.model.content import Content
from tertulia.model.load import Model, load_model
from tertulia.training.prepare import Settings
from tertulia.training.project import Project, ProjectData, read_project
from tertulia.training.run import Identity, train

POLICIES = {
    "memoization": "- name: MemoizationPolicy\n  max_history: 5\n",
    "learned": "- name: TEDPolicy\n",
    "both": "- name: MemoizationPolicy\n  max_history: 5\n- name: TEDPolicy\n",
}

_STUDY = "study beforehand, same split"
ANCHORS = tuple(
    Row("dialogue", "subdialogues", figure, "", (value,), "", engine, _STUDY)
    for engine, action, story in (
        ("linear SVM, 5 states, conjunctions", 0.990, 0.78),
        ("TED of Rasa 3.6.21, one seed", 0.995, 0.84),
        ("two-layer transformer, lowest of 3 seeds", 0.995, 0.88),
    )
    for figure, value in (("actions right", action), ("stories right", story))
)

_INTENT = re.compile(r"^\* *([^\s{]+)\s*(\{.*\})?\s*$", re.MULTILINE)
_STEP = re.compile(r"^\s*- *([^\s{]+)\s*(\{.*\})?\s*$", re.MULTILINE)


@dataclass
class Names:
    """What stories speak of."""

    intents: set[str]
    entities: set[str]
    slots: set[str]
    actions: set[str]

    def domain(self) -> str:
        """Return a domain file of the legacy format, where slots take their entities' values."""
        slots = {name: {"type": "text"} for name in sorted(self.slots | self.entities)}
        content = {
            "intents": sorted(self.intents),
            "entities": sorted(self.entities),
            "slots": slots,
            "actions": sorted(self.actions),
        }
        return json.dumps(content)


def names_in(stories: str) -> Names:
    """Return the names that Markdown stories use."""
    found = Names(set(), set(), set(), set())
    for name, details in _INTENT.findall(stories):
        found.intents.add(name)
        found.entities |= set(json.loads(details or "{}"))
    for name, details in _STEP.findall(stories):
        if name == "slot":
            found.slots |= set(json.loads(details))
        else:
            found.actions.add(name)
    return found


def main() -> None:
    """Train each set of policies and test it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--policies", action="append", choices=sorted(POLICIES))
    parser.add_argument("--augmentation", type=int, default=50, help="as of `tertulia train`")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the training")
    parser.add_argument("--json", action="store_true", help="rows for a program, no table")
    given = parser.parse_args()
    folder: Path = given.data / "subdialogues"
    rows: list[Row] = []
    for name in given.policies or POLICIES:
        rows += measure(name, folder, given.augmentation, given.seeds)
    rows += ANCHORS
    rows.sort(key=lambda row: row.figure)
    if given.json:
        json.dump([asdict(row) for row in rows], sys.stdout)
    else:
        print_table(rows)


def measure(policies: str, folder: Path, augmentation: int, seeds: Sequence[int]) -> list[Row]:
    """Return the figures of one set of policies, a value for each seed."""
    found: dict[tuple[str, str], list[float]] = {}
    for seed in seeds:
        # A process of its own, so that the peak of its memory is its own.
        fresh = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        with fresh:
            one = fresh.submit(trained, policies, folder, augmentation, seed).result()
        for figure, value in one.items():
            found.setdefault(figure, []).append(value)
    engine = f"tertulia, {policies}"
    listed = f"seeds {', '.join(map(str, seeds))}; augmentation {augmentation}"
    return [
        Row("dialogue", "subdialogues", figure, unit, tuple(values), "", engine, listed)
        for (figure, unit), values in found.items()
    ]


def trained(
    policies: str, folder: Path, augmentation: int, seed: int
) -> dict[tuple[str, str], float]:
    """Return the figures of one training run."""
    with tempfile.TemporaryDirectory() as place:
        data, test = _read(Path(place), POLICIES[policies], folder)
        wall, cpu = time.perf_counter(), time.process_time()
        content: Content = train(
            data,
            Identity(model_id="benchmark", created=""),
            Settings(nlu=False, augmentation=augmentation, seed=seed),
        )
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    model = load_model(content, name="benchmark")
    took: list[float] = []
    stories = [list(_judged(story, model, took)) for story in _stories(test, model)]
    steps = [right for story in stories for right in story]
    return {
        ("actions right", ""): sum(steps) / len(steps),
        ("stories right", ""): sum(map(all, stories)) / len(stories),
        ("actions in the test", ""): len(steps),
        ("training, wall", "s"): wall,
        ("training, CPU", "s"): cpu,
        ("peak memory", "MiB"): peak,
        ("decision, mean", "ms"): sum(took) / len(took) * 1e3,
    }


def _read(place: Path, policies: str, folder: Path) -> tuple[ProjectData, ProjectData]:
    texts = [path.read_text() for path in sorted(folder.rglob("*.md"))]
    config, domain = place / "config.yml", place / "domain.yml"
    config.write_text(f"language: en\npolicies:\n{policies}")
    domain.write_text(names_in("\n".join(texts)).domain())
    both: list[ProjectData] = []
    for part in ("train", "test"):
        project = Project(
            config=(config,),
            domain=(domain,),
            stories=(folder / part,),
            generation=Generation.LEGACY,
        )
        both.append(read_project(project))
        both[-1].diagnostics.raise_if_errors()
    return both[0], both[1]


def _stories(test: ProjectData, model: Model) -> Iterator[TrainingTracker]:
    return generate(
        test.stories,
        model.domain,
        rules_for(model.domain),
        augmentation=0,
        states=training_history(StateTable(model.domain)),
        remove_duplicates=False,
    )


def _judged(story: TrainingTracker, model: Model, took: list[float]) -> Iterator[bool]:
    """Yield for every action whether the model takes it, too; note how long it thought."""
    if model.ensemble is None:
        raise ValueError("the model has no policies")
    tracker = new_tracker(story.name, rules_for(model.domain))
    for position, event in enumerate(story.events):
        is_label = isinstance(event, ActionExecuted) and position not in story.unpredictable
        # The first listening is not decided but forced.
        if is_label and tracker.state.followup is None:
            begun = time.perf_counter()
            decision = model.ensemble.decide(tracker)
            took.append(time.perf_counter() - begun)
            yield decision.action == event.name
        tracker = advance(tracker, event)


if __name__ == "__main__":
    main()
