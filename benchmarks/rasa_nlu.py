"""Trains the original's NLU and asks it; run by a Python that has rasa 3.6, with no other package.

    PYTHON benchmarks/rasa_nlu.py FOLDER

FOLDER holds `config.yml`, `nlu.json` and `texts.json`, a list of texts. `answers.json` is written
there: seconds, memory, and what it understood of each text.
"""

import asyncio
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Train, ask, and write down the answers."""
    folder = Path(sys.argv[1])
    from rasa.model_training import train_nlu  # pyright: ignore

    wall, cpu = time.perf_counter(), time.process_time()
    model: Any = train_nlu(
        config=str(folder / "config.yml"), nlu_data=str(folder / "nlu.json"), output=str(folder)
    )
    found: dict[str, Any] = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    texts = json.loads((folder / "texts.json").read_text())
    found["answers"] = asyncio.run(ask(model, texts))
    (folder / "answers.json").write_text(json.dumps(found))


async def ask(model: str, texts: list[str]) -> list[dict[str, Any]]:
    """Return what the model understands of each text, and the milliseconds it took."""
    from rasa.core.agent import Agent  # pyright: ignore

    agent: Any = Agent.load(model)
    answers: list[dict[str, Any]] = []
    for text in texts:
        begun = time.perf_counter()
        parsed = await agent.parse_message(text)
        took = (time.perf_counter() - begun) * 1e3
        kept = {key: parsed[key] for key in ("intent", "intent_ranking", "entities")}
        answers.append(kept | {"took": took})
    return answers


if __name__ == "__main__":
    main()
