"""A model that learned one conversation more; the rest of it is as it was."""

from collections.abc import Sequence

from msgspec.structs import replace

from tertulia.base.errors import NothingLearns
from tertulia.core.events import Event
from tertulia.core.tracker import replay, rules_for
from tertulia.ml.parts import Parts
from tertulia.model.archive import read_model_bytes
from tertulia.model.load import load_model
from tertulia.model.packed import Packed, pack_content
from tertulia.model.parts import from_entries, to_entries
from tertulia.policies.policy import Policy, TeachablePolicy


def taught(packed: Packed, events: Sequence[Event], *, passes: int, model_id: str) -> Packed:
    """Return the model whose policies also know what was done in a conversation.

    events: the conversation from its beginning. passes: over it, at most. model_id: of the new
    model, 32 hexadecimal digits. Rules do not learn; memories keep it by heart, networks learn it.

    Raises:
        ModelError: the model is damaged. NothingLearns: it has no policy that learns.
    """
    content = read_model_bytes(packed.data)
    model = load_model(content, name=packed.name)
    policies: Sequence[Policy] = model.ensemble.policies if model.ensemble else ()
    if not any(isinstance(policy, TeachablePolicy) for policy in policies):
        raise NothingLearns(
            "no policy of the model learns from a single conversation",
            hint="Add MemoizationPolicy or TEDPolicy to the policies and train again.",
        )
    tracker = replay("default", rules_for(model.domain), events)
    parts = {
        key: _learned(part, policy.taught(tracker, passes).parts())
        if isinstance(policy, TeachablePolicy)
        else part
        for (key, part), policy in zip(
            from_entries(content, "policies").items(), policies, strict=True
        )
    }
    entries = {**content.entries, **to_entries("policies", parts)}
    manifest = replace(content.manifest, model_id=model_id)
    return pack_content(replace(content, manifest=manifest, entries=entries), packed.name)


def _learned(part: Parts, own: Parts) -> Parts:
    meta = {**part.meta, "learned": own.meta}
    return Parts(meta=meta, arrays=own.arrays, blobs=own.blobs)
