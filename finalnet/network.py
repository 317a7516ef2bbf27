"""FinalNet in NumPy, for inference: network inputs in, logits out.

It uses the weights that `model.py` trains, with every batch norm folded into the convolution before
it. Memory layout is (N, height, width, channels), so that the pixels of a window are adjacent.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from finalnet.views import UNRECORDED_PENS

NUM_CLASSES = 10
CHANNELS = (1, 8, 16, 16, 16)  # input of the first convolution, then output of each
POOLED = (2, 4)  # convolutions followed by 2x2 max pooling
FEATURES = (7 * 7 * CHANNELS[-1], 32)  # input and output of fc1
EPSILON = 1e-5  # default of torch's batch norm
DROPOUT = 0.25  # probability before fc2; the default training switches it off
CHUNK = 8  # network inputs per pass; the activations of more overflow the cache


def weight_shapes() -> dict[str, tuple[int, ...]]:
    """The name and shape of every tensor in a checkpoint."""
    shapes: dict[str, tuple[int, ...]] = {}
    for number, (before, after) in enumerate(zip(CHANNELS, CHANNELS[1:], strict=False), 1):
        shapes |= {f"conv{number}.weight": (after, before, 3, 3), f"conv{number}.bias": (after,)}
        for name in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"bn{number}.{name}"] = (after,)
        shapes[f"bn{number}.num_batches_tracked"] = ()
    for name, before, after in (("fc1", *FEATURES), ("fc2", FEATURES[1], NUM_CLASSES)):
        shapes |= {f"{name}.weight": (after, before), f"{name}.bias": (after,)}
    return shapes


class Network:
    """The network with the weights of a checkpoint; safe to share between threads.

    Args:
        weights: float32, with the names and shapes of `weight_shapes`.
        temperature, rejection_threshold, pens: as in `FinalNet`; the `Recognizer` applies them.
    """

    def __init__(
        self,
        weights: Mapping[str, np.ndarray],
        temperature: float = 1.0,
        rejection_threshold: float | None = None,
        pens: Sequence[float] = UNRECORDED_PENS,
    ) -> None:
        self.temperature = temperature
        self.rejection_threshold = rejection_threshold
        self.pens = tuple(pens)
        self.convolutions = [fold_batch_norm(weights, number) for number in range(1, len(CHANNELS))]
        # torch flattens channels first.
        fc1 = weights["fc1.weight"].reshape(-1, CHANNELS[-1], 7, 7).transpose(2, 3, 1, 0)
        self.fc1 = (fc1.reshape(FEATURES), weights["fc1.bias"])
        self.fc2 = (weights["fc2.weight"].T, weights["fc2.bias"])

    def logits(self, inputs: np.ndarray) -> np.ndarray:
        """Logits (N, 10) float32 of normalised inputs (N, 28, 28) float32."""
        return self.classify(self.features(inputs))

    def features(self, inputs: np.ndarray) -> np.ndarray:
        """Input of the last layer, (N, 32) float32 >= 0, for normalised inputs (N, 28, 28)."""
        features = np.empty((len(inputs), FEATURES[1]), np.float32)
        for start in range(0, len(inputs), CHUNK):
            chunk = slice(start, start + CHUNK)
            features[chunk] = self._features(inputs[chunk])
        return features

    def classify(self, features: np.ndarray) -> np.ndarray:
        """Apply the last layer: features (N, 32) to logits (N, 10)."""
        return features @ self.fc2[0] + self.fc2[1]

    def _features(self, inputs: np.ndarray) -> np.ndarray:
        images = inputs[:, :, :, None]
        for number, (weights, bias) in enumerate(self.convolutions, 1):
            images = convolve(images, weights, bias)
            if number in POOLED:
                images = pool(images)
        features = images.reshape(len(images), -1) @ self.fc1[0] + self.fc1[1]
        return np.maximum(features, 0)


def fold_batch_norm(
    weights: Mapping[str, np.ndarray], number: int
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (3, 3 * channels, filters), one matrix per row of the window; bias (filters,)."""
    norm = {name: weights[f"bn{number}.{name}"] for name in ("weight", "bias")}
    mean, variance = weights[f"bn{number}.running_mean"], weights[f"bn{number}.running_var"]
    scale = norm["weight"] / np.sqrt(variance + EPSILON)
    kernel = (weights[f"conv{number}.weight"] * scale[:, None, None, None]).transpose(2, 3, 1, 0)
    bias = (weights[f"conv{number}.bias"] - mean) * scale + norm["bias"]
    return np.ascontiguousarray(kernel.reshape(3, -1, len(bias))), bias


def convolve(images: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """3x3 convolution with zero padding, then ReLU: (N, H, W, C) to (N, H, W, filters).

    Computes three matrix products per picture, one for each row of the window. They are so small
    that OpenBLAS stays on one thread; waking the others would take longer than the product.
    """
    count, height, width, channels = images.shape
    padded = np.zeros((count, height + 2, width + 2, channels), np.float32)
    padded[:, 1:-1, 1:-1] = images
    triples = np.concatenate([padded[:, :, x : x + width] for x in range(3)], axis=3)
    rows = triples.reshape(count, (height + 2) * width, 3 * channels)
    answer = rows[:, : height * width] @ weights[0]
    for y in (1, 2):
        answer += rows[:, y * width : (y + height) * width] @ weights[y]
    answer += bias
    return np.maximum(answer, 0, out=answer).reshape(count, height, width, len(bias))


def pool(images: np.ndarray) -> np.ndarray:
    """2x2 max pooling: (N, H, W, C) to (N, H / 2, W / 2, C)."""
    rows = np.maximum(images[:, ::2], images[:, 1::2])
    return np.maximum(rows[:, :, ::2], rows[:, :, 1::2])
