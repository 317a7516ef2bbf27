"""How fast training is: python -m benchmarks.training

Compares it with the loop that tutorials show: a `DataLoader` that transforms one picture at a time,
float32, Adadelta and batches of 64. Prints

- the seconds from the start of the process until `python train.py --preset quick` has written its
  checkpoint, and the accuracy of that on MNIST's test set;
- images per second of both loops. The tutorial's loop is timed over 200 steps, because training it
  to the end takes too long; the epochs it needs to reach 99.0 % come from an earlier run;
- multiplications per second of a training step, as a share of those of a large matrix product.

Takes about three minutes on two cores. Run nothing else meanwhile.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from finalnet.training.arguments import QUICK
from finalnet.training.data import DATA_DIR
from finalnet.training.precision import settle, time_step

TRAINING_DIGITS = 60_000  # per epoch of the tutorial, which holds none out for validation
TUTORIAL_BATCH = 64
TUTORIAL_EPOCHS = 4  # the first that exceeds 99.0 % (PyTorch's example, 1.2 million weights)
TUTORIAL_STEPS = 200  # timed
PRODUCTS = 3 * 1_888_192  # multiply-accumulates per image: forward once, backward twice
MATRIX = 2_048  # rows and columns
TRIALS = 5  # of a step and of the matrix product; the fastest counts


class TutorialNet(nn.Module):
    """The network of PyTorch's MNIST example."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3)
        self.dropout1, self.dropout2 = nn.Dropout(0.25), nn.Dropout(0.5)
        self.fc1, self.fc2 = nn.Linear(9216, 128), nn.Linear(128, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.conv2(F.relu(self.conv1(x))))
        x = self.dropout1(F.max_pool2d(x, 2)).flatten(1)
        return F.log_softmax(self.fc2(self.dropout2(F.relu(self.fc1(x)))), dim=1)


def time_tutorial(data_dir: Path) -> float:
    """Images per second of the tutorial's loop."""
    from torchvision.datasets import MNIST
    from torchvision.transforms import Compose, Normalize, ToTensor

    transform = Compose([ToTensor(), Normalize((0.1307,), (0.3081,))])
    digits = MNIST(data_dir, train=True, transform=transform, download=True)
    model = TutorialNet()
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    start = 0.0
    for step, (images, labels) in enumerate(DataLoader(digits, TUTORIAL_BATCH, shuffle=True)):
        if step == 1:  # after one step to warm up
            start = time.perf_counter()
        if step > TUTORIAL_STEPS:
            break
        optimizer.zero_grad()
        F.nll_loss(model(images), labels).backward()
        optimizer.step()
    return TUTORIAL_STEPS * TUTORIAL_BATCH / (time.perf_counter() - start)


def time_quick(data_dir: Path) -> tuple[float, dict]:
    """Seconds that `train.py --preset quick` takes, including its start, and its metrics."""
    with TemporaryDirectory() as folder:
        output = Path(folder, "finalnet")
        command = [sys.executable, "train.py", "--preset", "quick", "--output", str(output)]
        start = time.perf_counter()
        subprocess.run([*command, "--data-dir", str(data_dir)], check=True)
        seconds = time.perf_counter() - start
        return seconds, json.loads((output / "metrics.json").read_text(encoding="utf-8"))


def time_matrices(kind: torch.dtype) -> float:
    """Multiply-accumulates per second of a large matrix product."""
    matrix = torch.rand(MATRIX, MATRIX).to(kind)
    times = []
    for _ in range(TRIALS):
        start = time.perf_counter()
        matrix @ matrix
        times.append(time.perf_counter() - start)
    return MATRIX**3 / min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, default=DATA_DIR, help="torchvision's root")
    data_dir = parser.parse_args().data_dir
    capability = torch.backends.cpu.get_cpu_capability()
    print(f"torch {torch.__version__}, {os.cpu_count()} cores, {capability}")
    seconds, metrics = time_quick(data_dir)
    print(
        f"train.py --preset quick: {metrics['test_accuracy']:.2%} on MNIST's test set "
        f"{seconds:.1f} s after the start of the process"
    )
    tutorial = time_tutorial(data_dir)
    to_goal = TUTORIAL_EPOCHS * TRAINING_DIGITS / tutorial
    print(
        f"the tutorial's loop: {tutorial:,.0f} images per second over {TUTORIAL_STEPS} steps; "
        f"{TUTORIAL_EPOCHS} epochs to 99.0 % would take {to_goal:.0f} s, "
        f"{to_goal / seconds:.1f} times as long"
    )
    settled = settle(QUICK)
    step = time_step(settled, torch.device(settled.device), TRIALS + 1)
    images = settled.batch_size / step
    print(f"a step of {settled.batch_size}: {1000 * step:.1f} ms, {images:,.0f} images per second")
    if settled.device == "cpu":
        limit = time_matrices(getattr(torch, settled.precision))
        share = PRODUCTS * images / limit
        print(f"that is {share:.1%} of the {limit / 1e9:,.0f} GMAC/s of a large matrix product")


if __name__ == "__main__":
    main()
