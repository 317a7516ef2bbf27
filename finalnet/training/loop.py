"""Training: MNIST, generated drawings and those of people in, the weights of FinalNet out."""

import math
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn
from tqdm import tqdm

from finalnet.model import FinalNet, normalize, to_tensor
from finalnet.preprocessing import INPUT_SIZE
from finalnet.training.data import Digits, augment
from finalnet.training.states import EPOCHS, STEPS, State, name_state, take_state
from finalnet.training.unfinished import Kept, interruptible

EVALUATION_BATCH = 1_000  # images
STATISTICS_SIZE = 10_000  # digits, from which batch norm takes what it answers with
# Of the views: half a pixel finer, and a quarter bolder, which Python and browsers round alike.
PENS = (-0.5, 0.25)
PRECISIONS = ("float32", "bfloat16")

Tensors = tuple[Tensor, ...] | list[Tensor]


@dataclass(frozen=True)
class TrainingArguments:
    """What `python train.py` can be told."""

    epochs: int = 40
    generated_digits: int = 65_000
    generated_others: int = 13_000  # drawings that are not digits
    generated_per_epoch: int = 14_000  # of both, beside all of MNIST
    # How often drawings of people are drawn, if there are any; an epoch takes the same share.
    real_digits: int = 53_000
    real_others: int = 12_000
    batch_size: int = 128
    learning_rate: float = 1e-2  # the peak of OneCycle, for AdamW
    muon_rate: float = 2e-2  # the same for Muon
    weight_decay: float = 1e-2
    dropout: float = 0.0  # the specification has 0.25; so small a network underfits with it
    ema_span: float = 0.05  # of the whole training, over which the weights are averaged
    seed: int = 4  # of 0 to 4, the one with the highest validation accuracy
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


# The defaults of `--preset quick`: 99 % on MNIST in half a minute of two cores.
QUICK = TrainingArguments(epochs=1, generated_digits=0, generated_others=0)


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


def train(
    arguments: TrainingArguments,
    digits: Digits,
    validation: Digits,
    pool: Pool,
    start: FinalNet | None = None,
    keep_states: bool = False,
    resumed: Kept | None = None,
    keep: Callable[[Kept], None] = lambda kept: None,
    log: Callable[[Epoch], None] = lambda epoch: None,
) -> Trained:
    """Train FinalNet; the same arguments on the same machine give the same weights.

    Args:
        arguments: with a device and a precision, not "auto"; see `settle`.
        digits: MNIST's, all seen in every epoch.
        validation: digits on which each epoch is measured.
        pool: other drawings, of which each epoch takes the same number.
        start: what to go on from; random weights by default.
        keep_states: whether to keep states of the network on the way, see `states.py`.
        resumed: what `keep` was given, to go on from there as if nothing had come between.
        keep: takes the whole state after each epoch, and when Ctrl-C or SIGTERM ends the training.
        log: takes what each epoch gave.
    Raises:
        ValueError: the loss is no longer a number, or `resumed` is of another training.
        KeyboardInterrupt: Ctrl-C or SIGTERM.
    """
    device = torch.device(arguments.device)
    torch.manual_seed(arguments.seed)
    generator = torch.Generator(device).manual_seed(arguments.seed)
    generated = arguments.generated_digits + arguments.generated_others
    share = min(arguments.generated_per_epoch / max(generated, 1), 1)
    drawn = round(share * pool.size)
    size = len(digits.labels) + drawn  # images of an epoch
    batches = math.ceil(size / arguments.batch_size)
    learner = Learner(arguments, device, arguments.precision, batches * arguments.epochs, start)
    run = Run(learner, generator, fingerprint(digits, pool))
    if resumed:
        run.restore(resumed)
    images, labels = digits.images[:, None].to(device), digits.labels.to(device)
    with show_progress(arguments, size, run) as bar, interruptible() as whole:
        try:
            for epoch in range(len(run.history) + 1, arguments.epochs + 1):
                # Generated drawings are worth 1.2 points on drawn digits. The first epochs choose
                # from what the other processes have had time to draw.
                missing = min(epoch * drawn, pool.size) - (len(labels) - len(digits.labels))
                more = take(pool.drawings, missing)
                images = torch.cat([images, more.images[:, None].to(device)])
                labels = torch.cat([labels, more.labels.to(device)])
                with whole():
                    if not run.place:
                        run.order = epoch_order(len(digits.labels), len(labels), drawn, generator)
                for rows in split(run.order[run.place :], arguments.batch_size):
                    with whole():
                        if keep_states and epoch == 1 and learner.taken in STEPS:
                            accuracy = measure_average(learner, digits, validation)
                            name = name_state(learner.taken, "step")
                            run.states.append(take_state(name, learner.averaged, accuracy))
                        batch = normalize(augment(images[rows].float() / 255, generator))
                        run.losses.append(learner.step(batch, labels[rows]) * len(rows))
                        run.place += len(rows)
                    bar.update(len(rows))
                mean_loss = torch.stack(run.losses).sum().item() / size
                if not math.isfinite(mean_loss):
                    raise ValueError(
                        f"the loss is no longer a number in epoch {epoch}; begin anew with lower "
                        "rates (--learning-rate, --muon-rate)"
                    )
                accuracy = measure_average(learner, digits, validation)
                with whole():
                    if keep_states and (epoch in EPOCHS or epoch == arguments.epochs):
                        name = name_state(epoch, "epoch")
                        run.states.append(take_state(name, learner.averaged, accuracy))
                    run.end_epoch(Epoch(epoch, mean_loss, accuracy, run.seconds))
                tell(bar, arguments, run.history)
                log(run.history[-1])
                keep(run.state())
        except KeyboardInterrupt:
            if all(loss.isfinite() for loss in run.losses):
                keep(run.state())
            raise
    averaged = learner.averaged.cpu().to(memory_format=torch.contiguous_format)
    return Trained(averaged.eval(), run.history, arguments.precision, run.states)


class Run:
    """All that a training is at one moment; what it has taken from the pool is drawn again."""

    def __init__(self, learner: "Learner", generator: torch.Generator, data: int) -> None:
        self.learner, self.generator, self.data = learner, generator, data
        self.history: list[Epoch] = []
        self.states: list[State] = []
        self.order = torch.zeros(0, dtype=torch.long)  # rows of the epoch that has begun
        self.place = 0  # of the order, up to which was learned
        self.losses: list[Tensor] = []  # of each batch of the epoch, times its size
        self.began = time.perf_counter()

    @property
    def seconds(self) -> float:
        """For how long it has been training, without what came between."""
        return time.perf_counter() - self.began

    def end_epoch(self, epoch: Epoch) -> None:
        self.history.append(epoch)
        self.place, self.losses = 0, []

    def state(self) -> Kept:
        return {
            "data": self.data,
            "machine": describe_machine(),
            "learner": self.learner.state(),
            "random": [self.generator.get_state(), *random_states(self.generator.device)],
            "history": [asdict(epoch) for epoch in self.history],
            "states": [state._asdict() for state in self.states],
            "order": self.order.cpu(),
            "place": self.place,
            "losses": [loss.cpu() for loss in self.losses],
            "seconds": self.seconds,
        }

    def restore(self, kept: Kept) -> None:
        """Go back to where `state` was called; raises ValueError where the data are others."""
        if kept["data"] != self.data:
            raise ValueError(
                "MNIST or the drawings are others than those that the training began with; "
                "begin anew without --resume"
            )
        if kept["machine"] != describe_machine():
            tqdm.write(
                f"resumed on {describe_machine()}, begun on {kept['machine']}: "
                "the weights will differ in their last bits from those of one run"
            )
        device = self.generator.device
        self.learner.restore(kept["learner"])
        generator, *others = kept["random"]
        self.generator.set_state(generator)
        torch.set_rng_state(others[0])
        if device.type == "cuda":
            torch.cuda.set_rng_state(others[1], device)
        self.history = [Epoch(**epoch) for epoch in kept["history"]]
        self.states = [State(**state) for state in kept["states"]]
        self.order, self.place = kept["order"].to(device), kept["place"]
        self.losses = [loss.to(device) for loss in kept["losses"]]
        self.began = time.perf_counter() - kept["seconds"]


def random_states(device: torch.device) -> list[Tensor]:
    """Of the generators that dropout draws from."""
    states = [torch.get_rng_state()]
    return states + [torch.cuda.get_rng_state(device)] if device.type == "cuda" else states


def describe_machine() -> str:
    """What the last bits of a sum depend on."""
    processor = torch.backends.cpu.get_cpu_capability()
    return f"torch {torch.__version__}, {torch.get_num_threads()} threads, {processor}"


def fingerprint(digits: Digits, pool: Pool) -> int:
    """A number that other digits, or a pool of another size, do not have."""
    return zlib.crc32(digits.images.numpy().tobytes(), pool.size)


def show_progress(arguments: TrainingArguments, size: int, run: Run) -> tqdm:
    """A bar of all images; where there is no terminal, `tell` writes a line an epoch instead."""
    return tqdm(
        total=size * arguments.epochs,
        initial=size * len(run.history) + run.place,
        unit=" images",
        unit_scale=True,
        dynamic_ncols=True,
        mininterval=1,
        disable=None,
    )


def tell(bar: tqdm, arguments: TrainingArguments, history: Sequence[Epoch]) -> None:
    """Say how the last epoch went."""
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
        # Muon takes the kernels that turn features into features, AdamW the rest: 0.16 points on
        # drawn digits, 0.07 on MNIST's validation digits.
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
    def parts(self) -> list[Any]:
        """All that has a state."""
        return [self.model, self.average, *self.optimizers, *self.schedules]

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

    def state(self) -> Kept:
        """All that its next step depends on, but the arguments."""
        return {"taken": self.taken, "parts": [part.state_dict() for part in self.parts]}

    def restore(self, kept: Kept) -> None:
        self.taken = kept["taken"]
        for part, state in zip(self.parts, kept["parts"], strict=True):
            part.load_state_dict(state)

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


def split(order: Tensor, size: int) -> Sequence[Tensor]:
    """The rows of each batch; none of no rows, as after a stop at the end of an epoch."""
    return order.split(size) if len(order) else ()


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
    with torch.random.fork_rng():  # its dropout is no part of the training
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
