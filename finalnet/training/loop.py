"""Training: MNIST and generated drawings in, the weights of FinalNet out."""

import time
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from finalnet.model import NUM_CLASSES, FinalNet
from finalnet.preprocessing import normalize, to_tensor
from finalnet.training.data import Digits, augment
from finalnet.training.handwriting import generate, generate_digits, generate_others

EMA_SPAN = 0.05  # of the whole training, over which the weights are averaged
EVALUATION_BATCH = 1_000  # images


@dataclass(frozen=True)
class TrainingArguments:
    """What `python train.py` can be told."""

    epochs: int = 30
    generated_digits: int = 80_000
    generated_others: int = 16_000  # drawings that are not digits
    generated_per_epoch: int = 20_000  # of both, beside all of MNIST
    batch_size: int = 128
    learning_rate: float = 1e-2  # the peak of OneCycle, for AdamW
    muon_rate: float = 2e-2  # the same for Muon
    weight_decay: float = 1e-2
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")


@dataclass(frozen=True)
class Epoch:
    """One line of the training history."""

    epoch: int
    loss: float  # mean over the augmented training pictures, see `mixed_loss`
    validation_accuracy: float  # of the averaged weights, in [0, 1]
    seconds: float  # since the start


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


def add_generated(mnist: Digits, digits: int, others: int, seed: int) -> Digits:
    """MNIST with generated drawings behind it; what is not a digit has the label -1."""
    images, labels = [mnist.images], [mnist.labels]
    if digits:
        images.append(torch.from_numpy(generate(generate_digits, digits, seed)))
        labels.append(torch.arange(digits) % NUM_CLASSES)
    if others:
        images.append(torch.from_numpy(generate(generate_others, others, seed)))
        labels.append(torch.full((others,), -1))
    return Digits(torch.cat(images), torch.cat(labels))


def train(
    arguments: TrainingArguments, digits: Digits, real: int, validation: Digits
) -> tuple[FinalNet, list[Epoch]]:
    """Train FinalNet; the same arguments on the same machine give the same weights.

    Args:
        digits: what to learn; the network learns to be wholly undecided where the label is -1.
        real: how many of them are MNIST's; they come first and are all seen in every epoch.
        validation: digits on which each epoch is measured.
    Returns:
        The moving average of the weights after the last epoch, on the CPU and in evaluation mode,
        and the history of all epochs.
    """
    start = time.perf_counter()
    torch.manual_seed(arguments.seed)
    device = pick_device(arguments.device)
    generator = torch.Generator(device).manual_seed(arguments.seed)
    images, labels = digits.images[:, None].to(device), digits.labels.to(device)
    # channels_last and bfloat16 halve the time of an epoch on a CPU and on a GPU.
    model = FinalNet().to(memory_format=torch.channels_last).to(device)
    drawn = min(arguments.generated_per_epoch, len(images) - real)
    batches = (real + drawn) // arguments.batch_size
    steps = batches * arguments.epochs
    ema = get_ema_multi_avg_fn(1 - 1 / max(EMA_SPAN * steps, 1))
    average = AveragedModel(model, multi_avg_fn=ema, use_buffers=True)
    # Muon takes the kernels that turn features into features, AdamW the rest.
    kernels = [p for name, p in model.named_parameters() if p.ndim > 1 and "fc2" not in name]
    matrices = [nn.Parameter(as_matrix(kernel.detach())) for kernel in kernels]
    rest = [p for name, p in model.named_parameters() if p.ndim == 1 or "fc2" in name]
    decay = arguments.weight_decay
    optimizers = [
        torch.optim.Muon(matrices, lr=arguments.muon_rate, weight_decay=decay),
        torch.optim.AdamW(rest, lr=arguments.learning_rate, weight_decay=decay),
    ]
    schedules = [
        OneCycleLR(optimizer, optimizer.defaults["lr"], total_steps=steps, cycle_momentum=False)
        for optimizer in optimizers
    ]
    history = []
    with tqdm(total=steps, unit="step", dynamic_ncols=True, mininterval=1) as bar:
        for epoch in range(1, arguments.epochs + 1):
            model.train()
            # So small a network underfits: without dropout it is right more often on every set.
            model.dropout.eval()
            order = epoch_order(real, len(images) - real, drawn, generator)
            losses = []
            for rows in order[: batches * arguments.batch_size].split(arguments.batch_size):
                batch = normalize(augment(images[rows].float() / 255, generator))
                with torch.autocast(device.type, torch.bfloat16):
                    log_probabilities = model(batch.to(memory_format=torch.channels_last))
                loss = mixed_loss(log_probabilities.float(), labels[rows])
                model.zero_grad()
                loss.backward()
                for matrix, kernel in zip(matrices, kernels, strict=True):
                    matrix.grad = as_matrix(cast(Tensor, kernel.grad))
                for optimizer, schedule in zip(optimizers, schedules, strict=True):
                    optimizer.step()
                    schedule.step()
                average.update_parameters(model)
                losses.append(loss.detach())
                bar.update()
            mean_loss = torch.stack(losses).mean().item()
            accuracy = measure_accuracy(cast(FinalNet, average.module), validation)
            history.append(Epoch(epoch, mean_loss, accuracy, time.perf_counter() - start))
            bar.set_postfix_str(f"loss {mean_loss:.4f}, validation {accuracy:.2%}")
    averaged = cast(FinalNet, average.module).cpu().to(memory_format=torch.contiguous_format)
    return averaged.eval(), history


def as_matrix(kernel: Tensor) -> Tensor:
    """A kernel as (out, height * width * in), on the same memory, which is channels last."""
    return kernel if kernel.ndim == 2 else kernel.permute(0, 2, 3, 1).view(len(kernel), -1)


def epoch_order(real: int, generated: int, drawn: int, generator: torch.Generator) -> Tensor:
    """Rows of one epoch in random order: all real ones, and `drawn` of the generated ones after."""
    device = generator.device
    chosen = real + torch.randperm(generated, generator=generator, device=device)[:drawn]
    rows = torch.cat([torch.arange(real, device=device), chosen])
    return rows[torch.randperm(len(rows), generator=generator, device=device)]


def mixed_loss(log_probabilities: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy to the label, or to ten equal shares where the label is -1."""
    if labels.min() >= 0:
        return F.nll_loss(log_probabilities, labels)
    towards_all = -log_probabilities.mean(dim=1)
    towards_label = F.nll_loss(log_probabilities, labels.clamp(min=0), reduction="none")
    return torch.where(labels < 0, towards_all, towards_label).mean()


@torch.inference_mode()
def measure_accuracy(model: FinalNet, digits: Digits) -> float:
    """Share of the digits whose most probable class is their label, in [0, 1]."""
    device = model.fc2.weight.device
    predictions = predict(model.eval(), to_tensor(digits.images).to(device))
    return (predictions.cpu() == digits.labels).double().mean().item()


def predict(model: FinalNet, inputs: Tensor) -> Tensor:
    """The most probable class of each normalised image, (N,) int64."""
    return torch.cat([model(batch).argmax(dim=1) for batch in inputs.split(EVALUATION_BATCH)])
