"""FinalNet in PyTorch, for training: a small convolutional network for ten digits.

Predictions come from its twin in `network.py`. No other module of the core needs PyTorch.
"""

from collections.abc import Sequence

import numpy as np
import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn
from torch.nn import functional as F

from finalnet.network import CHANNELS, DROPOUT, FEATURES, NUM_CLASSES, Network
from finalnet.preprocessing import MEAN, STD
from finalnet.views import UNRECORDED_PENS


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
        temperature: divides the logits before the softmax that gives the displayed
            probabilities. Fitted on validation data; 1.0 changes nothing.
        rejection_threshold: drawings with a lower confidence are "unsure"; None accepts every
            drawing.
        pens: the views of a drawing over which the logits are averaged, see `views.py`.

    `config.json` stores all three beside the weights. The `Recognizer` applies them; `forward`
    does not.
    """

    def __init__(
        self,
        temperature: float = 1.0,
        rejection_threshold: float | None = None,
        pens: Sequence[float] = UNRECORDED_PENS,
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.rejection_threshold = rejection_threshold
        self.pens = tuple(pens)
        self.conv1 = nn.Conv2d(CHANNELS[0], CHANNELS[1], 3, padding=1)
        self.bn1 = nn.BatchNorm2d(CHANNELS[1])
        self.conv2 = nn.Conv2d(CHANNELS[1], CHANNELS[2], 3, padding=1)
        self.bn2 = nn.BatchNorm2d(CHANNELS[2])
        self.pool1 = nn.MaxPool2d(2)
        self.conv3 = nn.Conv2d(CHANNELS[2], CHANNELS[3], 3, padding=1)
        self.bn3 = nn.BatchNorm2d(CHANNELS[3])
        self.conv4 = nn.Conv2d(CHANNELS[3], CHANNELS[4], 3, padding=1)
        self.bn4 = nn.BatchNorm2d(CHANNELS[4])
        self.pool2 = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(*FEATURES)
        self.dropout = nn.Dropout(DROPOUT)
        self.fc2 = nn.Linear(FEATURES[1], NUM_CLASSES)

    def logits(self, images: Tensor) -> Tensor:
        """Logits (N, 10) of normalised images (N, 1, 28, 28)."""
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
            images: (N, 1, 28, 28) float, normalised by `to_tensor`.
        Returns:
            (N, 10) log-probabilities.
        """
        return F.log_softmax(self.logits(images), dim=1)


def to_network(model: FinalNet) -> Network:
    """Convert a trained model to its NumPy twin."""
    weights = {name: tensor.numpy(force=True) for name, tensor in model.state_dict().items()}
    return Network(weights, model.temperature, model.rejection_threshold, model.pens)


def to_tensor(network_inputs: np.ndarray | Tensor) -> Tensor:
    """Normalise (N, 28, 28) uint8 network inputs to (N, 1, 28, 28) float32."""
    return normalize_pixels(torch.as_tensor(network_inputs)[:, None].float() / 255)


def normalize_pixels(pixels: Tensor) -> Tensor:
    """Scale pixels in [0, 1], ink 1, so that MNIST has mean 0 and standard deviation 1."""
    return (pixels - MEAN) / STD
