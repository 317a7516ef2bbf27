"""How much do corrections help a writer? python -m benchmarks.hands --strokes FILE

Goes through the drawings of every writer with many drawings, in random order. When an answer is
wrong, the writer corrects it once and the drawing is remembered (`finalnet/hand.py`). Prints, with
and without corrections,

- the errors in the second half of each writer's drawings, by number of corrections;
- the errors on everyone else's drawings;
- the calibration error, and how many drawings of something else are accepted as digits.

Then does the same for writers who first show one drawing of each digit.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from finalnet.drawings import read_drawings
from finalnet.evaluation.scores import calibration_error, draw_samples, generated_scribbles
from finalnet.hand import Hand, Memory, find_traits
from finalnet.network import Network
from finalnet.recognizer import Recognizer, confidence, softmax, view_features

LEAST = 40  # drawings; writers with fewer are left out
ORDERS = 3  # random orders of each writer's drawings
OTHERS = 2_000  # drawings of other writers on which each hand is measured
MOST = 3  # corrections; writers with more are in one group


class Seen(NamedTuple):
    """Drawings as the network sees them, with their labels."""

    traits: np.ndarray  # (N, 81) float32
    logits: np.ndarray  # (N, 10) float32
    labels: np.ndarray  # (N,) int64; -1 if not a digit

    def take(self, index: np.ndarray | slice) -> "Seen":
        return Seen(self.traits[index], self.logits[index], self.labels[index])

    def memories(self) -> list[Memory]:
        return [Memory(*row, int(label)) for *row, label in zip(*self, strict=True)]


class Course(NamedTuple):
    """The results of one writer, and of everyone else's drawings read with that writer's hand."""

    corrections: int
    labels: np.ndarray  # (N,) of the second half
    before: np.ndarray  # (N, 10) probabilities without corrections
    after: np.ndarray  # (N, 10) probabilities with corrections
    cost: float  # increase of the error rate on others' drawings
    accepted: dict[str, tuple[float, float]]  # share of non-digits accepted, before and after


def look(network: Network, inputs: np.ndarray, labels: np.ndarray) -> Seen:
    features = view_features(network, inputs)
    return Seen(find_traits(features, inputs), network.classify(features), labels)


def follow(drawings: Seen, shown: list[Memory]) -> tuple[np.ndarray, list[Memory]]:
    """Read drawings one by one and correct errors; return the logits and what was remembered."""
    known, answers = list(shown), [drawings.logits[:0]]
    while len(drawings.labels):
        logits = Hand(known).sway(drawings.traits, drawings.logits)
        wrong = np.flatnonzero(logits.argmax(axis=1) != drawings.labels)[:1]
        known += drawings.take(wrong).memories()
        end = wrong[0] + 1 if len(wrong) else len(logits)
        answers.append(logits[:end])
        drawings = drawings.take(slice(end, None))
    return np.concatenate(answers), known


def measure(
    drawings: Seen,
    others: Seen,
    nothings: dict[str, Seen],
    network: Network,
    is_shown: bool = False,
) -> Course:
    """Measure one writer.

    Args:
        drawings: in the order in which they are drawn.
        nothings: sets of drawings that are not digits, by name.
        is_shown: the writer shows the first drawing of each digit beforehand; these are not
            measured.
    """
    count = len(drawings.labels)
    first = np.unique(drawings.labels, return_index=True)[1] if is_shown else []
    shown = drawings.take(np.array(first, np.int64)).memories()
    asked = np.setdiff1d(np.arange(count), first)
    answers, known = follow(drawings.take(asked), shown)
    second = asked >= count // 2
    half = drawings.take(asked[second])
    hand = Hand(known)

    def wrong(logits: np.ndarray) -> float:
        return float((logits.argmax(axis=1) != others.labels).mean())

    def accepted(logits: np.ndarray) -> float:
        return float((confidence(logits) >= (network.rejection_threshold or 0)).mean())

    return Course(
        len(known) - len(shown),
        half.labels,
        softmax(half.logits / network.temperature),
        softmax(answers[second] / network.temperature),
        wrong(hand.sway(others.traits, others.logits)) - wrong(others.logits),
        {
            name: (accepted(seen.logits), accepted(hand.sway(seen.traits, seen.logits)))
            for name, seen in nothings.items()
        },
    )


def walk(
    network: Network, drawings: Seen, writers: np.ndarray, nothings: dict[str, Seen], orders: int
) -> Iterator[tuple[str, Course]]:
    """Measure every named writer with many drawings, in several orders and in both ways."""
    random = np.random.default_rng(0)
    for writer in filter(None, np.unique(writers)):
        own, others = np.flatnonzero(writers == writer), np.flatnonzero(writers != writer)
        for _ in range(orders if len(own) >= LEAST else 0):
            among = drawings.take(random.permutation(own))
            rest = drawings.take(random.choice(others, min(OTHERS, len(others)), replace=False))
            rows = (among, rest, nothings, network)
            yield "corrections", measure(*rows)
            yield "one drawing of each digit, then corrections", measure(*rows, is_shown=True)


def pool(courses: Sequence[Course]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, and probabilities before and after, of all second halves together."""
    rows = zip(*((c.labels, c.before, c.after) for c in courses), strict=True)
    labels, before, after = (np.concatenate(row) for row in rows)
    return labels, before, after


def count_errors(courses: Sequence[Course]) -> tuple[float, float]:
    """Error rate in all second halves, before and after."""
    labels, *both = pool(courses)
    before, after = (float((each.argmax(axis=1) != labels).mean()) for each in both)
    return before, after


def describe(courses: Sequence[Course]) -> Iterator[str]:
    """The results of one way of teaching, line by line."""
    corrections = np.minimum([course.corrections for course in courses], MOST)
    for name, some in [
        ("all", courses),
        *(
            (f"{n}{' or more' * (n == MOST)} corrected", [courses[i] for i in places])
            for n in range(MOST + 1)
            if len(places := np.flatnonzero(corrections == n))
        ),
    ]:
        before, after = count_errors(some)
        share = f", {1 - after / before:.0%} fewer" if before else ""
        yield f"errors, {name} ({len(some)} hands): {before:.2%} -> {after:.2%}{share}"
    yield f"corrections per writer: {np.mean([c.corrections for c in courses]):.1f}"
    cost = 100 * float(np.mean([course.cost for course in courses]))
    yield f"errors on everyone else's drawings: {cost:+.3f} points"
    labels, *both = pool(courses)
    before, after = (calibration_error(each, labels) for each in both)
    yield f"expected calibration error: {before:.2%} -> {after:.2%}"
    for name in courses[0].accepted:
        before, after = np.mean([course.accepted[name] for course in courses], axis=0)
        yield f"{name} accepted: {before:.2%} -> {after:.2%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--strokes", type=Path, required=True, help="file of drawn digits with writers"
    )
    parser.add_argument("--others", type=Path, help="file of drawings that are not digits")
    parser.add_argument("--checkpoint", help="folder or Hub id; default: the bundled one")
    parser.add_argument(
        "--networks",
        type=Path,
        help="folder written by `finalnet crossvalidate`; each source is read by the network that "
        "was trained without it",
    )
    options = parser.parse_args()
    drawings = [drawing for drawing in read_drawings(options.strokes) if drawing.is_digit]
    samples = draw_samples(drawings, "random placement")
    writers = np.array([d.writer and f"{d.source} {d.writer}" for d in drawings])
    nothings = [generated_scribbles()]
    if options.others:
        drawn = draw_samples(read_drawings(options.others), "random placement")
        nothings.append(drawn._replace(name=options.others.name))
    sources = sorted(set(samples.sources.tolist()))
    courses: dict[str, list[Course]] = {}
    for source in sources if options.networks else [None]:
        folder = options.networks / source if source else options.checkpoint
        network = Recognizer.load(folder).network
        seen = look(network, samples.inputs, samples.labels)
        chosen = np.where(samples.sources == source, writers, "") if source else writers
        others = {each.name: look(network, each.inputs, each.labels) for each in nothings}
        for name, course in walk(network, seen, chosen, others, ORDERS):
            courses.setdefault(name, []).append(course)
    for name, some in courses.items():
        print(f"\n{name}", *describe(some), sep="\n")


if __name__ == "__main__":
    main()
