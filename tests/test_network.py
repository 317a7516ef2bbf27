"""Compares the network in NumPy with the one in PyTorch."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from drawings import DRAWINGS
from serving import ROOT

from finalnet import FinalNet, Recognizer, draw_strokes
from finalnet.checkpoint import BUNDLED
from finalnet.model import to_network, to_tensor
from finalnet.network import CHUNK, Network, weight_shapes
from finalnet.preprocessing import normalize
from finalnet.training.handwriting import generate, generate_digits, generate_others
from finalnet.views import make_views


@pytest.fixture(scope="module")
def model() -> FinalNet:
    return FinalNet.from_pretrained(BUNDLED).eval()


def test_numpy_and_pytorch_agree_on_a_thousand_drawings(model, recognizer):
    inputs = np.concatenate([generate(generate_digits, 800, 7), generate(generate_others, 200, 7)])
    views = torch.from_numpy(make_views(inputs, model.pens)).flatten(0, 1)
    with torch.inference_mode():
        logits = model.logits(to_tensor(views)).unflatten(0, (-1, len(model.pens))).mean(dim=1)
    expected = (logits / model.temperature).softmax(dim=1).numpy()
    confidence = logits.softmax(dim=1).amax(dim=1)
    predictions = recognizer.recognize_inputs(inputs)
    assert len(predictions) == 1_000
    answers = np.stack([prediction.probabilities for prediction in predictions])
    np.testing.assert_allclose(answers, expected, rtol=0, atol=1e-5)
    for prediction, sure in zip(predictions, confidence >= model.rejection_threshold, strict=True):
        assert prediction.verdict == ("digit" if sure else "unsure")


@pytest.mark.parametrize("count", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_any_number_of_inputs_gives_logits_in_order(model, recognizer, count):
    inputs = generate(generate_digits, 3 * CHUNK, 1)[:count]
    with torch.inference_mode():
        expected = model.logits(to_tensor(inputs))
    logits = recognizer.network.logits(normalize(inputs))
    assert logits.shape == (count, 10) and logits.dtype == np.float32
    np.testing.assert_allclose(logits, expected, atol=1e-4)


def test_weight_shapes_match_the_pytorch_model():
    shapes = {name: tuple(tensor.shape) for name, tensor in FinalNet().state_dict().items()}
    assert weight_shapes() == shapes


def test_an_untrained_network_gives_the_same_logits_as_its_model():
    torch.manual_seed(1)
    model = FinalNet(temperature=2.0, rejection_threshold=0.5).train()
    model(torch.randn(32, 1, 28, 28))  # gives the batch norms some statistics
    network = to_network(model.eval())
    assert isinstance(network, Network)
    assert (network.temperature, network.rejection_threshold) == (2.0, 0.5)
    inputs = torch.randn(16, 1, 28, 28)
    with torch.inference_mode():
        expected = model.logits(inputs)
    np.testing.assert_allclose(network.logits(inputs[:, 0].numpy()), expected, atol=1e-5)


WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "torchvision", "matplotlib"):
            raise ModuleNotFoundError(f"{name} is blocked", name=name)
sys.meta_path.insert(0, Missing())
sys.path.insert(0, ROOT)
"""


def run_without_torch(code: str) -> subprocess.CompletedProcess:
    """Run Python code with imports of PyTorch, torchvision and matplotlib blocked."""
    code = WITHOUT.replace("ROOT", repr(str(ROOT))) + code
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_what_serves_needs_no_pytorch(tmp_path):
    run = run_without_torch(
        "from finalnet import Recognizer, draw_strokes\n"
        "from finalnet.__main__ import main\n"
        "from finalnet.checkpoint import BUNDLED\n"
        "from finalnet.server.page import mount_page\n"
        "from finalnet.server.readers import LocalReaders\n"
        "from finalnet.server.service import Service\n"
        "from finalnet.web.about import describe\n"
        f"strokes = {DRAWINGS['3 round'][1]}\n"
        "recognizer = Recognizer.load()\n"
        "print(recognizer.recognize(draw_strokes(strokes)).digit)\n"
        "print(recognizer.read_number(strokes).text)\n"
        "print('31,450' in describe(BUNDLED))\n"
        "print(sorted(mount_page(Service(LocalReaders(BUNDLED), BUNDLED)).numbers.values()))\n"
        f"main(['export', {str(tmp_path / 'page')!r}])\n"
        "main(['summary'])\n"
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("3\n3\nTrue\n['read_number', 'read_number_strokes', 'recognize'")
    assert "31,450" in run.stdout.splitlines()[-1]


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_commands_that_need_pytorch_say_how_to_install_it(command):
    run = run_without_torch(f"from finalnet.__main__ import main; main(['{command}'])")
    assert run.returncode == 1 and "Traceback" not in run.stderr
    assert f"`finalnet {command}` needs" in run.stderr
    assert "pip install 'finalnet[train]'" in run.stderr


def test_importing_the_finalnet_class_needs_pytorch_and_unknown_names_fail():
    run = run_without_torch("import finalnet; finalnet.FinalNet")
    assert "ModuleNotFoundError" in run.stderr and "torch" in run.stderr
    with pytest.raises(ImportError, match="cannot import name 'Nothing'"):
        from finalnet import Nothing  # noqa: F401


def test_a_recognizer_made_from_a_pytorch_model_recognises_digits(model):
    recognizer = Recognizer(to_network(model))
    for digit, strokes in DRAWINGS.values():
        assert recognizer.recognize(draw_strokes(strokes)).digit == digit
