"""FinalNet: a small convolutional network that tells ten digits apart, as PyTorch trains it.

What answers is its twin in `network.py`; of the core, only this module needs PyTorch.
"""

from collections.abc import Sequence

import numpy as np
import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn
from torch.nn import functional as F

from finalnet.network import CHANNELS, FEATURES, NUM_CLASSES, Network
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
        temperature: the logits are divided by it before they become the probabilities that a
            person is shown; fitted on validation data, 1.0 leaves them as they are.
        rejection_threshold: a drawing whose confidence is below it is not called a digit;
            None accepts every drawing.
        pens: of the views of a drawing over which the logits are averaged, see `views.py`.

    All arguments travel with the weights in `config.json` and are applied by the `Recognizer`;
    the forward pass is the plain network.
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
        self.dropout = nn.Dropout(0.25)
        self.fc2 = nn.Linear(FEATURES[1], NUM_CLASSES)

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
            images: (N, 1, 28, 28) float, normalised by `to_tensor`.
        Returns:
            (N, 10) log-probabilities; their exponentials sum to 1 in every row.
        """
        return F.log_softmax(self.logits(images), dim=1)


def to_network(model: FinalNet) -> Network:
    """What answers with the weights of a model."""
    weights = {name: tensor.numpy(force=True) for name, tensor in model.state_dict().items()}
    return Network(weights, model.temperature, model.rejection_threshold, model.pens)


def to_tensor(network_inputs: np.ndarray | Tensor) -> Tensor:
    """Normalise (N, 28, 28) uint8 network inputs to (N, 1, 28, 28) float32."""
    return normalize(torch.as_tensor(network_inputs)[:, None].float() / 255)


def normalize(pixels: Tensor) -> Tensor:
    """Pixels in [0, 1], ink 1, to the mean 0 and standard deviation 1 of MNIST."""
    return (pixels - MEAN) / STD
