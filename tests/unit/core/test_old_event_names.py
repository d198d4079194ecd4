"""Action servers of old bots get every field under the names of events that they know."""

from tertulia.core.events import ActiveLoop, LoopInterrupted, UserUttered
from tertulia.core.events.codec import Family, encode


def test_loops_have_the_names_of_forms() -> None:
    assert encode(ActiveLoop(name="f"), Family.OLD_NAMES)["event"] == "form"
    interrupted = encode(LoopInterrupted(is_interrupted=True), Family.OLD_NAMES)
    assert interrupted["event"] == "form_validation"
    assert interrupted["validate"] is False


def test_fields_of_later_releases_stay() -> None:
    said = UserUttered(text="hi", parse_data={}, message_id="m", metadata={"k": 1})
    sent = encode(said, Family.OLD_NAMES)
    assert (sent["message_id"], sent["metadata"]) == ("m", {"k": 1})
    assert "message_id" not in encode(said, Family.LEGACY)
