"""Hypothesis strategies for events."""

from hypothesis import strategies as st

from tertulia.core import events as ev
from tertulia.core.events import Event

SLOTS = ("size", "kind", "tags")
LOOPS = ("pizza_form", "address_form")
ACTIONS = ("action_listen", "utter_a", "utter_b", *LOOPS)

values = st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3)


def users() -> st.SearchStrategy[Event]:
    return st.builds(
        lambda intent: ev.UserUttered(
            text=intent, parse_data={"intent": {"name": intent}, "entities": []}
        ),
        st.sampled_from(["greet", "inform", "stop"]),
    )


def plain() -> st.SearchStrategy[Event]:
    return st.one_of(
        users(),
        st.builds(ev.ActionExecuted, name=st.sampled_from(ACTIONS)),
        st.builds(ev.SlotSet, name=st.sampled_from((*SLOTS, "unknown")), value=values),
        st.builds(ev.BotUttered, text=st.sampled_from(["a", "b"])),
        st.builds(ev.ActiveLoop, name=st.sampled_from((None, *LOOPS))),
        st.builds(ev.LoopInterrupted, is_interrupted=st.booleans()),
        st.builds(ev.ActionExecutionRejected, name=st.sampled_from(ACTIONS)),
        st.builds(ev.UserFeaturization, use_text_for_featurization=st.booleans()),
        st.builds(ev.EntitiesAdded, entities=st.just([{"entity": "e", "value": 1}])),
        st.builds(ev.FollowupAction, name=st.sampled_from((None, "utter_a"))),
        st.just(ev.AllSlotsReset()),
        st.just(ev.ConversationPaused()),
        st.just(ev.ConversationResumed()),
    )


def markers() -> st.SearchStrategy[Event]:
    return st.sampled_from(
        [ev.UserUtteranceReverted(), ev.ActionReverted(), ev.Restarted(), ev.SessionStarted()]
    )


def logs(max_size: int = 40) -> st.SearchStrategy[list[Event]]:
    """Logs of conversations: mostly plain events, some that take back."""
    return st.lists(st.one_of(plain(), plain(), plain(), plain(), markers()), max_size=max_size)


def form_talk() -> st.SearchStrategy[list[Event]]:
    """Logs shaped like talks with forms, so that happy paths really collapse."""
    listen = ev.ActionExecuted(name="action_listen")
    turn = st.builds(
        lambda user, action, loop: [listen, user, ev.ActionExecuted(name=action), *loop],
        users(),
        st.sampled_from([*LOOPS, LOOPS[0], LOOPS[0], "utter_a"]),
        st.sampled_from(
            [
                [],
                [],
                [ev.ActiveLoop(name=LOOPS[0])],
                [ev.ActiveLoop(name=None)],
                [ev.SlotSet(name="size", value=1), ev.BotUttered(text="a")],
                [ev.ActionExecutionRejected(name=LOOPS[0])],
                [ev.UserUtteranceReverted()],
                [ev.ActionReverted()],
            ]
        ),
    )
    return st.lists(turn, max_size=15).map(lambda turns: [e for turn in turns for e in turn])
