"""Two small trained models that answer `hi` differently, and archives that are none."""

import io
import tarfile
import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tertulia.model.archive import model_bytes
from tertulia.training.project import Project, read_project
from tertulia.training.run import Identity, train

YAML = """\
version: "3.1"
recipe: default.v1
assistant_id: tiny
language: en
pipeline:
- name: WhitespaceTokenizer
- name: KeywordIntentClassifier
policies:
- name: RulePolicy
intents: [hi]
responses:
  utter_hi:
  - text: yo
nlu:
- intent: hi
  examples: |
    - hi
    - hey
rules:
- rule: r
  steps:
  - intent: hi
  - action: utter_hi
"""

ESCAPED = "/tmp/tertulia-test-escaped.txt"  # noqa: S108 - where an archive wants to write

IDS = {"yo": "a" * 32, "ahoy": "b" * 32}


@cache
def trained(answer: str = "yo") -> bytes:
    """Return a model, packed as .tar.gz, that answers `hi` with this."""
    with TemporaryDirectory() as folder:
        path = (Path(folder) / "training.yml",)
        path[0].write_text(YAML.replace("yo", answer))
        data = read_project(Project(config=path, domain=path, nlu=path, stories=path))
        identity = Identity(model_id=IDS[answer], created="2026-01-01T00:00:00+00:00")
        return model_bytes(train(data, identity))


def tar_of(
    name: str, data: bytes = b"x", *, kind: bytes = tarfile.REGTYPE, link: str = ""
) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, link
        info.size = len(data) if kind == tarfile.REGTYPE else 0
        archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def zip_of(name: str | zipfile.ZipInfo, data: bytes = b"x") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


def link_in_zip() -> bytes:
    info = zipfile.ZipInfo("domain.json")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return zip_of(info, b"/etc/passwd")


HOSTILE = {
    "no archive": b"not an archive",
    "nothing": b"",
    "half a gzip": trained()[:200],
    "tar with a way out": tar_of("../../escaped.txt"),
    "tar with an absolute path": tar_of(ESCAPED),
    "tar with a symbolic link": tar_of("domain.json", kind=tarfile.SYMTYPE, link="/etc/passwd"),
    "tar with a hard link": tar_of("domain.json", kind=tarfile.LNKTYPE, link="/etc/passwd"),
    "tar with a device": tar_of("domain.json", kind=tarfile.CHRTYPE),
    "tar with a pipe": tar_of("domain.json", kind=tarfile.FIFOTYPE),
    "zip with a way out": zip_of("../../escaped.txt"),
    "zip with an absolute path": zip_of(ESCAPED),
    "zip with a link": link_in_zip(),
    "zip without a model": zip_of("x.txt"),
    "gzip bomb": tar_of("domain.json", bytes(160 << 20)),
    "zip bomb": zip_of("domain.json", bytes(160 << 20)),
}

ORIGINALS = {
    "zip of rasa_core 0.x": zip_of("policy_metadata.json", b'{"rasa_core": "0.13.8"}'),
    "tar of Rasa 3.x": tar_of("metadata.json", b"{}"),
    "tar of Rasa 1.x": tar_of("fingerprint.json", b"{}"),
}
