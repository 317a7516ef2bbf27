"""The training loop: MNIST and other drawings in, the weights of FinalNet out."""

import math
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.optim.swa_utils import update_bn
from tqdm import tqdm

from finalnet.model import FinalNet, normalize_pixels, to_tensor
from finalnet.preprocessing import INPUT_SIZE
from finalnet.training.arguments import TrainingArguments
from finalnet.training.data import Digits, augment
from finalnet.training.learner import Learner
from finalnet.training.states import EPOCHS, STEPS, State, name_state, take_state
from finalnet.training.unfinished import Progress, interruptible

EVALUATION_BATCH = 250  # images; 1,000 at a time leave the processor's cache and take twice as long
STATISTICS_SIZE = 10_000  # digits from which batch norm takes its means and variances,
STATISTICS_BATCH = 1_000  # so many at a time


@dataclass(frozen=True)
class Epoch:
    """One line of the training history."""

    epoch: int
    loss: float  # mean over the augmented training images, see `mixed_loss`
    validation_accuracy: float  # of the averaged weights, in [0, 1]
    seconds: float  # since the start


class Pool(NamedTuple):
    """The drawings beside MNIST; other processes draw them during the training."""

    size: int  # of the whole pool
    drawings: Iterator[Digits]  # yields some at a time


class Trained(NamedTuple):
    """The result of a training."""

    model: FinalNet  # with the averaged weights; on the CPU, in evaluation mode
    history: list[Epoch]
    precision: str  # "float32" or "bfloat16"
    states: list[State]  # snapshots; empty unless `keep_states`


def train(
    arguments: TrainingArguments,
    digits: Digits,
    validation: Digits,
    pool: Pool,
    start: FinalNet | None = None,
    keep_states: bool = False,
    resumed: Progress | None = None,
    keep: Callable[[Progress], None] = lambda progress: None,
    log: Callable[[Epoch], None] = lambda epoch: None,
) -> Trained:
    """Train FinalNet; the same arguments on the same machine give the same weights.

    Args:
        arguments: with a device and a precision, not "auto"; see `settle`.
        digits: MNIST's training digits; every epoch sees all of them.
        validation: digits on which to measure each epoch.
        pool: other drawings; every epoch sees the same number of them.
        start: the network whose weights to start from; random weights by default.
        keep_states: whether to take snapshots of the network, see `states.py`.
        resumed: what `keep` received; the weights will be as if nothing had interrupted.
        keep: called with all that resuming needs after each epoch, and on Ctrl-C or SIGTERM.
        log: called after each epoch.
    Raises:
        ValueError: the loss is no longer a number, or `resumed` belongs to another training.
        KeyboardInterrupt: Ctrl-C or SIGTERM.
    """
    training = Training(arguments, digits, validation, pool, start, keep_states)
    if resumed:
        training.restore(resumed)
    with show_progress(training) as bar, interruptible() as whole:
        try:
            while len(training.history) < arguments.epochs:
                training.train_epoch(whole, bar)
                report_epoch(bar, arguments, training.history)
                log(training.history[-1])
                keep(training.progress())
        except KeyboardInterrupt:
            if all(loss.isfinite() for loss in training.losses):
                keep(training.progress())
            raise
    averaged = training.learner.averaged.cpu().to(memory_format=torch.contiguous_format)
    return Trained(averaged.eval(), training.history, arguments.precision, training.states)


class Examples:
    """MNIST's digits, and behind them the drawings that have come from the pool so far."""

    def __init__(self, arguments: TrainingArguments, digits: Digits, pool: Pool) -> None:
        device = torch.device(arguments.device)
        self.images, self.labels = digits.images[:, None].to(device), digits.labels.to(device)
        self.pool = pool
        self.mnist = len(digits.labels)
        generated = arguments.generated_digits + arguments.generated_others
        share = min(arguments.generated_per_epoch / max(generated, 1), 1)
        self.drawn = round(share * pool.size)  # per epoch; worth 1.2 points on drawn digits
        self.epoch_size = self.mnist + self.drawn

    def grow(self, epoch: int) -> None:
        """Take enough new drawings for an epoch, counted from 1; early epochs have few to pick."""
        missing = min(epoch * self.drawn, self.pool.size) - (len(self.labels) - self.mnist)
        more = take(self.pool.drawings, missing)
        self.images = torch.cat([self.images, more.images[:, None].to(self.images.device)])
        self.labels = torch.cat([self.labels, more.labels.to(self.labels.device)])


class Training:
    """A training in progress, and everything that it needs to resume.

    Its state leaves out the drawings: a resumed training has the same ones drawn again.
    """

    def __init__(
        self,
        arguments: TrainingArguments,
        digits: Digits,
        validation: Digits,
        pool: Pool,
        start: FinalNet | None,
        keep_states: bool,
    ) -> None:
        self.arguments, self.digits, self.validation = arguments, digits, validation
        self.keep_states = keep_states
        device = torch.device(arguments.device)
        torch.manual_seed(arguments.seed)
        self.generator = torch.Generator(device).manual_seed(arguments.seed)
        self.examples = Examples(arguments, digits, pool)
        steps = math.ceil(self.examples.epoch_size / arguments.batch_size) * arguments.epochs
        self.learner = Learner(arguments, device, arguments.precision, steps, start)
        self.data = fingerprint(digits, pool)
        self.history: list[Epoch] = []
        self.states: list[State] = []
        self.order = torch.zeros(0, dtype=torch.long)  # rows of the examples in this epoch
        self.place = 0  # in the order; the rows before it were learned
        self.losses: list[Tensor] = []  # of each batch of this epoch, times its size
        self.began = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Time spent training, without interruptions."""
        return time.perf_counter() - self.began

    def train_epoch(self, whole: Callable[[], AbstractContextManager[None]], bar: tqdm) -> None:
        """Train to the end of the current epoch and add it to the history.

        Args:
            whole: delays Ctrl-C and SIGTERM, so that the progress never ends within a step.
            bar: counts images.
        Raises:
            ValueError: the loss is no longer a number.
            KeyboardInterrupt: Ctrl-C or SIGTERM.
        """
        epoch = len(self.history) + 1
        self.examples.grow(epoch)
        with whole():
            self.begin_epoch()
        for rows in split(self.order[self.place :], self.arguments.batch_size):
            with whole():
                if self.keep_states and epoch == 1 and self.learner.taken in STEPS:
                    self.take_state(self.learner.taken, "step", self.measure())
                self.step(rows)
            bar.update(len(rows))
        loss = self.mean_loss()
        accuracy = self.measure()
        with whole():
            if self.keep_states and (epoch in EPOCHS or epoch == self.arguments.epochs):
                self.take_state(epoch, "epoch", accuracy)
            self.end_epoch(Epoch(epoch, loss, accuracy, self.seconds))

    def begin_epoch(self) -> None:
        """Shuffle the examples, unless a resumed epoch has its order already."""
        if not self.place:
            examples = self.examples
            self.order = epoch_order(
                examples.mnist, len(examples.labels), examples.drawn, self.generator
            )

    def step(self, rows: Tensor) -> None:
        images = self.examples.images[rows].float() / 255
        batch = normalize_pixels(augment(images, self.generator))
        self.losses.append(self.learner.step(batch, self.examples.labels[rows]) * len(rows))
        self.place += len(rows)

    def mean_loss(self) -> float:
        """The mean loss of the epoch; raises ValueError if it is not finite."""
        loss = torch.stack(self.losses).sum().item() / self.examples.epoch_size
        if not math.isfinite(loss):
            raise ValueError(
                f"the loss is no longer a number in epoch {len(self.history) + 1}; start again "
                "with lower rates (--learning-rate, --muon-rate)"
            )
        return loss

    def measure(self) -> float:
        return measure_average(self.learner, self.digits, self.validation)

    def take_state(self, count: int, unit: str, accuracy: float) -> None:
        """Keep a snapshot of the averaged network."""
        self.states.append(take_state(name_state(count, unit), self.learner.averaged, accuracy))

    def end_epoch(self, epoch: Epoch) -> None:
        self.history.append(epoch)
        self.place, self.losses = 0, []

    def progress(self) -> Progress:
        return {
            "data": self.data,
            "machine": describe_machine(),
            "learner": self.learner.progress(),
            "random": [self.generator.get_state(), *random_states(self.generator.device)],
            "history": [asdict(epoch) for epoch in self.history],
            "states": [state._asdict() for state in self.states],
            "order": self.order.cpu(),
            "place": self.place,
            "losses": [loss.cpu() for loss in self.losses],
            "seconds": self.seconds,
        }

    def restore(self, progress: Progress) -> None:
        """Return to where `progress` was called; raises ValueError if the data have changed."""
        if progress["data"] != self.data:
            raise ValueError(
                "MNIST or the drawings have changed since the training began; "
                "start again without --resume"
            )
        if progress["machine"] != describe_machine():
            tqdm.write(
                f"resumed on {describe_machine()}, begun on {progress['machine']}: "
                "the last bits of the weights will differ from those of an uninterrupted training"
            )
        device = self.generator.device
        self.learner.restore(progress["learner"])
        generator, *others = progress["random"]
        self.generator.set_state(generator)
        torch.set_rng_state(others[0])
        if device.type == "cuda":
            torch.cuda.set_rng_state(others[1], device)
        self.history = [Epoch(**epoch) for epoch in progress["history"]]
        self.states = [State(**state) for state in progress["states"]]
        self.order, self.place = progress["order"].to(device), progress["place"]
        self.losses = [loss.to(device) for loss in progress["losses"]]
        self.began = time.perf_counter() - progress["seconds"]


def random_states(device: torch.device) -> list[Tensor]:
    """States of the global generators, from which dropout draws."""
    states = [torch.get_rng_state()]
    return states + [torch.cuda.get_rng_state(device)] if device.type == "cuda" else states


def describe_machine() -> str:
    """Describe what the last bits of a sum depend on."""
    processor = torch.backends.cpu.get_cpu_capability()
    return f"torch {torch.__version__}, {torch.get_num_threads()} threads, {processor}"


def fingerprint(digits: Digits, pool: Pool) -> int:
    """Checksum of the digits and the size of the pool."""
    return zlib.crc32(digits.images.numpy().tobytes(), pool.size)


def show_progress(training: Training) -> tqdm:
    """Count all images; without a terminal, `report_epoch` prints a line per epoch instead."""
    size = training.examples.epoch_size
    return tqdm(
        total=size * training.arguments.epochs,
        initial=size * len(training.history) + training.place,
        unit=" images",
        unit_scale=True,
        dynamic_ncols=True,
        mininterval=1,
        disable=None,
    )


def report_epoch(bar: tqdm, arguments: TrainingArguments, history: Sequence[Epoch]) -> None:
    """Show the figures of the last epoch on the bar, or print them where it is disabled."""
    epoch = history[-1]
    figures = f"loss {epoch.loss:.4f}, validation {epoch.validation_accuracy:.2%}"
    figures += f", {arguments.precision}"
    if not bar.disable:
        bar.set_postfix_str(figures)
        return
    left = epoch.seconds / epoch.epoch * (arguments.epochs - epoch.epoch)
    print(
        f"epoch {epoch.epoch} of {arguments.epochs}: {figures}, "
        f"{tqdm.format_interval(epoch.seconds)} so far, {tqdm.format_interval(left)} left",
        file=sys.stderr,
        flush=True,
    )


def take(drawings: Iterator[Digits], count: int) -> Digits:
    """Take at least `count` drawings."""
    taken = [
        Digits(torch.zeros(0, INPUT_SIZE, INPUT_SIZE, dtype=torch.uint8), torch.zeros(0).long())
    ]
    while count > 0:
        taken.append(next(drawings))
        count -= len(taken[-1].labels)
    return Digits(torch.cat([t.images for t in taken]), torch.cat([t.labels for t in taken]))


def epoch_order(real: int, known: int, drawn: int, generator: torch.Generator) -> Tensor:
    """Shuffle the rows of one epoch: the first `real`, and `drawn` of the others up to `known`."""
    device = generator.device
    chosen = real + torch.randperm(known - real, generator=generator, device=device)[:drawn]
    rows = torch.cat([torch.arange(real, device=device), chosen])
    return rows[torch.randperm(len(rows), generator=generator, device=device)]


def split(order: Tensor, size: int) -> Sequence[Tensor]:
    """Rows of each batch; no batches if no rows are left, as after a stop at an epoch's end."""
    return order.split(size) if len(order) else ()


def measure_average(learner: Learner, digits: Digits, validation: Digits) -> float:
    """Validation accuracy of the averaged weights, with batch-norm statistics of their own."""
    take_statistics(learner.averaged, digits)
    return measure_accuracy(learner.averaged, validation)


def take_statistics(model: FinalNet, digits: Digits) -> None:
    """Set the means and variances of batch norm from digits without augmentation.

    Those of training come from augmented digits and cost 0.2 points on drawn digits, with one view.
    """
    inputs = to_tensor(digits.images[:STATISTICS_SIZE]).to(model.fc2.weight.device)
    with torch.random.fork_rng():  # its dropout must not change what the training draws
        update_bn(inputs.split(STATISTICS_BATCH), model)


@torch.inference_mode()
def measure_accuracy(model: FinalNet, digits: Digits) -> float:
    """Share of digits whose most probable class is their label, in [0, 1]."""
    device = model.fc2.weight.device
    predictions = predict(model.eval(), to_tensor(digits.images).to(device))
    return (predictions.cpu() == digits.labels).double().mean().item()


def predict(model: FinalNet, inputs: Tensor) -> Tensor:
    """The most probable class of each normalised image, (N,) int64."""
    return torch.cat([model(batch).argmax(dim=1) for batch in inputs.split(EVALUATION_BATCH)])
