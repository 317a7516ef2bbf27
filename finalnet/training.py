"""Training: MNIST in, the weights of FinalNet out."""

import time
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from finalnet.data import Digits, augment
from finalnet.model import FinalNet
from finalnet.preprocessing import normalize, to_tensor

EMA_SPAN = 0.05  # of the whole training, over which the weights are averaged
EVALUATION_BATCH = 1_000  # images


@dataclass(frozen=True)
class TrainingArguments:
    """What `python train.py` can be told."""

    epochs: int = 45
    batch_size: int = 128
    learning_rate: float = 1e-2  # the peak of OneCycle
    weight_decay: float = 1e-2
    seed: int = 0
    device: str = "auto"


@dataclass(frozen=True)
class Epoch:
    """One line of the training history."""

    epoch: int
    loss: float  # mean negative log-likelihood of the augmented training digits
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


def train(
    arguments: TrainingArguments, digits: Digits, validation: Digits
) -> tuple[FinalNet, list[Epoch]]:
    """Train FinalNet; the same arguments on the same machine give the same weights.

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
    batches = len(images) // arguments.batch_size
    steps = batches * arguments.epochs
    ema = get_ema_multi_avg_fn(1 - 1 / max(EMA_SPAN * steps, 1))
    average = AveragedModel(model, multi_avg_fn=ema, use_buffers=True)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=arguments.learning_rate, weight_decay=arguments.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, arguments.learning_rate, total_steps=steps
    )
    history = []
    with tqdm(total=steps, unit="step", dynamic_ncols=True, mininterval=1) as bar:
        for epoch in range(1, arguments.epochs + 1):
            model.train()
            order = torch.randperm(len(images), generator=generator, device=device)
            losses = []
            for rows in order[: batches * arguments.batch_size].split(arguments.batch_size):
                batch = normalize(augment(images[rows].float() / 255, generator))
                with torch.autocast(device.type, torch.bfloat16):
                    log_probabilities = model(batch.to(memory_format=torch.channels_last))
                loss = F.nll_loss(log_probabilities.float(), labels[rows])
                optimizer.zero_grad()
                loss.backward()
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


@torch.inference_mode()
def measure_accuracy(model: FinalNet, digits: Digits) -> float:
    """Share of the digits whose most probable class is their label, in [0, 1]."""
    device = model.fc2.weight.device
    predictions = predict(model.eval(), to_tensor(digits.images).to(device))
    return (predictions.cpu() == digits.labels).double().mean().item()


def predict(model: FinalNet, inputs: Tensor) -> Tensor:
    """The most probable class of each normalised image, (N,) int64."""
    return torch.cat([model(batch).argmax(dim=1) for batch in inputs.split(EVALUATION_BATCH)])
