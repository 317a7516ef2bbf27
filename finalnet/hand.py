"""Adapts the answers to one person's handwriting by remembering labelled drawings.

The network is not trained. Each remembered drawing raises the logit of its digit for drawings that
resemble it. Resemblance is the cosine similarity of two things together: the features that feed
the last layer, averaged over the views, and the picture shrunk to 7x7. If a drawing resembles a
remembered "no digit" most, its logits are pulled towards their mean, which lowers the confidence.

Measured with an earlier network: 75 writers of UNIPEN and UCI Pendigits with at least 40 drawings
each, in three random orders. They corrected each wrong answer twice. The columns are the errors in
the second half of each writer's drawings, and the increase of errors on everyone else's drawings,
in percentage points. `python -m benchmarks.hands` measures the shipped network.

    nothing remembered                        1.32 %
    features and picture (4), gain 8, 0.15    0.77 %   0.00
    gain 10, falloff 0.2, picture (6)         0.74 %   0.08
    features alone, gain 6, falloff 0.12      0.90 %   0.00
    features alone, gain 8, falloff 0.15      0.82 %   0.02
    the last layer retrained on 1,000 stored digits and the corrections
                                              0.74 to 0.82 %   0.06 to 0.16

Source: Kienzle and Chellapilla, ICML 2006, adapt to a person with five samples per character.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from finalnet.network import FEATURES, NUM_CLASSES
from finalnet.pictures.pixels import PictureLike
from finalnet.preprocessing import INPUT_SIZE
from finalnet.strokes import Strokes

Example = tuple[PictureLike | Strokes, int | None]  # a drawing; its digit, or None for no digit

# Least gain: what a drawing adds to the logit of its digit when the very same is drawn again. The
# second value is for drawings that were read correctly before they were remembered.
GAIN, GAIN_IF_RIGHT = 8.0, 1.0
LEAD = 3.0  # least log-odds of the digit against all others when the same is drawn again
FALLOFF = 0.15  # similarity lower by this much divides the gain by e
THUMBNAIL = 7  # px, side of the shrunk picture
PICTURE = 4.0  # norm of the picture; the features of a digit have about 10, of a scribble below 1
SAME = 0.9999  # similarity above which two drawings are the same and the newer label replaces


class Memory(NamedTuple):
    """A remembered drawing."""

    traits: np.ndarray  # (81,) float32, from `find_traits`
    logits: np.ndarray  # (10,) float32, of the network alone
    label: int | None  # 0 to 9, or None for "no digit"


class Hand:
    """The remembered drawings of one person; safe to share between threads.

    Args:
        memories: newest last.
    """

    def __init__(self, memories: Sequence[Memory] = ()) -> None:
        self.memories: list[Memory] = []
        self.traits = np.zeros((0, FEATURES[1] + THUMBNAIL**2), np.float32)
        self.gains = np.zeros(0, np.float32)
        for memory in memories:
            self._remember(memory)

    def _remember(self, memory: Memory) -> None:
        """Add a drawing with a gain large enough for the network to read it as its label."""
        others = np.flatnonzero(self.traits @ memory.traits < SAME)
        self.memories = [self.memories[index] for index in others]
        self.traits, self.gains = self.traits[others], self.gains[others]
        gain = self._find_gain(memory)
        self.memories.append(memory)
        self.traits = np.concatenate([self.traits, memory.traits[None]])
        self.gains = np.append(self.gains, np.float32(gain))

    def _find_gain(self, memory: Memory) -> float:
        if memory.label is None:
            return 0.0
        traits, logits = memory.traits[None], memory.logits[None]
        is_right = self.sway(traits, logits).argmax() == memory.label
        rivals = np.delete(self._raise(self._likeness(traits), logits)[0], memory.label)
        needed = float(np.logaddexp.reduce(rivals) - memory.logits[memory.label]) + LEAD
        return max(GAIN_IF_RIGHT if is_right else GAIN, needed)

    def sway(self, traits: np.ndarray, logits: np.ndarray) -> np.ndarray:
        """Adapt the logits of drawings to the remembered ones.

        Args:
            traits: (N, 81) float32, from `find_traits`.
            logits: (N, 10) float32, of the network alone.
        Returns:
            (N, 10) float32 logits.
        """
        if not self.memories:
            return logits
        likeness = self._likeness(traits)
        nearest = likeness.argmax(axis=1)
        is_no_digit = np.array([memory.label is None for memory in self.memories])[nearest]
        share = likeness.max(axis=1, keepdims=True)
        together = logits + share * (logits.mean(axis=1, keepdims=True) - logits)
        return np.where(is_no_digit[:, None], together, self._raise(likeness, logits))

    def _likeness(self, traits: np.ndarray) -> np.ndarray:
        """Resemblance of each drawing to each remembered one, (N, M) in (0, 1], 1 if equal."""
        return np.exp((traits @ self.traits.T - 1) / np.float32(FALLOFF))

    def _raise(self, likeness: np.ndarray, logits: np.ndarray) -> np.ndarray:
        """Raise each digit by the strongest of its remembered drawings, not by their sum."""
        raised = logits.copy()
        labels = np.array([memory.label for memory in self.memories], object)
        for digit in range(NUM_CLASSES):
            if (of_digit := labels == digit).any():
                raised[:, digit] += (likeness[:, of_digit] * self.gains[of_digit]).max(axis=1)
        return raised


def find_traits(features: np.ndarray, network_inputs: np.ndarray) -> np.ndarray:
    """Unit vectors by which drawings are compared: their dot product is the cosine similarity.

    Args:
        features: (N, 32) float32, from the network's `features`, averaged over the views.
        network_inputs: (N, 28, 28) uint8.
    Returns:
        (N, 81) float32: 32 features and 49 pixels.
    """
    step = INPUT_SIZE // THUMBNAIL
    blocks = network_inputs.reshape(-1, THUMBNAIL, step, THUMBNAIL, step)
    thumbnails = blocks.mean(axis=(2, 4), dtype=np.float32).reshape(-1, THUMBNAIL**2)
    return _to_length_1(np.concatenate([features, PICTURE * _to_length_1(thumbnails)], axis=1))


def _to_length_1(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-6))


def check_label(label: object) -> int | None:
    """Validate the label of an example: 0 to 9, or None for "no digit".

    Raises:
        ValueError: it is something else.
    """
    if label is None:
        return None
    if isinstance(label, bool) or label not in range(NUM_CLASSES):
        raise ValueError(f"a label must be 0 to 9, or None for no digit, got {label!r:.40}")
    return int(label)  # type: ignore[call-overload]
