import base64
import subprocess
import sys
from io import BytesIO

import numpy as np
import pytest
import torch
from drawings import DRAWINGS
from PIL import Image

from finalnet import draw_strokes
from finalnet.checkpoint import load_checkpoint
from finalnet.preprocessing import INPUT_SIZE, preprocess, to_tensor
from finalnet.web.inside import (
    AGAINST,
    FOR,
    NEUTRAL,
    draw_evidence,
    draw_feature_maps,
    draw_features,
    look_inside,
    to_data_url,
)

BLANK = np.zeros((INPUT_SIZE, INPUT_SIZE), np.uint8)


@pytest.fixture(scope="module")
def eight() -> np.ndarray:
    return preprocess(draw_strokes(DRAWINGS["8 two circles"][1]))


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_maps_are_what_hooks_on_the_trained_model_see(recognizer, name):
    network_input = preprocess(draw_strokes(DRAWINGS[name][1]))
    model = load_checkpoint().eval()
    seen = {}
    for layer in ("bn1", "bn2", "bn3", "bn4", "fc1"):
        getattr(model, layer).register_forward_hook(
            lambda _module, _inputs, output, layer=layer: seen.update({layer: output[0].relu()})
        )
    with torch.inference_mode():
        log_probabilities = model(to_tensor(network_input[None]))[0]
    inside = look_inside(recognizer.model, network_input)
    for number, feature_map in enumerate(inside.feature_maps, start=1):
        np.testing.assert_allclose(feature_map, seen[f"bn{number}"], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(inside.features, seen["fc1"], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(inside.log_probabilities, log_probabilities, rtol=1e-4, atol=1e-4)


def test_every_part_has_the_promised_shape(recognizer, eight):
    inside = look_inside(recognizer.model, eight)
    shapes = [feature_map.shape for feature_map in inside.feature_maps]
    assert shapes == [(8, 28, 28), (16, 28, 28), (16, 14, 14), (16, 14, 14)]
    parts = (*inside.feature_maps, inside.features, inside.log_probabilities, inside.evidence)
    assert all(part.dtype == np.float32 and np.isfinite(part).all() for part in parts)
    assert (inside.features.shape, inside.evidence.shape) == ((32,), (10, 28, 28))
    assert np.exp(inside.log_probabilities).sum() == pytest.approx(1, abs=1e-5)


def test_paper_is_no_evidence(recognizer, eight):
    assert not look_inside(recognizer.model, BLANK).evidence.any()
    assert not look_inside(recognizer.model, eight).evidence[:, eight == 0].any()


def test_evidence_is_what_the_log_odds_lose_when_its_square_is_rubbed_out(recognizer):
    network_input = BLANK.copy()
    network_input[4:24, 13:15] = 255
    network_input[10, 13] = 51
    erased = network_input.copy()
    erased[9:13, 12:16] = 0  # the only square that holds the rows 10 and 11 of this stroke
    with torch.inference_mode():
        log_p = recognizer.model(to_tensor(np.stack([network_input, erased]))).double().numpy()
    others = [np.log(np.exp(np.delete(log_p, digit, axis=1)).sum(axis=1)) for digit in range(10)]
    before, after = log_p - np.stack(others, axis=1)
    evidence = look_inside(recognizer.model, network_input).evidence
    np.testing.assert_allclose(evidence[:, 11, 13], before - after, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(evidence[:, 10, 13], 0.2 * (before - after), rtol=1e-3, atol=1e-3)


def test_rubbing_out_the_ink_that_spoke_for_a_digit_hurts_it_most(recognizer, mnist_validation):
    """A fifth of the ink of 100 digits, against as much ink chosen at random."""
    random = np.random.default_rng(0)
    left = {"strongest": 0.0, "random": 0.0}
    digits = zip(mnist_validation.images[:100].numpy(), mnist_validation.labels, strict=False)
    for image, label in digits:
        ink = np.flatnonzero(image)
        evidence = look_inside(recognizer.model, image).evidence[label].ravel()[ink]
        for name, order in (("strongest", -evidence), ("random", random.random(len(ink)))):
            erased = image.copy()
            erased.flat[ink[np.argsort(order)[: len(ink) // 5]]] = 0
            probabilities = recognizer.recognize_inputs(erased[None])[0].probabilities
            left[name] += float(probabilities[label]) / 100
    assert left["strongest"] < left["random"] - 0.1


def test_what_speaks_for_a_drawing_is_orange_and_what_speaks_against_it_blue():
    network_input, evidence = BLANK.copy(), np.zeros((28, 28), np.float32)
    network_input[5, 5:8] = 255
    evidence[5, 5:7] = 2, -2
    picture = np.asarray(draw_evidence(network_input, evidence))
    assert picture.shape == (28, 28, 3)
    assert tuple(picture[5, 5]) == FOR and tuple(picture[5, 6]) == AGAINST
    assert tuple(picture[5, 7]) == NEUTRAL
    assert (picture[network_input == 0] == 255).all()


def test_the_maps_of_a_layer_are_tiles_of_one_picture_with_gaps_that_are_clear():
    maps = np.zeros((16, 14, 14), np.float32)
    maps[9, 3, 4] = 5
    picture = np.asarray(draw_feature_maps(maps).convert("RGBA"))
    assert picture.shape == (2 * 15 - 1, 8 * 15 - 1, 4)
    brightness = picture.astype(int).sum(axis=2)
    assert np.unravel_index(brightness.argmax(), brightness.shape) == (15 + 3, 15 + 4)
    assert not picture[14, :, 3].any() and not picture[:, 14, 3].any()
    assert picture[:14, :14, 3].all()


def test_brighter_is_always_more():
    cells = np.asarray(draw_features(np.arange(32, dtype=np.float32)).convert("L"))
    brightness = np.concatenate([cells[0, ::5], cells[5, ::5]]).astype(int)
    assert (np.diff(brightness) > 0).all()


def test_all_pictures_of_a_drawing_fit_in_a_small_message(recognizer, eight):
    for network_input in (eight, BLANK):
        inside = look_inside(recognizer.model, network_input)
        pictures = [draw_feature_maps(feature_map) for feature_map in inside.feature_maps]
        pictures.append(draw_features(inside.features))
        pictures += [draw_evidence(network_input, evidence) for evidence in inside.evidence[:2]]
        urls = [to_data_url(picture) for picture in pictures]
        assert sum(map(len, urls)) < 20_000
        for picture, url in zip(pictures, urls, strict=True):
            assert url.startswith("data:image/png;base64,")
            reopened = Image.open(BytesIO(base64.b64decode(url.split(",")[1])))
            assert reopened.convert("RGBA").tobytes() == picture.convert("RGBA").tobytes()


def test_looking_inside_imports_neither_torchvision_nor_gradio():
    code = (
        "import sys, numpy, finalnet, finalnet.web.inside as inside;"
        "model = finalnet.Recognizer.load().model;"
        "inside.look_inside(model, numpy.zeros((28, 28), numpy.uint8));"
        "print([m for m in ('torchvision', 'gradio', 'matplotlib') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"
