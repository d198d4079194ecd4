"""NLU results in the shape of other services, for clients written for them.

Source: spec http_api.md "POST /model/parse"; the public API references of the three services.
"""

from collections.abc import Callable, Mapping
from typing import Any

from tertulia.core.understanding import Understanding

Json = Any
Body = dict[str, Json]
Emulation = Callable[[Understanding, str], Body]


def wit(understanding: Understanding, answer_id: str) -> Body:
    """Return the shape of Wit.ai's `message`."""
    intent = understanding.intent
    entities: dict[str, list[Body]] = {}
    for entity in understanding.entities:
        name = str(entity["entity"])
        role = str(entity.get("role") or name)
        entities.setdefault(f"{name}:{role}", []).append(
            {
                "name": name,
                "role": role,
                "start": entity.get("start"),
                "end": entity.get("end"),
                "body": _body(understanding.text, entity),
                "value": entity.get("value"),
                "confidence": _confidence(entity),
                "entities": [],
            }
        )
    known = [] if intent.name is None else [{"name": intent.name, "confidence": intent.confidence}]
    return {"text": understanding.text, "intents": known, "entities": entities}


def luis(understanding: Understanding, answer_id: str) -> Body:
    """Return the shape of LUIS's prediction, version 3."""
    ranked = understanding.intent_ranking or (understanding.intent,)
    values: dict[str, Json] = {}
    instances: dict[str, list[Body]] = {}
    for entity in understanding.entities:
        name = str(entity["entity"])
        key = str(entity.get("role") or name)
        values.setdefault(key, []).append(entity.get("value"))
        start, end = entity.get("start"), entity.get("end")
        length = end - start if isinstance(start, int) and isinstance(end, int) else None
        instances.setdefault(key, []).append(
            {
                "type": name,
                "text": _body(understanding.text, entity),
                "startIndex": start,
                "length": length,
                "score": _confidence(entity),
                "role": entity.get("role"),
            }
        )
    return {
        "query": understanding.text,
        "prediction": {
            "normalizedQuery": understanding.text,
            "topIntent": understanding.intent.name,
            "intents": {each.name: {"score": each.confidence} for each in ranked if each.name},
            "entities": {**values, "$instance": instances},
        },
    }


def dialogflow(understanding: Understanding, answer_id: str) -> Body:
    """Return the shape of Dialogflow's `detectIntent`, version 2."""
    intent = understanding.intent
    parameters: dict[str, list[Json]] = {}
    for entity in understanding.entities:
        parameters.setdefault(str(entity["entity"]), []).append(entity.get("value"))
    return {
        "responseId": answer_id,
        "queryResult": {
            "queryText": understanding.text,
            "action": intent.name,
            "parameters": parameters,
            "fulfillmentText": "",
            "fulfillmentMessages": [],
            "outputContexts": [],
            "intent": {"name": intent.name, "displayName": intent.name},
            "intentDetectionConfidence": intent.confidence,
        },
    }


EMULATIONS: Mapping[str, Emulation] = {"WIT": wit, "LUIS": luis, "DIALOGFLOW": dialogflow}
"""By the value of `emulation_mode`, in upper case."""


def _body(text: str, entity: Mapping[str, Json]) -> str:
    start, end = entity.get("start"), entity.get("end")
    if isinstance(start, int) and isinstance(end, int):
        return text[start:end]
    return str(entity.get("value"))


def _confidence(entity: Mapping[str, Json]) -> Json:
    found = entity.get("confidence_entity", entity.get("confidence"))
    return 1.0 if found is None else found
