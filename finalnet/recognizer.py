"""The public Python API: a picture in, a prediction out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

import cv2
import numpy as np

from finalnet.checkpoint import load_checkpoint
from finalnet.hand import Example, Hand, Memory, check_label, find_traits
from finalnet.network import FEATURES, NUM_CLASSES, Network
from finalnet.numbers.boxes import Box
from finalnet.numbers.cutting import split_ink
from finalnet.numbers.splitting import Split, choose_spans, find_words, split_strokes, write
from finalnet.pictures.forms import Form, is_framed
from finalnet.pictures.ink import find_writing
from finalnet.pictures.levelling import find_level, move_cells
from finalnet.pictures.part import find_part
from finalnet.pictures.pixels import PictureLike, find_scale, shrink
from finalnet.pictures.upright import move_box, turn
from finalnet.preprocessing import (
    INPUT_SIZE,
    center_ink,
    normalize,
    preprocess,
    preprocess_batch,
)
from finalnet.strokes import Strokes, check_strokes, draw_strokes
from finalnet.views import make_views

Verdict = Literal["digit", "unsure", "blank"]
BATCH_SIZE = 256  # network inputs per pass, each with its views
UPRIGHT = 0.97  # certainty from which on other rotations of a picture are not tried
SURER = 0.05  # least gain in certainty for a rotated reading to replace the original one
ENOUGH_SPANS = 250  # read so far; further rotations are skipped, as they would take seconds
TALLEST = 3.0  # height / width of any digit but a 1
LEVELLING = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
LIKELY = 0.5  # probability above which a digit is likelier than all others together


@dataclass(frozen=True, eq=False)
class Prediction:
    """The answer for one picture.

    Attributes:
        verdict: "digit"; "unsure" if it may not be a digit; "blank" if there is no ink.
        digit: 0 to 9; None unless the verdict is "digit".
        probabilities: (10,) float32 in [0, 1], for the digits 0 to 9. They sum to 1; all are
            zero when blank.
        network_input: (28, 28) uint8, the picture as the network saw it: paper 0, ink 255.
    """

    verdict: Verdict
    digit: int | None
    probabilities: np.ndarray
    network_input: np.ndarray

    def top(self, k: int = 3) -> list[tuple[int, float]]:
        """Return the k most probable digits as (digit, probability), highest first.

        The list is empty when the verdict is "blank".

        Raises:
            ValueError: k is not a whole number from 1 to 10.
        """
        if isinstance(k, bool) or k not in range(1, NUM_CLASSES + 1):
            raise ValueError(f"k must be a whole number from 1 to {NUM_CLASSES}, got {k!r}")
        if self.verdict == "blank":
            return []
        order = np.argsort(-self.probabilities, kind="stable")[: int(k)]
        return [(int(digit), float(self.probabilities[digit])) for digit in order]


@dataclass(frozen=True, eq=False)
class Number:
    """The answer for a picture or drawing of one or more lines of digits.

    `characters`, `digits` and `boxes` have one item per digit, left to right, line by line.

    Attributes:
        text: for example "2026", "12:30" or "31\\n204". A wide gap becomes a space, an unsure
            digit "?"; "" if there is no ink.
        characters: each digit as in the text: "0" to "9" or "?".
        digits: the prediction for each digit.
        boxes: (left, top, width, height) of each digit's ink, in pixels of the original picture
            or in the units of the strokes.
        unread: number of signs that the text leaves out, for example a plus.
    """

    text: str
    characters: list[str]
    digits: list[Prediction]
    boxes: list[Box]
    unread: int = 0


class Recognizer:
    """Reads handwritten digits and numbers; safe to share between threads.

    Usage:

        recognizer = Recognizer.load()
        recognizer.recognize(image).digit  # 7, or None
        recognizer.read_number(image).text  # "2026"

    Args:
        network: the network and its weights; `Recognizer.load` reads them from a checkpoint.
        hand: remembered drawings of one person; `taught` adds to them.
    """

    def __init__(self, network: Network, hand: Hand | None = None) -> None:
        self.network = network
        self.hand = hand or Hand()

    @classmethod
    def load(cls, source: Path | str | None = None) -> "Recognizer":
        """Load a checkpoint.

        Args:
            source: a checkpoint folder, or an id on the Hugging Face Hub such as "owner/name".
                By default the bundled checkpoint.
        Raises:
            FileNotFoundError: the checkpoint, or one of its files, does not exist; the message
                says how to make one.
            ValueError: one of its files is invalid; the message says which and why.
        """
        return cls(load_checkpoint(source))

    def taught(self, examples: Iterable[Example]) -> "Recognizer":
        """Return a new recogniser that also knows one person's drawings; see `hand.py`.

        The network stays the same. This recogniser does not change, and what it was taught is
        kept in the new one.

        Args:
            examples: (drawing, label) pairs, newest last. A drawing shows one digit and is a
                picture as for `recognize` or a list of strokes as for `read_number`. Its label
                is 0 to 9, or None for "no digit".
        Raises:
            TypeError, ValueError: an example is invalid; the message says which (counting from
                1) and why.
        """
        memories = []
        for number, (drawing, label) in enumerate(examples, 1):
            try:
                memories.append(self._remember(drawing, check_label(label)))
            except (TypeError, ValueError) as error:
                raise type(error)(f"example {number}: {error}") from error
        return Recognizer(self.network, Hand([*self.hand.memories, *memories]))

    def _remember(self, drawing: PictureLike | Strokes, label: int | None) -> Memory:
        """Turn a drawing and its label into a memory."""
        picture = draw_strokes(drawing) if isinstance(drawing, list | tuple) else drawing
        network_input = preprocess(cast(PictureLike, picture))
        if not network_input.any():
            raise ValueError("nothing is drawn; leave it out")
        features = view_features(self.network, network_input[None])
        (traits,), (logits,) = (
            find_traits(features, network_input[None]),
            self.network.classify(features),
        )
        return Memory(traits, logits, label)

    def recognize(self, image: PictureLike) -> Prediction:
        """Recognise one picture.

        Args:
            image: a PIL image of any mode, or an array (H, W), (H, W, 3), (H, W, 4), (H, W, 1) or
                (1, H, W), uint8 in [0, 255] or float in [0, 1]. Dark ink on light paper or light
                ink on dark paper; the digit may have any size and position.
        Raises:
            TypeError: the image is neither a PIL image nor an array.
            ValueError: the image cannot be read, for example because of its dtype, shape or size
                (at most 16 megapixels); the message says why.
        """
        return self.recognize_batch([image])[0]

    def recognize_batch(self, images: Sequence[PictureLike]) -> list[Prediction]:
        """Recognise several pictures, which may differ in size and type.

        Args:
            images: each as for `recognize`.
        Returns:
            One prediction per picture, in the same order.
        Raises:
            TypeError, ValueError: as for `recognize`.
        """
        images = [shrink(image) for image in images]
        predictions = self.recognize_inputs(preprocess_batch(images))
        for index, image in enumerate(images):
            if predictions[index].verdict != "digit":
                (second,) = self.recognize_inputs(look_again(image)[None])
                if second.verdict == "digit":
                    predictions[index] = second
        return predictions

    def read_number(self, drawing: PictureLike | Strokes) -> Number:
        """Read a number: digits and separators, in one or more lines.

        If one digit of a word has the verdict "digit", unsure neighbours whose probability is above
        50 % get it, too.

        Args:
            drawing: a picture as for `recognize`, or strokes: lists of (x, y) in any unit, y
                pointing down. The order of the strokes does not matter.
        Raises:
            TypeError: the drawing is neither a picture nor a list of strokes.
            ValueError: the drawing cannot be read, or has more than 10 lines or more than 20
                digits in a line; the message says why.
        """
        if isinstance(drawing, list | tuple):
            return self._read_split(split_strokes(check_strokes(drawing)))
        picture = shrink(cast(PictureLike, drawing))
        part = find_part(picture)
        number = self._read_writing(*find_writing(part.picture)) if part else None
        if part and number and number.digits:
            number = move_boxes(number, part.move)
        else:  # the supposed sheet may have been a thick digit
            number = self._read_writing(*find_writing(picture))
        scale = find_scale(cast(PictureLike, drawing))
        return replace(number, boxes=[box.scale(scale) for box in number.boxes])

    def _read_writing(self, ink: np.ndarray, form: Form) -> Number:
        """Read ink, after levelling it by the printed lines of a form."""
        move = find_level(ink.shape, form.lines)
        if move is None:
            return self._read_ink(ink, form.cells)
        level = cv2.warpPerspective(ink, move, ink.shape[::-1], flags=LEVELLING)
        cells = move_cells(form.cells, np.linalg.inv(move))
        return move_boxes(self._read_ink(level, cells), move)

    def _read_ink(self, ink: np.ndarray, cells: list[np.ndarray]) -> Number:
        """Read ink in the rotation, by quarter turns, in which the digits are most certain."""
        readings: list[tuple[float, Number]] = []
        problem: ValueError | None = None
        read = 0
        for quarters, (turned, move) in enumerate(turn(ink)):
            if read > ENOUGH_SPANS:
                break
            # Many digits are digits upside down, too, so both sideways rotations are read.
            if quarters != 2 and readings and max(readings, key=_first)[0] >= UPRIGHT:
                break
            try:
                back = move_cells(cells, np.linalg.inv(move))
                split = split_ink(turned, back)
                read += len(split.spans)
                number = self._read_split(split)
            except ValueError as error:  # sideways, a number may have too many lines
                if problem:
                    break
                problem = error
                continue
            if not number.digits:
                return number
            # A single digit has no line of text that shows its rotation.
            if quarters == 0 or len(number.digits) > 1:
                penalty = SURER if quarters else 0.0
                readings.append((sureness(number) - penalty, move_boxes(number, move)))
        if problem and not readings:
            raise problem
        return max(readings, key=_first)[1]

    def _read_split(self, split: Split) -> Number:
        """Classify all spans, then choose the best way to split the drawing into digits."""
        predictions = self.recognize_inputs(split.inputs)
        row = choose_spans(split.spans, [float(p.probabilities.max()) for p in predictions])
        spans = [split.spans[index] for index in row]
        digits = [
            digit
            for word in find_words(spans, split.breaks)
            for digit in judge_row([predictions[row[place]] for place in word])
        ]
        characters = ["?" if digit.digit is None else str(digit.digit) for digit in digits]
        text = write(characters, spans, split.breaks)
        return Number(text, characters, digits, [span.box for span in spans], split.unread)

    def recognize_inputs(self, network_inputs: np.ndarray) -> list[Prediction]:
        """Recognise preprocessed pictures, (N, 28, 28) uint8, paper 0, ink 255."""
        logits = self.logits(network_inputs)
        probabilities = softmax(logits / self.network.temperature)
        judged = zip(network_inputs, probabilities, confidence(logits).tolist(), strict=True)
        return [self._judge(*row) for row in judged]

    def logits(self, network_inputs: np.ndarray) -> np.ndarray:
        """Logits (N, 10) of network inputs (N, 28, 28) uint8, adapted to the hand."""
        features = view_features(self.network, network_inputs)
        traits = find_traits(features, network_inputs)
        return self.hand.sway(traits, self.network.classify(features))

    def _judge(
        self, network_input: np.ndarray, probabilities: np.ndarray, confidence: float
    ) -> Prediction:
        if not network_input.any():
            return Prediction("blank", None, np.zeros(NUM_CLASSES, np.float32), network_input)
        threshold = self.network.rejection_threshold
        if threshold is not None and confidence < threshold:
            return Prediction("unsure", None, probabilities, network_input)
        return Prediction("digit", int(probabilities.argmax()), probabilities, network_input)


def look_again(image: PictureLike) -> np.ndarray:
    """The network input for a digit on a sheet, in a panel, a display or a printed cell.

    Returns:
        (28, 28) uint8, paper 0, ink 255; all zero if the picture shows none of these.
    """
    part = find_part(image)
    if part:
        return preprocess(part.picture)
    ink, form = find_writing(image)
    if form.is_display or is_framed(ink, form.cells):
        return center_ink(ink)
    return np.zeros((INPUT_SIZE, INPUT_SIZE), np.uint8)


def sureness(number: Number) -> float:
    """The mean probability of the digits read, from 0 to 1.

    A tall digit other than 1 counts as 0: a line of digits on its side looks like a tall pile.
    """
    return float(
        np.mean(
            [
                digit.probabilities.max() * (box.height <= TALLEST * box.width or digit.digit == 1)
                for digit, box in zip(number.digits, number.boxes, strict=True)
            ]
        )
    )


def _first(reading: tuple[float, Number]) -> float:
    return reading[0]


def move_boxes(number: Number, move: np.ndarray) -> Number:
    """Map the boxes of a number by a (3, 3) matrix."""
    return replace(number, boxes=[move_box(box, move) for box in number.boxes])


def judge_row(row: list[Prediction]) -> list[Prediction]:
    """Reconsider the unsure digits of one word.

    If one digit of a word is certain, neighbours above 50 % are accepted.
    """
    if all(prediction.verdict != "digit" for prediction in row):
        return row
    return [
        replace(prediction, verdict="digit", digit=int(prediction.probabilities.argmax()))
        if prediction.verdict == "unsure" and prediction.probabilities.max() > LIKELY
        else prediction
        for prediction in row
    ]


def view_logits(network: Network, network_inputs: np.ndarray) -> np.ndarray:
    """Logits (N, 10) of network inputs (N, 28, 28) uint8, averaged over the views."""
    # The last layer is linear, so averaging the features averages the logits.
    return network.classify(view_features(network, network_inputs))


def view_features(network: Network, network_inputs: np.ndarray) -> np.ndarray:
    """Features (N, 32) of network inputs (N, 28, 28) uint8, averaged over the views."""
    features = [np.zeros((0, FEATURES[1]), np.float32)]
    for start in range(0, len(network_inputs), BATCH_SIZE):
        views = make_views(network_inputs[start : start + BATCH_SIZE], network.pens)
        of_views = network.features(normalize(views.reshape(-1, *views.shape[2:])))
        features.append(of_views.reshape(*views.shape[:2], FEATURES[1]).mean(axis=1))
    return np.concatenate(features)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities (N, 10) of logits (N, 10)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def confidence(logits: np.ndarray) -> np.ndarray:
    """How certainly each drawing is a digit, (N,) in [0.1, 1], from logits (N, 10).

    This is the largest softmax probability at temperature 1. FinalNet is trained to answer anything
    that is not a digit with ten equal probabilities.
    """
    return softmax(logits).max(axis=1)
