"""The public Python API: a picture in, a prediction out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

import cv2
import numpy as np
from PIL import Image

from finalnet.checkpoint import load_checkpoint
from finalnet.hand import Example, Hand, Memory, check_label, find_traits
from finalnet.network import FEATURES, NUM_CLASSES, Network
from finalnet.numbers.boxes import Box
from finalnet.numbers.cutting import split_ink
from finalnet.numbers.splitting import Split, choose_spans, find_words, split_strokes, write
from finalnet.pictures.ink import find_writing
from finalnet.pictures.panel import find_panel
from finalnet.pictures.pixels import PictureLike, check_array, lay_on, to_pixels
from finalnet.pictures.printed import Form, find_level, is_framed, move_cells
from finalnet.pictures.sheet import find_sheet
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
BATCH_SIZE = 256  # network inputs in one pass, each in its views
UPRIGHT = 0.97  # sureness from which on a number is not turned to see whether it is surer then
SURER = 0.05  # than as it came, at the least, if it is to count as turned
MOST_READ = 250  # spans; a picture of more is not turned further, as that would take seconds
TALLEST = 3.0  # height in widths of a digit that is no 1
LEVELLING = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
LIKELY = 0.5  # probability from which on a digit is likelier than all others together


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the network makes of one picture.

    Attributes:
        verdict: "digit"; "unsure", when it may not be one; "blank", when there is no ink.
        digit: 0 to 9, or None when the verdict is not "digit".
        probabilities: (10,) float32 in [0, 1], sums to 1; all zero when blank.
        network_input: (28, 28) uint8, what the network saw: paper 0, ink 255.
    """

    verdict: Verdict
    digit: int | None
    probabilities: np.ndarray
    network_input: np.ndarray

    def top(self, k: int = 3) -> list[tuple[int, float]]:
        """The k most probable digits with their probabilities, highest first; none when blank.

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
    """What the network makes of digits on lines.

    Attributes:
        text: such as "2026", "12:30" or "31\\n204"; a space where a gap is wide, "?" in the place
            of an unsure digit, "" when there is no ink.
        characters: one a digit, as in the text: the digit or "?".
        digits: one prediction a digit, left to right and line by line.
        boxes: where each digit's ink is, in pixels of the picture or in the strokes' own unit.
        unread: how many signs were seen but not read, such as a plus.
    """

    text: str
    characters: list[str]
    digits: list[Prediction]
    boxes: list[Box]
    unread: int = 0


class Recognizer:
    """Recognises pictures of digits; safe to share between threads."""

    def __init__(self, network: Network, hand: Hand | None = None) -> None:
        self.network = network
        self.hand = hand or Hand()

    @classmethod
    def load(cls, source: Path | str | None = None) -> "Recognizer":
        """A recogniser from the committed checkpoint, a checkpoint folder or a Hub id.

        Raises:
            FileNotFoundError: there is no checkpoint; the message says how to make one.
            ValueError: a file of it is broken; the message says which and how.
        """
        return cls(load_checkpoint(source))

    def taught(self, examples: Iterable[Example]) -> "Recognizer":
        """A recogniser with the same network that also knows somebody's drawings; see `hand.py`.

        Args:
            examples: (drawing, label) pairs, the latest last. A drawing is a picture as for
                `recognize`, or strokes as for `read_number`, of one digit; its label is 0 to 9,
                or None for "no digit".
        Raises:
            TypeError, ValueError: an example makes no sense; the message says which and why.
        """
        memories = []
        for number, (drawing, label) in enumerate(examples, 1):
            try:
                memories.append(self._remember(drawing, check_label(label)))
            except (TypeError, ValueError) as error:
                raise type(error)(f"example {number}: {error}") from error
        return Recognizer(self.network, Hand([*self.hand.memories, *memories]))

    def _remember(self, drawing: PictureLike | Strokes, label: int | None) -> Memory:
        """A drawing as the network will see it again."""
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
            image: PIL image of any mode, or array (H, W), (H, W, 3), (H, W, 4), (H, W, 1) or
                (1, H, W), uint8 in [0, 255] or float in [0, 1]; dark ink on light paper or light
                on dark, the digit of any size at any place.
        Raises:
            TypeError, ValueError: the picture cannot be read; the message says why.
        """
        return self.recognize_batch([image])[0]

    def recognize_batch(self, images: Sequence[PictureLike]) -> list[Prediction]:
        """Recognise several pictures, which may differ in size and kind, in the same order."""
        predictions = self.recognize_inputs(preprocess_batch(images))
        for index, image in enumerate(images):
            if predictions[index].verdict == "unsure":
                (second,) = self.recognize_inputs(look_again(image)[None])
                if second.verdict == "digit":
                    predictions[index] = second
        return predictions

    def read_number(self, drawing: PictureLike | Strokes) -> Number:
        """Read digits on lines, in one pass through the network; see also `judge_row`.

        Args:
            drawing: a picture as for `recognize`, or strokes: lists of (x, y) in any unit, y
                pointing down, in any order.
        Raises:
            TypeError, ValueError: the drawing cannot be read, or has too many digits or
                lines; the message says why.
        """
        if isinstance(drawing, list | tuple):
            return self._read_split(split_strokes(check_strokes(drawing)))
        picture = cast(PictureLike, drawing)
        pixels, alpha = to_pixels(picture)
        whole = picture if isinstance(picture, Image.Image) else check_array(picture)
        width = whole.width if isinstance(whole, Image.Image) else whole.shape[1]
        scale = width / pixels.shape[1]  # large pictures are shrunk
        panel = find_panel(lay_on(255, pixels, alpha))
        sheet = find_sheet(pixels) if alpha is None and not panel else None
        part = panel or sheet
        number = self._read_writing(*find_writing(part.picture)) if part else None
        if part and number and number.digits:
            number = move_boxes(number, part.move)
        else:  # what was taken for a sheet may be a thick digit
            number = self._read_writing(*find_writing(picture))
        return replace(number, boxes=[box.scale(scale) for box in number.boxes])

    def _read_writing(self, ink: np.ndarray, form: Form) -> Number:
        """Read the ink of a picture, made level by the lines of a form."""
        move = find_level(ink.shape, form.lines)
        if move is None:
            return self._read_ink(ink, form.cells)
        level = cv2.warpPerspective(ink, move, ink.shape[::-1], flags=LEVELLING)
        cells = move_cells(form.cells, np.linalg.inv(move))
        return move_boxes(self._read_ink(level, cells), move)

    def _read_ink(self, ink: np.ndarray, cells: list[np.ndarray]) -> Number:
        """Read the ink of a picture, turned by quarters where it is surer to be digits then."""
        readings: list[tuple[float, Number]] = []
        problem: ValueError | None = None
        read = 0
        for quarters, (turned, move) in enumerate(turn(ink)):
            if read > MOST_READ:
                break
            # Upside down, many digits are digits too: on the side, both ways are looked at.
            if quarters != 2 and readings and max(readings, key=_first)[0] >= UPRIGHT:
                break
            try:
                back = move_cells(cells, np.linalg.inv(move))
                split = split_ink(turned, back)
                read += len(split.spans)
                number = self._read_split(split)
            except ValueError as error:  # lines that stand upright are too many
                if problem:
                    break
                problem = error
                continue
            if not number.digits:
                return number
            if quarters == 0 or len(number.digits) > 1:  # one digit has no line to stand on
                doubt = SURER if quarters else 0.0
                readings.append((sureness(number) - doubt, move_boxes(number, move)))
        if problem and not readings:
            raise problem
        return max(readings, key=_first)[1]

    def _read_split(self, split: Split) -> Number:
        """Choose among the ways in which a drawing may be taken apart."""
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
        """Recognise pictures that are preprocessed already, (N, 28, 28) uint8."""
        logits = self.logits(network_inputs)
        probabilities = softmax(logits / self.network.temperature)
        judged = zip(network_inputs, probabilities, confidence(logits).tolist(), strict=True)
        return [self._judge(*row) for row in judged]

    def logits(self, network_inputs: np.ndarray) -> np.ndarray:
        """Logits (N, 10) of (N, 28, 28) uint8 network inputs, with what the hand makes of them."""
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
    """What stands in a panel, a display or a printed cell, (28, 28) uint8; zero if nothing."""
    panel = find_panel(lay_on(255, *to_pixels(image)))
    if panel:
        return preprocess(panel.picture)
    ink, form = find_writing(image)
    if form.is_display or is_framed(ink, form.cells):
        return center_ink(ink)
    return np.zeros((INPUT_SIZE, INPUT_SIZE), np.uint8)


def sureness(number: Number) -> float:
    """How sure it is that what was read is digits, from 0 to 1: the mean over them.

    A tall one that is no 1 counts as none: a line on the side is a pile of digits.
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
    """A number read in a picture that was moved by a (3, 3) matrix."""
    return replace(number, boxes=[move_box(box, move) for box in number.boxes])


def judge_row(row: list[Prediction]) -> list[Prediction]:
    """Judge drawings of one word: where one is a digit, the others are likely to be digits too.

    Beside a sure digit, an unsure one is called the digit that it more likely is than not.
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
    """Logits (N, 10) of (N, 28, 28) uint8 network inputs, each the mean over its views."""
    # The last layer is linear: it gives the mean of the features the mean of their logits.
    return network.classify(view_features(network, network_inputs))


def view_features(network: Network, network_inputs: np.ndarray) -> np.ndarray:
    """Features (N, 32) of (N, 28, 28) uint8 network inputs, each the mean over its views."""
    features = [np.zeros((0, FEATURES[1]), np.float32)]
    for start in range(0, len(network_inputs), BATCH_SIZE):
        views = make_views(network_inputs[start : start + BATCH_SIZE], network.pens)
        of_views = network.features(normalize(views.reshape(-1, *views.shape[2:])))
        features.append(of_views.reshape(*views.shape[:2], FEATURES[1]).mean(axis=1))
    return np.concatenate(features)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of logits, (N, 10) each."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def confidence(logits: np.ndarray) -> np.ndarray:
    """How much a drawing is like a digit, (N,) in [0.1, 1], of logits (N, 10).

    The largest softmax probability at temperature 1: FinalNet is trained to answer what is not a
    digit with ten equal probabilities.
    """
    return softmax(logits).max(axis=1)
