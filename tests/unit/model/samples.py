"""A small model for tests."""

from tertulia.model.archive import ContainerKind
from tertulia.model.content import Content
from tertulia.model.manifest import Manifest

KINDS: list[ContainerKind] = ["tar.gz", "zip", "folder"]


def sample() -> Content:
    return Content(
        manifest=Manifest(
            product="0.1.0",
            model_id="0123456789abcdef0123456789abcdef",
            created="2026-11-23T10:00:00+00:00",
            generation="modern",
            kinds=("core", "nlu"),
            assistant_id="test",
            language="en",
            fingerprints={"core": "a", "nlu": "b"},
        ),
        entries={
            "config.json": b"{}",
            "domain.json": b'{"intents":["greet"]}',
            "nlu/0/arrays.safetensors": bytes(range(256)) * 4,
            "nlu/0/meta.json": b'{"name":"x"}',
            "policies/0/blobs/0.bin": b"\0\1",
            "policies/0/meta.json": b"{}",
        },
    )
