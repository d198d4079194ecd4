"""Loading: names in a model find only what is installed, and nonsense is a model error."""

from pathlib import Path

import msgspec
import pytest
from tests.unit.training.projects import MODERN, modern, write

from tertulia.base.errors import TertuliaError, UnknownComponent
from tertulia.model.archive import write_model
from tertulia.model.content import Content
from tertulia.model.load import load_model
from tertulia.training.project import read_project
from tertulia.training.run import Identity, train


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Content:
    folder = write(tmp_path_factory.mktemp("bot"), MODERN)
    return train(read_project(modern(folder)), Identity(model_id="a" * 32, created="now"))


def changed(content: Content, name: str, old: bytes, new: bytes) -> Content:
    assert old in content.entries[name]
    entries = {**content.entries, name: content.entries[name].replace(old, new)}
    return msgspec.structs.replace(content, entries=entries)


def test_a_model_from_a_file_carries_the_files_name(tmp_path: Path, trained: Content) -> None:
    write_model(trained, tmp_path / "bot.tar.gz", "tar.gz")
    assert load_model(tmp_path / "bot.tar.gz").name == "bot.tar.gz"


@pytest.mark.parametrize("path", ["os.system", "subprocess.Popen", "builtins.eval", "tests.x.Y"])
def test_a_dotted_path_in_a_model_is_never_followed(trained: Content, path: str) -> None:
    for entry, name in [
        ("nlu/0/meta.json", "WhitespaceTokenizer"),
        ("policies/0/meta.json", "MemoizationPolicy"),
    ]:
        old, new = (f'"name":"{one}"'.encode() for one in (name, path))
        with pytest.raises(UnknownComponent):
            load_model(changed(trained, entry, old, new))


def test_settings_that_no_policy_has_are_a_model_error(trained: Content) -> None:
    with pytest.raises(TertuliaError, match="T411"):
        load_model(changed(trained, "policies/0/meta.json", b'"settings":{', b'"settings":{"x":1,'))


@pytest.mark.parametrize("domain", [b"[]", b"5", b"{", b'{"intents": 5}', b'{"slots": {"a": {}}}'])
def test_a_senseless_domain_is_a_model_error(trained: Content, domain: bytes) -> None:
    broken = msgspec.structs.replace(trained, entries={**trained.entries, "domain.json": domain})
    with pytest.raises(TertuliaError) as caught:
        load_model(broken)
    assert caught.value.code.startswith("T4")


def test_a_missing_entry_is_an_error_of_ours_or_no_loss(trained: Content) -> None:
    for name in trained.entries:
        entries = {other: data for other, data in trained.entries.items() if other != name}
        outcome = outcome_of(msgspec.structs.replace(trained, entries=entries))
        assert outcome is None or outcome.code.startswith("T4"), name


@pytest.mark.parametrize("section", ["nlu", "policies"])
def test_parts_with_other_data_are_an_error_of_ours(trained: Content, section: str) -> None:
    names = [name for name in trained.entries if name.startswith(section)]
    for name in names:
        if not name.endswith("meta.json"):
            continue
        meta = msgspec.json.decode(trained.entries[name])
        for nonsense in ({}, {"a": None}, dict.fromkeys(meta["meta"], 5)):
            data = msgspec.json.encode({**meta, "meta": nonsense})
            broken = msgspec.structs.replace(trained, entries={**trained.entries, name: data})
            outcome = outcome_of(broken)
            assert outcome is None or isinstance(outcome, TertuliaError)


def outcome_of(content: Content) -> TertuliaError | None:
    """Return the error of loading, None when it loads; any other exception fails the test."""
    try:
        load_model(content)
    except TertuliaError as error:
        return error
    return None
