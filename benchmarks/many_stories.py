"""How much time and memory training needs as the stories grow in number.

    python benchmarks/many_stories.py [--stories N ...] [--policies NAME ...]

Stories are made by chance, with the seed 0: three to eight messages of 40 intents, each answered
by one or two of 60 actions that the intent and the message before decide, so that there is
something to learn; every eighth message fills a slot. Each size is trained in a process of its own
by `tertulia train core --augmentation 0`; its peak memory is what the system counted for that
process.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from report import Row, print_table

_INTENTS, _ACTIONS = 40, 60
_POLICIES = ("MemoizationPolicy", "RulePolicy", "TEDPolicy")
_SIZES = (1000, 10_000, 100_000)


def main() -> None:
    """Train once for each size, the smallest first."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--stories", type=int, nargs="+", default=list(_SIZES))
    parser.add_argument("--policies", nargs="+", default=list(_POLICIES))
    parser.add_argument("--json", action="store_true", help="rows for a program, no table")
    given = parser.parse_args()
    rows: list[Row] = []
    for count in sorted(given.stories):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            write_project(folder, count, given.policies)
            rows += trained(folder, count)
        if not given.json:
            print_table(rows)
    if given.json:
        json.dump([asdict(row) for row in rows], sys.stdout)


def write_project(folder: Path, count: int, policies: list[str]) -> None:
    """Write a project of that many stories."""
    names = "\n".join(f"- name: {one}" for one in policies)
    (folder / "config.yml").write_text(
        f"recipe: default.v1\nassistant_id: many\nlanguage: en\npolicies:\n{names}\n"
    )
    lines = ["version: '3.1'", "intents:", *(f"- intent_{n}" for n in range(_INTENTS))]
    lines += ["slots:", "  topic:", "    type: categorical", "    values: [a, b, c]"]
    lines += ["    mappings:", "    - type: custom", "actions:"]
    lines += [f"- action_{n}" for n in range(_ACTIONS)]
    (folder / "domain.yml").write_text("\n".join(lines) + "\n")
    (folder / "data").mkdir()
    with (folder / "data" / "stories.yml").open("w") as file:
        file.write("version: '3.1'\nstories:\n")
        chance = random.Random(0)
        for number in range(count):
            file.write(story(number, chance))


def story(number: int, chance: random.Random) -> str:
    """Return one story."""
    lines = [f"- story: story {number}", "  steps:"]
    before = 0
    for _ in range(chance.randint(3, 8)):
        intent = chance.randrange(_INTENTS)
        lines.append(f"  - intent: intent_{intent}")
        if chance.random() < 1 / 8:
            lines += ["  - slot_was_set:", f"    - topic: {chance.choice('abc')}"]
        lines.append(f"  - action: action_{(intent * 7 + before) % _ACTIONS}")
        if intent % 3 == 0:
            lines.append(f"  - action: action_{(intent + 11) % _ACTIONS}")
        before = intent % 4
    return "\n".join(lines) + "\n"


def trained(folder: Path, count: int) -> list[Row]:
    """Return the figures of one training run; it must succeed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [str(Path(sys.executable).with_name("tertulia")), "train", "core"]
    command += ["--augmentation", "0", "--fixed-model-name", "many"]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(f"{count} stories: {done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    size = (folder / "models" / "many.tar.gz").stat().st_size / 2**20
    case = f"{count:,}"
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return [
        Row("stories", case, "training, CPU", "s", (cpu,), "", "tertulia"),
        # Of all children so far; the largest is the last one.
        Row("stories", case, "peak memory", "MiB", (after.ru_maxrss / 1024,), "", "tertulia"),
        Row("stories", case, "model file", "MiB", (size,), "", "tertulia"),
    ]


if __name__ == "__main__":
    main()
