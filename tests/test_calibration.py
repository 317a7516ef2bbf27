import numpy as np
import pytest
import torch

from finalnet import FinalNet, Recognizer
from finalnet.checkpoint import BUNDLED
from finalnet.model import to_network
from finalnet.recognizer import softmax, view_logits
from finalnet.training.calibration import KEPT_DIGITS, calibrate
from finalnet.training.data import Digits


@pytest.fixture(scope="module")
def digits(mnist_validation) -> Digits:
    """2,000 digits, of which one more or less is 0.0005 of the share that is kept."""
    return Digits(mnist_validation.images[:2_000], mnist_validation.labels[:2_000])


@pytest.fixture(scope="module")
def calm(digits) -> FinalNet:
    """The committed network, calibrated on MNIST alone."""
    model = FinalNet.from_pretrained(BUNDLED).eval()
    return calibrate(model, digits.images.numpy(), digits.labels)


def test_a_threefold_overconfident_network_gets_a_threefold_temperature(calm, digits):
    inputs, labels = digits.images.numpy(), digits.labels
    loud = FinalNet.from_pretrained(BUNDLED).eval()
    with torch.no_grad():
        loud.fc2.weight *= 3
        loud.fc2.bias *= 3
    loud = calibrate(loud, inputs, labels)
    assert loud.temperature == pytest.approx(3 * calm.temperature, rel=0.03)


def test_the_threshold_keeps_the_stated_share_of_digits(calm, digits):
    predictions = Recognizer(to_network(calm)).recognize_inputs(digits.images.numpy())
    kept = np.mean([prediction.verdict == "digit" for prediction in predictions])
    assert kept == pytest.approx(KEPT_DIGITS, abs=0.001)


def test_temperature_and_threshold_are_saved_with_the_weights(calm, tmp_path):
    calm.save_pretrained(tmp_path)
    loaded = FinalNet.from_pretrained(tmp_path)
    assert loaded.rejection_threshold == calm.rejection_threshold > 0.1
    assert loaded.temperature == calm.temperature


def test_probabilities_use_the_temperature(digits):
    model = FinalNet.from_pretrained(BUNDLED).eval()
    model.temperature = 2.5
    inputs = digits.images[:200].numpy()
    stated = np.stack(
        [p.probabilities for p in Recognizer(to_network(model)).recognize_inputs(inputs)]
    )
    logits = view_logits(to_network(model), inputs)
    np.testing.assert_allclose(stated, softmax(logits / 2.5), atol=1e-4)
    assert np.abs(stated - softmax(logits)).max() > 0.1
