"""Somebody's hand: drawings with what they are, remembered beside the network.

The network is not trained. A remembered drawing raises the logit of its digit for whatever is like
it: by the cosine similarity of the features that the last layer sees, in the mean over the views,
and of the picture itself, shrunk to 7x7. What is most like a drawing that is "no digit" has its
logits drawn together, which is how the network says so.

Measured (`python -m benchmarks.hands`): 75 writers of UNIPEN and UCI Pendigits with 40 drawings or
more, in three random orders, who correct what is read wrongly, twice each; errors in the second
half of each, and what their hands cost everyone else, in points:

    nothing remembered                        1.32 %
    features and picture (4), gain 8, 0.15    0.77 %   0.00
    gain 10, falloff 0.2, picture (6)         0.74 %   0.08
    features alone, gain 6, falloff 0.12      0.90 %   0.00
    features alone, gain 8, falloff 0.15      0.82 %   0.02
    the last layer trained anew on 1,000 kept digits and the corrections
                                              0.74 to 0.82 %   0.06 to 0.16

Source: Kienzle and Chellapilla, ICML 2006, learn a person's hand from five samples a character.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from finalnet.network import FEATURES, NUM_CLASSES
from finalnet.pictures.pixels import PictureLike
from finalnet.preprocessing import INPUT_SIZE
from finalnet.strokes import Strokes

Example = tuple[PictureLike | Strokes, int | None]  # a drawing; its digit, or None for no digit

# What a drawing adds to the logit of its digit where the same is drawn again, at the least: if it
# was read wrongly before it was remembered, and if it was not.
GAIN, GAIN_IF_RIGHT = 8.0, 1.0
LEAD = 3.0  # log-odds there for the digit against all others
FALLOFF = 0.15  # of similarity: to what is less similar by this, it adds e times less
THUMBNAIL = 7  # px, side of the picture that is compared
PICTURE = 4.0  # its length; a digit's features are about 10 long, a scribble's mostly below 1
SAME = 0.9999  # similarity from which on two drawings are one, and what was said last counts


class Memory(NamedTuple):
    """A drawing that is remembered."""

    traits: np.ndarray  # (81,) float32, as `find_traits` gives them
    logits: np.ndarray  # (10,) float32, what the network alone makes of it
    label: int | None


class Hand:
    """What is known of somebody's hand; safe to share between threads.

    Args:
        memories: the latest last.
    """

    def __init__(self, memories: Sequence[Memory] = ()) -> None:
        self.memories: list[Memory] = []
        self.traits = np.zeros((0, FEATURES[1] + THUMBNAIL**2), np.float32)
        self.gains = np.zeros(0, np.float32)
        for memory in memories:
            self._remember(memory)

    def _remember(self, memory: Memory) -> None:
        """Add a drawing, with the gain by which it is read as its label, beside the others."""
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
        """Logits (N, 10) as the remembered drawings have them.

        Args:
            traits: (N, 81) float32, of drawings.
            logits: (N, 10) float32, what the network alone makes of them.
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
        """How like each drawing (N) is each remembered one (M): (N, M), 1 for the same."""
        return np.exp((traits @ self.traits.T - 1) / np.float32(FALLOFF))

    def _raise(self, likeness: np.ndarray, logits: np.ndarray) -> np.ndarray:
        """Raise every digit by its drawing that counts most, not by each of many alike."""
        raised = logits.copy()
        labels = np.array([memory.label for memory in self.memories], object)
        for digit in range(NUM_CLASSES):
            if (of_digit := labels == digit).any():
                raised[:, digit] += (likeness[:, of_digit] * self.gains[of_digit]).max(axis=1)
        return raised


def find_traits(features: np.ndarray, network_inputs: np.ndarray) -> np.ndarray:
    """What drawings are compared by, (N, 81) float32 of length 1: products are similarities.

    Args:
        features: (N, 32) float32, as the network's `features`, the mean over the views.
        network_inputs: (N, 28, 28) uint8.
    """
    step = INPUT_SIZE // THUMBNAIL
    blocks = network_inputs.reshape(-1, THUMBNAIL, step, THUMBNAIL, step)
    thumbnails = blocks.mean(axis=(2, 4), dtype=np.float32).reshape(-1, THUMBNAIL**2)
    return _to_length_1(np.concatenate([features, PICTURE * _to_length_1(thumbnails)], axis=1))


def _to_length_1(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-6))


def check_label(label: object) -> int | None:
    """A label as examples have it.

    Raises:
        ValueError: it is neither a digit nor None.
    """
    if label is None:
        return None
    if isinstance(label, bool) or label not in range(NUM_CLASSES):
        raise ValueError(f"a label is 0 to 9, or None for no digit, got {label!r:.40}")
    return int(label)  # type: ignore[call-overload]
