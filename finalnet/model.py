"""FinalNet: a small convolutional network that tells ten digits apart."""

from typing import NamedTuple

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn
from torch.nn import functional as F

NUM_CLASSES = 10


class FinalNet(
    nn.Module,
    PyTorchModelHubMixin,
    library_name="finalnet",
    license="apache-2.0",
    pipeline_tag="image-classification",
    tags=["mnist", "handwritten-digits"],
):
    """Four 3x3 convolutions and two linear layers, 31,450 parameters.

    Args:
        temperature: the logits are divided by it before they become the probabilities that a
            person is shown; fitted on validation data, 1.0 leaves them as they are.
        rejection_threshold: a drawing whose confidence is below it is not called a digit;
            None accepts every drawing.

    Both arguments travel with the weights in `config.json` and are applied by the `Recognizer`;
    the forward pass is the plain network.
    """

    def __init__(self, temperature: float = 1.0, rejection_threshold: float | None = None) -> None:
        super().__init__()
        self.temperature = temperature
        self.rejection_threshold = rejection_threshold
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(16)
        self.pool1 = nn.MaxPool2d(2)
        self.conv3 = nn.Conv2d(16, 16, 3, padding=1)
        self.bn3 = nn.BatchNorm2d(16)
        self.conv4 = nn.Conv2d(16, 16, 3, padding=1)
        self.bn4 = nn.BatchNorm2d(16)
        self.pool2 = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(7 * 7 * 16, 32)
        self.dropout = nn.Dropout(0.25)
        self.fc2 = nn.Linear(32, NUM_CLASSES)

    def logits(self, images: Tensor) -> Tensor:
        """Unnormalised scores, (N, 10), of normalised images (N, 1, 28, 28)."""
        x = F.relu(self.bn1(self.conv1(images)))
        x = F.relu(self.bn2(self.conv2(x)))
        x = self.pool1(x)
        x = F.relu(self.bn3(self.conv3(x)))
        x = F.relu(self.bn4(self.conv4(x)))
        x = self.pool2(x)
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc2(self.dropout(x))

    def forward(self, images: Tensor) -> Tensor:
        """Log-probabilities of the ten digits.

        Args:
            images: (N, 1, 28, 28) float, normalised by `preprocessing.to_tensor`.
        Returns:
            (N, 10) log-probabilities; their exponentials sum to 1 in every row.
        """
        return F.log_softmax(self.logits(images), dim=1)


class LayerSummary(NamedTuple):
    name: str
    layer: str
    output_shape: str
    parameters: int


def summarize(model: FinalNet) -> list[LayerSummary]:
    """One row a layer, in the order in which the layers run; shapes measured on a real pass."""
    rows: list[LayerSummary] = []

    def describe(name: str):
        def hook(module: nn.Module, _inputs: tuple, output: Tensor) -> None:
            shape = "x".join(str(size) for size in output.shape[1:])
            parameters = sum(parameter.numel() for parameter in module.parameters())
            rows.append(LayerSummary(name, _layer_text(module), shape, parameters))

        return hook

    hooks = [layer.register_forward_hook(describe(name)) for name, layer in model.named_children()]
    training = model.training
    try:
        with torch.inference_mode():
            model.eval()(torch.zeros(1, 1, 28, 28, device=model.fc2.weight.device))
    finally:
        model.train(training)
        for hook in hooks:
            hook.remove()
    return rows


def _layer_text(module: nn.Module) -> str:
    kind = type(module).__name__
    match module:
        case nn.Conv2d():
            return f"{kind} {module.in_channels} -> {module.out_channels}"
        case nn.Linear():
            return f"{kind} {module.in_features} -> {module.out_features}"
        case nn.MaxPool2d():
            return f"{kind} {module.kernel_size}"
        case nn.Dropout():
            return f"{kind} {module.p}"
        case _:
            return kind
