"""Models are exchanged beside the turns: none fails, none sees two, and the old one is let go."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest

from tertulia.base.errors import ModelError
from tertulia.core.domain.model import Domain, Form, Slot
from tertulia.core.events import ActiveLoop, Event, SlotSet
from tertulia.engine.assistant import Assistant
from tertulia.engine.keeper import Change, ModelKeeper
from tertulia.engine.service import Service
from tertulia.model.packed import Packed
from tests.unit.engine.stage import (
    Echo,
    SlowActions,
    StandInModel,
    echo_domain,
    say,
    service,
    stored,
)

ONE, TWO, BROKEN = Packed("one", b"1"), Packed("two", b"2"), Packed("broken", b"")


def assistant_of(name: str, domain: Domain | None = None) -> Assistant:
    model = StandInModel(domain or echo_domain(), Echo())
    model.name = name
    model.manifest = msgspec.structs.replace(model.manifest, model_id=name[0] * 32)
    return Assistant(cast(Any, model))


def load(packed: Packed) -> Assistant:
    if not packed.data:
        raise ModelError("broken", code="T405")
    return assistant_of(packed.name)


def name_of(keeper: ModelKeeper) -> str | None:
    return None if keeper.assistant is None else keeper.assistant.model.name


def served_with(keeper: ModelKeeper, **options: Any) -> Service:
    return Service(service(**options).processor, keeper)


async def test_a_model_is_served_from_the_moment_serve_returns() -> None:
    keeper = ModelKeeper(load=load)
    await keeper.serve(ONE)
    assert name_of(keeper) == "one"
    await keeper.serve(TWO)
    assert name_of(keeper) == "two"


async def test_a_model_that_cannot_be_loaded_changes_nothing() -> None:
    keeper = ModelKeeper(load=load)
    await keeper.serve(ONE)
    await keeper.serve(TWO)
    with pytest.raises(ModelError):
        await keeper.serve(BROKEN)
    assert name_of(keeper) == "two"
    await keeper.rollback()
    assert name_of(keeper) == "one"


async def test_a_rollback_goes_back_one_step_and_no_further() -> None:
    keeper = ModelKeeper(load=load)
    await keeper.serve(ONE)
    await keeper.serve(TWO)
    await keeper.rollback()
    assert name_of(keeper) == "one"
    with pytest.raises(ModelError, match="T416"):
        await keeper.rollback()
    assert name_of(keeper) == "one"


async def test_the_first_model_of_a_server_is_come_back_to() -> None:
    keeper = ModelKeeper(load(ONE), packed=ONE, load=load)
    await keeper.serve(TWO)
    await keeper.rollback()
    assert name_of(keeper) == "one"


async def test_an_unloaded_model_is_brought_back_by_a_rollback() -> None:
    keeper = ModelKeeper(load=load)
    await keeper.serve(ONE)
    await keeper.unload()
    assert keeper.assistant is None
    await keeper.unload()
    await keeper.rollback()
    assert name_of(keeper) == "one"


async def test_what_is_asked_first_is_loaded_first() -> None:
    gate = threading.Event()
    order: list[str] = []

    def slow_at_first(packed: Packed) -> Assistant:
        if packed is ONE:
            assert gate.wait(10)
        order.append(packed.name)
        return load(packed)

    keeper = ModelKeeper(load=slow_at_first)
    first = asyncio.create_task(keeper.serve(ONE))
    await asyncio.sleep(0)
    second = asyncio.create_task(keeper.serve(TWO))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, second)
    assert order == ["one", "two"]
    assert name_of(keeper) == "two"


async def test_turns_go_on_while_a_model_is_loaded() -> None:
    gate = threading.Event()

    def waiting(packed: Packed) -> Assistant:
        assert gate.wait(10)
        return load(packed)

    keeper = ModelKeeper(load(ONE), load=waiting)
    served = served_with(keeper)
    loading = asyncio.create_task(keeper.serve(TWO))
    await asyncio.sleep(0)
    assert await say(served, "/greet") == ["said greet"]
    assert not loading.done()
    gate.set()
    await loading
    assert name_of(keeper) == "two"


async def test_listeners_have_heard_when_a_change_is_reported_as_done() -> None:
    heard: list[Change] = []

    async def listen(change: Change) -> None:
        await asyncio.sleep(0)
        heard.append(change)

    keeper = ModelKeeper(load=load)
    keeper.listen(listen)
    await keeper.serve(ONE)
    await keeper.serve(TWO)
    await keeper.rollback()
    await keeper.unload()
    found = [(change.packed, change.previous, change.followed) for change in heard]
    assert found == [
        (ONE, None, False),
        (TWO, ONE, False),
        (ONE, None, False),
        (None, ONE, False),
    ]


async def test_a_process_that_follows_has_the_same_model_and_the_same_way_back() -> None:
    leader, follower = ModelKeeper(load=load), ModelKeeper(load=load)
    heard: list[bool] = []

    async def pass_on(change: Change) -> None:
        await follower.follow(change.packed, previous=change.previous)

    async def note(change: Change) -> None:
        heard.append(change.followed)

    leader.listen(pass_on)
    follower.listen(note)
    await leader.serve(ONE)
    await leader.serve(TWO)
    assert name_of(follower) == "two"
    await follower.rollback()
    assert name_of(follower) == "one"
    assert heard == [True, True, False]


async def test_a_turn_ends_with_the_model_it_began_with() -> None:
    actions = SlowActions()
    keeper = ModelKeeper(load(ONE), packed=ONE, load=load)
    served = served_with(keeper, actions=actions)
    turn = asyncio.create_task(say(served, "/slow"))
    await actions.called.wait()
    await keeper.serve(TWO)
    actions.release.set()
    assert await turn == ["done at last"]
    ids = [event.metadata["model_id"] for event in await stored(served)]
    assert set(ids) == {"o" * 32}
    await say(served, "/greet")
    assert (await stored(served))[-1].metadata["model_id"] == "t" * 32


async def test_a_model_is_let_go_when_its_last_turn_ends() -> None:
    actions = SlowActions()
    keeper = ModelKeeper(load(ONE), packed=ONE, load=load)
    served = served_with(keeper, actions=actions)
    await say(served, "/greet", sender="other")
    assert keeper.assistant is not None
    old = weakref.ref(keeper.assistant), weakref.ref(keeper.assistant.model)
    turn = asyncio.create_task(say(served, "/slow"))
    await actions.called.wait()
    await keeper.serve(TWO)
    assert old[0]() is not None, "the turn still needs it"
    actions.release.set()
    await turn
    del turn
    gc.collect()
    assert [one() for one in old] == [None, None]


async def test_live_conversations_are_kept_when_the_new_model_folds_them_the_same_way() -> None:
    keeper = ModelKeeper(load(ONE), load=load)
    served = served_with(keeper)
    await say(served, "/greet")
    loads = counted_loads(served)
    await keeper.serve(TWO)
    await say(served, "/bye")
    assert loads() == 0


async def test_live_conversations_are_folded_again_when_the_slots_are_others() -> None:
    changed = msgspec.structs.replace(echo_domain(), slots={"x": Slot(name="x", type="text")})
    keeper = ModelKeeper(load(ONE), load=lambda packed: assistant_of(packed.name, changed))
    served = served_with(keeper)
    await say(served, "/greet")
    loads = counted_loads(served)
    await keeper.serve(TWO)
    await say(served, "/bye")
    assert loads() == 1
    view = await served.operations.show("u", served.ready())
    assert view.tracker.slots == {"x": None}


async def test_a_slot_that_the_new_model_lacks_is_passed_over_and_comes_back_with_it() -> None:
    slots = {"x": Slot(name="x", type="text")}
    domains = {"with": msgspec.structs.replace(echo_domain(), slots=slots), "less": echo_domain()}
    keeper = ModelKeeper(load=lambda packed: assistant_of(packed.name, domains[packed.name]))
    served = served_with(keeper)
    await keeper.serve(Packed("with", b"1"))
    await append(served, SlotSet(name="x", value="kept"))
    await keeper.serve(Packed("less", b"2"))
    assert await say(served, "/greet") == ["said greet"]
    assert (await served.operations.show("u", served.ready())).tracker.slots == {}
    await keeper.rollback()
    assert (await served.operations.show("u", served.ready())).tracker.slots == {"x": "kept"}


async def test_a_form_that_the_new_model_lacks_is_left_and_logged_as_left() -> None:
    forms = {"booking": Form(name="booking")}
    domains = {"with": msgspec.structs.replace(echo_domain(), forms=forms), "less": echo_domain()}
    keeper = ModelKeeper(load=lambda packed: assistant_of(packed.name, domains[packed.name]))
    served = served_with(keeper)
    await keeper.serve(Packed("with", b"1"))
    await append(served, ActiveLoop(name="booking"))
    await keeper.serve(Packed("less", b"2"))
    assert await say(served, "/greet") == ["said greet"]
    loops = [event.name for event in await stored(served) if isinstance(event, ActiveLoop)]
    assert loops == ["booking", None]


async def append(served: Service, *events: Event) -> None:
    await served.operations.append("u", list(events), served.ready())


def counted_loads(served: Service) -> Callable[[], int]:
    store = served.store
    count = 0
    load_tail = store.load_tail

    async def counting(*args: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        return await load_tail(*args, **options)

    cast(Any, store).load_tail = counting
    return lambda: count
