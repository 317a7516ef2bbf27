"""Training: MNIST, generated drawings and those of people in, the weights of FinalNet out."""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn
from tqdm import tqdm

from finalnet.drawings import Drawing
from finalnet.model import FinalNet, normalize, to_tensor
from finalnet.network import NUM_CLASSES
from finalnet.preprocessing import INPUT_SIZE
from finalnet.training.data import Digits, augment
from finalnet.training.handwriting import (
    Chunk,
    draw_ahead,
    generate_digits,
    generate_others,
    interleave,
    split_again,
    split_work,
)
from finalnet.training.states import EPOCHS, STEPS, State, name_state, take_state

EVALUATION_BATCH = 1_000  # images
STATISTICS_SIZE = 10_000  # digits, from which batch norm takes what it answers with
TRIAL_STEPS = 4  # of each precision, the first to warm up
# Of float32's time, at the most: below it no noise makes two runs choose differently.
WORTHWHILE = 0.9
# Of the views: half a pixel finer, and a quarter bolder, which Python and browsers round alike.
PENS = (-0.5, 0.25)
PRECISIONS = ("float32", "bfloat16")

Tensors = tuple[Tensor, ...] | list[Tensor]


@dataclass(frozen=True)
class TrainingArguments:
    """What `python train.py` can be told."""

    epochs: int = 30
    generated_digits: int = 80_000
    generated_others: int = 16_000  # drawings that are not digits
    generated_per_epoch: int = 20_000  # of both, beside all of MNIST
    # How often drawings of people are drawn, if there are any; an epoch takes the same share.
    real_digits: int = 48_000
    real_others: int = 5_000
    batch_size: int = 128
    learning_rate: float = 1e-2  # the peak of OneCycle, for AdamW
    muon_rate: float = 2e-2  # the same for Muon
    weight_decay: float = 1e-2
    dropout: float = 0.0  # the specification has 0.25; so small a network underfits with it
    ema_span: float = 0.05  # of the whole training, over which the weights are averaged
    seed: int = 2  # of 0 to 4, the one with the highest validation accuracy
    device: str = "auto"
    precision: str = "auto"  # or float32 or bfloat16; the faster one on a CPU

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, got {self.dropout}")
        if self.ema_span < 0:
            raise ValueError(f"ema_span must not be negative, got {self.ema_span}")
        if self.precision not in ("auto", *PRECISIONS):
            raise ValueError(
                f"precision must be auto or one of {', '.join(PRECISIONS)}, got {self.precision!r}"
            )


# The defaults where a network is gone on from: a few epochs, in smaller steps.
GOING_ON = TrainingArguments(
    epochs=3,
    generated_digits=30_000,
    generated_others=6_000,
    real_digits=18_000,
    real_others=2_000,
    learning_rate=3e-3,
    muon_rate=6e-3,
)


@dataclass(frozen=True)
class Epoch:
    """One line of the training history."""

    epoch: int
    loss: float  # mean over the augmented training pictures, see `mixed_loss`
    validation_accuracy: float  # of the averaged weights, in [0, 1]
    seconds: float  # since the start


class Pool(NamedTuple):
    """What stands beside MNIST: drawings that come while others are still drawn."""

    size: int  # of all of them
    drawings: Iterator[Digits]  # some at a time


class Trained(NamedTuple):
    """What a training gives."""

    model: FinalNet  # the moving average of the weights; on the CPU, in evaluation mode
    history: list[Epoch]
    precision: str  # in which the network was computed: "float32" or "bfloat16"
    states: list[State]  # on the way, if they were to be kept


def pick_device(name: str) -> torch.device:
    """The named device, or for "auto" the fastest one present.

    Raises:
        ValueError: the device is unknown or not present.
    """
    present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        name = next(device for device, there in present.items() if there)
    if not present.get(name):
        here = ", ".join(device for device, there in present.items() if there)
        raise ValueError(f"device {name!r} is not available; choose auto or one of: {here}")
    return torch.device(name)


def pick_precision(arguments: TrainingArguments, device: torch.device) -> str:
    """The precision that is asked for, or for "auto" the one that is faster on this processor.

    Without AVX512 or AMX for bfloat16 a CPU takes up to eight times as long with it, with them
    three quarters of the time; so both are timed. A GPU is always faster with it.
    """
    if arguments.precision != "auto":
        return arguments.precision
    if device.type != "cpu":
        return "bfloat16"
    times = {name: time_step(replace(arguments, precision=name), device) for name in PRECISIONS}
    faster = times["bfloat16"] < WORTHWHILE * times["float32"]
    precision = "bfloat16" if faster else "float32"
    timed = ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in times.items())
    tqdm.write(f"training in {precision} (a step takes: {timed})")
    return precision


def time_step(arguments: TrainingArguments, device: torch.device) -> float:
    """Seconds that a training step takes at its best, of a few on noise."""
    learner = Learner(arguments, device, arguments.precision, TRIAL_STEPS)
    images = torch.rand(arguments.batch_size, 1, INPUT_SIZE, INPUT_SIZE, device=device)
    labels = torch.arange(arguments.batch_size, device=device) % NUM_CLASSES
    times = []
    for _ in range(TRIAL_STEPS):
        start = time.perf_counter()
        learner.step(images, labels)
        times.append(time.perf_counter() - start)
    return min(times[1:])


def train(
    arguments: TrainingArguments,
    digits: Digits,
    validation: Digits,
    pool: Pool,
    start: FinalNet | None = None,
    keep_states: bool = False,
) -> Trained:
    """Train FinalNet; the same arguments and precision on the same machine give the same weights.

    Args:
        digits: MNIST's, all seen in every epoch.
        validation: digits on which each epoch is measured.
        pool: other drawings, of which each epoch takes the same number.
        start: what to go on from; random weights by default.
        keep_states: whether to keep states of the network on the way, see `states.py`.
    """
    began = time.perf_counter()
    device = pick_device(arguments.device)
    precision = pick_precision(arguments, device)
    torch.manual_seed(arguments.seed)
    generator = torch.Generator(device).manual_seed(arguments.seed)
    generated = arguments.generated_digits + arguments.generated_others
    share = min(arguments.generated_per_epoch / max(generated, 1), 1)
    drawn = round(share * pool.size)
    batches = math.ceil((len(digits.labels) + drawn) / arguments.batch_size)
    learner = Learner(arguments, device, precision, batches * arguments.epochs, start)
    history = []
    states: list[State] = []
    bar = tqdm(total=batches * arguments.epochs, unit="step", dynamic_ncols=True, mininterval=1)
    with bar:
        images, labels = digits.images[:, None].to(device), digits.labels.to(device)
        for epoch in range(1, arguments.epochs + 1):
            # The first epochs choose from what the other processes have had time to draw.
            missing = min(epoch * drawn, pool.size) - (len(labels) - len(digits.labels))
            more = take(pool.drawings, missing)
            images = torch.cat([images, more.images[:, None].to(device)])
            labels = torch.cat([labels, more.labels.to(device)])
            losses = []
            order = epoch_order(len(digits.labels), len(labels), drawn, generator)
            for rows in order.split(arguments.batch_size):
                if keep_states and epoch == 1 and learner.taken in STEPS:
                    accuracy = measure_average(learner, digits, validation)
                    name = name_state(learner.taken, "step")
                    states.append(take_state(name, learner.averaged, accuracy))
                batch = normalize(augment(images[rows].float() / 255, generator))
                losses.append(learner.step(batch, labels[rows]) * len(rows))
                bar.update()
            mean_loss = torch.stack(losses).sum().item() / len(order)
            accuracy = measure_average(learner, digits, validation)
            if keep_states and (epoch in EPOCHS or epoch == arguments.epochs):
                states.append(take_state(name_state(epoch, "epoch"), learner.averaged, accuracy))
            history.append(Epoch(epoch, mean_loss, accuracy, time.perf_counter() - began))
            bar.set_postfix_str(f"{precision}, loss {mean_loss:.4f}, validation {accuracy:.2%}")
    averaged = learner.averaged.cpu().to(memory_format=torch.contiguous_format)
    return Trained(averaged.eval(), history, precision, states)


def plan_pool(arguments: TrainingArguments, drawings: Sequence[Drawing]) -> list[Chunk]:
    """What is drawn to stand beside MNIST; each kind is as frequent at the start as at the end."""
    seed = arguments.seed
    digits = [drawing for drawing in drawings if drawing.is_digit]
    others = [drawing for drawing in drawings if drawing.is_no_digit]
    return interleave(
        [
            split_work(generate_digits, arguments.generated_digits, seed),
            split_work(generate_others, arguments.generated_others, seed),
            split_again(digits, arguments.real_digits, seed),
            split_again(others, arguments.real_others, seed),
        ]
    )


@contextmanager
def growing_pool(arguments: TrainingArguments, drawings: Sequence[Drawing] = ()) -> Iterator[Pool]:
    """Generated drawings, and those of people drawn anew; other processes draw them meanwhile."""
    chunks = plan_pool(arguments, drawings)
    with draw_ahead(chunks) as pictures:
        yield Pool(
            sum(len(chunk.labels) for chunk in chunks),
            (
                Digits(torch.from_numpy(images), torch.from_numpy(chunk.labels))
                for chunk, images in zip(chunks, pictures, strict=True)
            ),
        )


def take(drawings: Iterator[Digits], count: int) -> Digits:
    """The next drawings, `count` or some more."""
    taken = [
        Digits(torch.zeros(0, INPUT_SIZE, INPUT_SIZE, dtype=torch.uint8), torch.zeros(0).long())
    ]
    while count > 0:
        taken.append(next(drawings))
        count -= len(taken[-1].labels)
    return Digits(torch.cat([t.images for t in taken]), torch.cat([t.labels for t in taken]))


class Learner:
    """FinalNet while it learns: its weights, their moving average, and what moves them."""

    def __init__(
        self,
        arguments: TrainingArguments,
        device: torch.device,
        precision: str,
        steps: int,
        start: FinalNet | None = None,
    ) -> None:
        # channels_last halves the time of an epoch on a CPU and on a GPU.
        self.model = FinalNet(pens=PENS).to(memory_format=torch.channels_last).to(device).train()
        if start:
            self.model.load_state_dict(start.state_dict())
        self.taken = 0  # steps
        self.span = max(arguments.ema_span * steps, 1)
        self.average = AveragedModel(self.model, multi_avg_fn=self.follow)
        self.model.dropout.p = arguments.dropout
        self.autocast = torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")
        # Muon takes the kernels that turn features into features, AdamW the rest.
        named = list(self.model.named_parameters())
        self.kernels = [p for name, p in named if p.ndim > 1 and "fc2" not in name]
        self.matrices = [nn.Parameter(as_matrix(kernel.detach())) for kernel in self.kernels]
        rest = [p for name, p in named if p.ndim == 1 or "fc2" in name]
        decay = arguments.weight_decay
        self.optimizers = [
            torch.optim.Muon(self.matrices, lr=arguments.muon_rate, weight_decay=decay),
            torch.optim.AdamW(rest, lr=arguments.learning_rate, weight_decay=decay),
        ]
        self.schedules = [
            OneCycleLR(optimizer, optimizer.defaults["lr"], total_steps=steps, cycle_momentum=False)
            for optimizer in self.optimizers
        ]

    @property
    def averaged(self) -> FinalNet:
        return cast(FinalNet, self.average.module)

    def step(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Learn from normalised inputs (N, 1, 28, 28); the loss before, a scalar."""
        with self.autocast:
            logits = self.model.logits(inputs.to(memory_format=torch.channels_last))
        # In float32: in bfloat16 the probabilities sum to 0.997 to 1.006.
        loss = mixed_loss(F.log_softmax(logits.float(), dim=1), labels)
        self.model.zero_grad()
        loss.backward()
        for matrix, kernel in zip(self.matrices, self.kernels, strict=True):
            matrix.grad = as_matrix(cast(Tensor, kernel.grad))
        for optimizer, schedule in zip(self.optimizers, self.schedules, strict=True):
            optimizer.step()
            schedule.step()
        self.average.update_parameters(self.model)
        self.taken += 1
        return loss.detach()

    def follow(self, averaged: Tensors, current: Tensors, count: Tensor | int) -> None:
        """Move averaged weights on to where the current ones are."""
        # At first over a tenth of the steps so far: a span that long stays with the untrained one.
        span = min(self.span, 1 + self.taken / 10)
        get_ema_multi_avg_fn(1 - 1 / span)(averaged, current, count)


def as_matrix(kernel: Tensor) -> Tensor:
    """A kernel as (out, height * width * in), on the same memory, which is channels last."""
    return kernel if kernel.ndim == 2 else kernel.permute(0, 2, 3, 1).view(len(kernel), -1)


def epoch_order(real: int, known: int, drawn: int, generator: torch.Generator) -> Tensor:
    """Rows of one epoch in random order: all real ones, and `drawn` of the generated ones after."""
    device = generator.device
    chosen = real + torch.randperm(known - real, generator=generator, device=device)[:drawn]
    rows = torch.cat([torch.arange(real, device=device), chosen])
    return rows[torch.randperm(len(rows), generator=generator, device=device)]


def mixed_loss(log_probabilities: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy to the label, or to ten equal shares where the label is -1."""
    if labels.min() >= 0:
        return F.nll_loss(log_probabilities, labels)
    towards_all = -log_probabilities.mean(dim=1)
    towards_label = F.nll_loss(log_probabilities, labels.clamp(min=0), reduction="none")
    return torch.where(labels < 0, towards_all, towards_label).mean()


def measure_average(learner: Learner, digits: Digits, validation: Digits) -> float:
    """Validation accuracy of the averaged weights, with statistics of their own."""
    take_statistics(learner.averaged, digits)
    return measure_accuracy(learner.averaged, validation)


def take_statistics(model: FinalNet, digits: Digits) -> None:
    """Take the means and variances of batch norm from digits as they are.

    Those that training leaves are of augmented digits, and cost one view 0.2 points on drawn ones.
    """
    inputs = to_tensor(digits.images[:STATISTICS_SIZE]).to(model.fc2.weight.device)
    update_bn(inputs.split(EVALUATION_BATCH), model)


@torch.inference_mode()
def measure_accuracy(model: FinalNet, digits: Digits) -> float:
    """Share of the digits whose most probable class is their label, in [0, 1]."""
    device = model.fc2.weight.device
    predictions = predict(model.eval(), to_tensor(digits.images).to(device))
    return (predictions.cpu() == digits.labels).double().mean().item()


def predict(model: FinalNet, inputs: Tensor) -> Tensor:
    """The most probable class of each normalised image, (N,) int64."""
    return torch.cat([model(batch).argmax(dim=1) for batch in inputs.split(EVALUATION_BATCH)])
