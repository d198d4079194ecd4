"""Tests a model on stories that came over the network.

Source: spec http_api.md "POST /evaluate", evaluation.md section 1.
"""

from pathlib import Path

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import InputProblem
from tertulia.data.stories.read import read_stories_text
from tertulia.data.yaml import parse
from tertulia.evaluation.report import summary
from tertulia.evaluation.run import evaluate
from tertulia.jobs.order import MODEL, Answer, StoriesOrder
from tertulia.model.archive import read_model_bytes
from tertulia.model.load import load_model


def test_order(order: StoriesOrder, folder: Path) -> Answer:
    """Return what the model does in the stories, or what is wrong with them.

    YAML without stories is an empty test, as in the originals; Markdown without any is a fault.
    """
    model = load_model(read_model_bytes((folder / MODEL).read_bytes()), name=MODEL)
    diagnostics = Diagnostics()
    is_yaml = order.file.endswith(".yml")
    if is_yaml:
        parse(order.text, file=order.file, diagnostics=diagnostics)
    try:
        data = read_stories_text(
            order.text,
            file=order.file,
            domain=model.domain,
            kind="test" if is_yaml or order.end_to_end else "train",
            diagnostics=diagnostics,
        )
        diagnostics.raise_if_errors()
        if not is_yaml and not data.stories:
            return Answer(fault="data", message="there is no story to test")
        tested = evaluate(model, data, end_to_end=order.end_to_end)
        result = summary(tested, as_text=order.text_report)
        if not result["actions"]:
            result["report"] = "" if order.text_report else {}
        return Answer(result=result)
    except InputProblem as problem:
        return Answer(fault="data", codes=(problem.code,), message=str(problem))
