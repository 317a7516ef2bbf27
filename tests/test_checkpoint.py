import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from serving import ROOT

from finalnet import FinalNet, Recognizer
from finalnet.checkpoint import BUNDLED, find_checkpoint, load_checkpoint
from finalnet.model import to_network


@pytest.fixture
def folder(tmp_path):
    """A copy of the bundled checkpoint, for tests to break."""
    return shutil.copytree(BUNDLED, tmp_path / "copy")


def change_weights(folder, change):
    path = folder / "model.safetensors"
    weights = load_file(path)
    change(weights)
    save_file(weights, path)


def test_saving_and_loading_a_checkpoint_changes_nothing(tmp_path):
    model = FinalNet(temperature=1.5, rejection_threshold=None, pens=(-0.25, 0.5)).eval()
    model.save_pretrained(tmp_path)
    loaded, saved = load_checkpoint(tmp_path), to_network(model)
    assert (loaded.temperature, loaded.rejection_threshold) == (1.5, None)
    assert loaded.pens == FinalNet.from_pretrained(tmp_path).pens == (-0.25, 0.5)
    inputs = np.random.default_rng(0).normal(size=(4, 28, 28)).astype(np.float32)
    assert np.array_equal(loaded.logits(inputs), saved.logits(inputs))


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_another_precision_are_converted_or_rejected(folder, kind, recognizer):
    change_weights(folder, lambda w: w.update({n: t.to(kind) for n, t in w.items()}))
    try:
        loaded = Recognizer.load(folder)
    except ValueError as error:
        assert "model.safetensors" in str(error) and kind == torch.bfloat16
    else:
        inputs = np.zeros((1, 28, 28), np.float32)
        expected = recognizer.network.logits(inputs)
        np.testing.assert_allclose(loaded.network.logits(inputs), expected, atol=0.05)
        assert loaded.network.logits(inputs).dtype == np.float32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("fc2.bias"), r"lacks fc2\.bias"),
        (lambda w: w.update(fc3=torch.zeros(2)), r"unknown tensors: fc3"),
        (lambda w: w.update({"fc2.bias": torch.zeros(9)}), r"wrong shape for fc2\.bias \(\(9,\)"),
        (lambda w: w["conv1.weight"].fill_(torch.nan), r"NaN or infinity in conv1\.weight"),
    ],
)
def test_the_error_for_wrong_weights_names_the_tensor(folder, change, message):
    change_weights(folder, change)
    with pytest.raises(ValueError, match=r"copy/model\.safetensors .*" + message):
        Recognizer.load(folder)


def test_a_truncated_file_of_weights_is_rejected(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"copy/model\.safetensors cannot be read"):
        Recognizer.load(folder)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{", "is not JSON"),
        ("[]", '"temperature" must be'),
        ('{"rejection_threshold": 0.5}', "\"temperature\" must be .*, got 'nothing'"),
        ('{"temperature": 0, "rejection_threshold": 0.5}', '"temperature" must be .*, got 0'),
        ('{"temperature": NaN, "rejection_threshold": 0.5}', '"temperature" must be .*, got nan'),
        ('{"temperature": true, "rejection_threshold": 0.5}', "got True"),
        ('{"temperature": 1}', "\"rejection_threshold\" must be .*, got 'nothing'"),
        ('{"temperature": 1, "rejection_threshold": 70}', '"rejection_threshold" must .*, got 70'),
        ('{"temperature": 1, "rejection_threshold": 0.5, "pens": []}', r'"pens" must .*, got \[\]'),
        ('{"temperature": 1, "rejection_threshold": 0.5, "pens": 0}', '"pens" must .*, got 0'),
        ('{"temperature": 1, "rejection_threshold": 0.5, "pens": [2]}', r'"pens" .*, got \[2\]'),
    ],
)
def test_an_invalid_configuration_is_rejected(folder, config, message):
    (folder / "config.json").write_text(config)
    with pytest.raises(ValueError, match=r"copy/config\.json.*" + message):
        Recognizer.load(folder)


def test_an_old_checkpoint_without_pens_keeps_its_four_views(folder):
    (folder / "config.json").write_text('{"temperature": 1, "rejection_threshold": 0.5}')
    four = (0.0, -0.5, -0.8, 0.5)
    assert load_checkpoint(folder).pens == FinalNet.from_pretrained(folder).pens == four


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_the_error_for_a_missing_file_names_it(folder, name):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"no {name} in .*copy"):
        Recognizer.load(folder)


@pytest.mark.parametrize(
    "source",
    [
        "/nowhere/at/all",
        "./nowhere",
        "nowhere",
        "checkpoints/finalnt",
        BUNDLED.parent / "finalnt",
    ],
)
def test_a_mistyped_path_does_not_contact_the_hub(source, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(
        FileNotFoundError, match=r"there is no checkpoint folder .*python train\.py"
    ):
        find_checkpoint(source)


def test_the_error_for_an_unavailable_hub_id_says_what_else_to_name():
    # Offline, to save time; the message shows that it tried the Hub.
    code = "import finalnet; finalnet.Recognizer.load('nowhere/at-all')"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"HF_HUB_OFFLINE": "1", "PATH": ""},
    )
    assert "there is no folder nowhere/at-all, and downloading it from the Hub failed" in run.stderr
    assert "python train.py" in run.stderr


def test_the_app_says_what_is_wrong_with_a_checkpoint(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"temperature": -1}))
    run = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), "--checkpoint", str(folder)],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1 and "Traceback" not in run.stderr
    assert "config.json" in run.stderr and "temperature" in run.stderr
