"""Bot events from response contents, in the shape of each generation.

Source: spec events.md (bot), nlg.md section 4, sdk.md section 2.
"""

from collections.abc import Mapping
from typing import Any

from tertulia.core.domain.model import Generation
from tertulia.core.events import BotUttered

Json = Any

_MODERN_DATA = ("elements", "quick_replies", "buttons", "attachment", "image", "custom")


def bot_event(content: Mapping[str, Json], generation: Generation) -> BotUttered:
    """Return the event of saying `content` (text, buttons, image, ... and further keys)."""
    if generation is Generation.LEGACY:
        return _legacy(content)
    data: dict[str, Json] = {key: content.get(key) for key in _MODERN_DATA}
    if data["attachment"] is None:
        data["attachment"] = data["image"]  # the originals do; channels send it once
    known = {"text", *_MODERN_DATA}
    metadata = {key: value for key, value in content.items() if key not in known}
    return BotUttered(text=content.get("text"), data=data, metadata=metadata)


def _legacy(content: Mapping[str, Json]) -> BotUttered:
    data: dict[str, Json] = {
        "elements": content.get("elements"),
        "buttons": content.get("buttons"),
        "attachment": content.get("image"),  # 0.x keeps the image under this name
    }
    return BotUttered(text=content.get("text"), data=data, content=dict(content))


def merge_answer(
    draft: Mapping[str, Json], said: Mapping[str, Json], name: str | None
) -> dict[str, Json]:
    """Return the content of one response object of an action server.

    draft: the named response's content, empty without a name. said: the object. Buttons are
    added to the draft's, every other key with a value overwrites.
    """
    content = dict(draft)
    if name is not None:
        content.setdefault("utter_action", name)
    buttons = said.get("buttons")
    if buttons:
        content["buttons"] = [*(content.get("buttons") or []), *buttons]
    named_by = "response" if said.get("response") else "template"
    content.update({k: v for k, v in said.items() if v and k not in ("buttons", named_by)})
    return content
