import json
import subprocess
import sys

import torch
from torch import nn

from finalnet import FinalNet
from finalnet.summary import summarize

SPECIFICATION = [
    ("conv1", "Conv2d 1 -> 8", "8x28x28", 80),
    ("bn1", "BatchNorm2d", "8x28x28", 16),
    ("conv2", "Conv2d 8 -> 16", "16x28x28", 1_168),
    ("bn2", "BatchNorm2d", "16x28x28", 32),
    ("pool1", "MaxPool2d 2", "16x14x14", 0),
    ("conv3", "Conv2d 16 -> 16", "16x14x14", 2_320),
    ("bn3", "BatchNorm2d", "16x14x14", 32),
    ("conv4", "Conv2d 16 -> 16", "16x14x14", 2_320),
    ("bn4", "BatchNorm2d", "16x14x14", 32),
    ("pool2", "MaxPool2d 2", "16x7x7", 0),
    ("fc1", "Linear 784 -> 32", "32", 25_120),
    ("dropout", "Dropout 0.25", "32", 0),
    ("fc2", "Linear 32 -> 10", "10", 330),
]


def test_the_layers_of_the_model_match_the_specification():
    rows = []

    def note(name: str):
        def hook(layer, _inputs, output):
            shape = "x".join(str(size) for size in output.shape[1:])
            rows.append((name, shape, sum(p.numel() for p in layer.parameters())))

        return hook

    model = FinalNet()
    for name, layer in model.named_children():
        layer.register_forward_hook(note(name))
        kind = next(kind for row, kind, *_ in SPECIFICATION if row == name)
        match layer:
            case nn.Conv2d():
                assert kind == f"Conv2d {layer.in_channels} -> {layer.out_channels}"
            case nn.Linear():
                assert kind == f"Linear {layer.in_features} -> {layer.out_features}"
            case nn.MaxPool2d():
                assert kind == f"MaxPool2d {layer.kernel_size}"
            case nn.Dropout():
                assert kind == f"Dropout {layer.p}"
            case _:
                assert kind == type(layer).__name__
    model.eval()(torch.zeros(1, 1, 28, 28))
    assert rows == [(name, shape, parameters) for name, _, shape, parameters in SPECIFICATION]


def test_the_summary_matches_the_specification():
    assert [tuple(row) for row in summarize()] == SPECIFICATION


def test_convolutions_are_3x3_with_stride_1_and_padding_1():
    model = FinalNet()
    for number in range(1, 5):
        convolution = getattr(model, f"conv{number}")
        assert convolution.kernel_size == (3, 3)
        assert convolution.stride == (1, 1)
        assert convolution.padding == (1, 1)


def test_the_summary_command_prints_the_table_and_its_total():
    run = subprocess.run(
        [sys.executable, "-m", "finalnet", "summary"], capture_output=True, text=True, check=True
    )
    for name, layer, shape, parameters in SPECIFICATION:
        row = next(line for line in run.stdout.splitlines() if line.split()[0] == name)
        assert layer in row and shape in row and row.endswith(f"{parameters:,}")
    assert run.stdout.splitlines()[-1].split() == ["total", "31,450"]


def test_forward_returns_log_probabilities():
    output = FinalNet().eval()(torch.randn(4, 1, 28, 28))
    torch.testing.assert_close(output.exp().sum(dim=1), torch.ones(4))
    assert (output <= 0).all()


def test_saving_and_loading_keeps_weights_and_configuration(tmp_path):
    model = FinalNet(temperature=1.5, rejection_threshold=0.25).eval()
    model.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["temperature"] == 1.5
    assert (tmp_path / "model.safetensors").is_file()
    loaded = FinalNet.from_pretrained(tmp_path).eval()
    assert (loaded.temperature, loaded.rejection_threshold) == (1.5, 0.25)
    images = torch.randn(4, 1, 28, 28)
    assert torch.equal(model(images), loaded(images))
