from tests.unit.data.stories.reading import read_text, small_domain

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.states import StateTable, training_history
from tertulia.core.tracker import rules_for
from tertulia.data.conflicts import StoryConflict, find_conflicts, report_conflicts
from tertulia.data.generate import generate

CONFLICT = """## one
* greet
- utter_hi
* bye
- utter_bye
## two
* greet
- utter_hi
* bye
- action_x
"""

EARLIER = """## one
* greet
- utter_hi
* bye
- utter_bye
## two
* book
- utter_hi
* bye
- action_x
"""


def conflicts(text: str, max_history: int | None = None) -> list[StoryConflict]:
    domain = small_domain()
    history = training_history(StateTable(domain))
    data, _ = read_text(text, file="s.md")
    trackers = generate(
        data,
        domain,
        rules_for(domain),
        augmentation=0,
        states=history,
        remove_duplicates=False,
    )
    return find_conflicts(trackers, history, max_history)


def test_the_same_past_with_different_actions_is_a_conflict():
    (conflict,) = conflicts(CONFLICT)
    assert conflict.after == "the intent 'bye'"
    assert [(c.action, [(n, str(at)) for n, at in c.places]) for c in conflict.choices] == [
        ("utter_bye", [("one", "s.md:5:1")]),
        ("action_x", [("two", "s.md:10:1")]),
    ]


def test_a_difference_that_is_too_far_back_does_not_help():
    assert conflicts(EARLIER) == []
    assert len(conflicts(EARLIER, max_history=1)) == 1


def test_different_beginnings_are_no_conflict():
    assert conflicts("## a\n- utter_hi\n* greet\n## b\n* greet\n- utter_hi\n") == []


def test_a_report_names_both_places_and_a_remedy():
    diagnostics = Diagnostics()
    report_conflicts(conflicts(CONFLICT), diagnostics=diagnostics)
    (problem,) = diagnostics.warnings
    assert (problem.code, str(problem.at)) == ("T326", "s.md:10:1")
    assert "'utter_bye' in 'one' (s.md:5:1)" in problem.message
    assert "'action_x' in 'two' (s.md:10:1)" in problem.message
    assert problem.hint


def test_a_report_shows_three_places_and_counts_the_rest():
    same = "".join(f"## s{i}\n* greet\n- utter_hi\n" for i in range(5))
    (conflict,) = conflicts(same + "## other\n* greet\n- utter_bye\n")
    diagnostics = Diagnostics()
    report_conflicts([conflict], diagnostics=diagnostics)
    assert "and 2 other places" in diagnostics.warnings[0].message
    assert conflict.after == "the intent 'greet'"
