"""Models that Rasa made are recognised in every form, and the reader is told what to do."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from tertulia.base.errors import ModelError
from tertulia.model.archive import read_model, read_model_bytes

GENERATIONS = {
    "3.x": ["metadata.json", "components/train_KeywordIntentClassifier0/keywords.json"],
    "2.x": ["core/domain.json", "nlu/component_0_Tokenizer.json", "fingerprint.json"],
    "1.x": ["fingerprint.json", "nlu/metadata.json", "core/policy_metadata.json"],
    "0.x core": ["policy_metadata.json", "domain.json", "policy_0_KerasPolicy/keras_model.h5"],
    "0.x nlu": ["metadata.json", "crf_model.pkl", "training_data.json"],
}


def tell(caught: pytest.ExceptionInfo[ModelError]) -> None:
    assert caught.value.code == "T403"
    assert "made by Rasa" in caught.value.message
    assert "Retrain with `tertulia train`" in caught.value.hint
    assert "python -m rasa_core.train" in caught.value.hint


@pytest.mark.parametrize("names", GENERATIONS.values(), ids=list(GENERATIONS))
@pytest.mark.parametrize("turned", [False, True])
def test_in_a_tar(tmp_path: Path, names: list[str], turned: bool) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in reversed(names) if turned else names:
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"{}")
        archive.add(tmp_path, arcname="")
    with pytest.raises(ModelError) as caught:
        read_model_bytes(packed.getvalue())
    tell(caught)


@pytest.mark.parametrize("names", [GENERATIONS["0.x core"], GENERATIONS["0.x nlu"]])
def test_in_a_zip(names: list[str]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, b"{}")
    with pytest.raises(ModelError) as caught:
        read_model_bytes(packed.getvalue())
    tell(caught)


@pytest.mark.parametrize("names", GENERATIONS.values(), ids=list(GENERATIONS))
def test_in_a_folder(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"{}")
    with pytest.raises(ModelError) as caught:
        read_model(tmp_path)
    tell(caught)


def test_a_project_folder_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "domain.yml").write_text("intents: []")
    with pytest.raises(ModelError) as caught:
        read_model(tmp_path)
    assert caught.value.code != "T403"
