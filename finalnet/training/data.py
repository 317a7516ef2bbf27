"""MNIST in memory, and the random changes that make one digit many."""

from pathlib import Path
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

DATA_DIR = Path("data")
VALIDATION_SIZE = 5_000  # the last training images; the test set is for the final report only

Split = Literal["train", "validation", "test"]


class Digits(NamedTuple):
    images: Tensor  # (N, 28, 28) uint8, paper 0, ink 255
    labels: Tensor  # (N,) int64


def load_mnist(split: Split, data_dir: Path | str = DATA_DIR) -> Digits:
    """MNIST's 55,000 training, 5,000 validation or 10,000 test digits, as tensors.

    Args:
        data_dir: torchvision's root folder; MNIST is downloaded into it on first use.
    Raises:
        FileNotFoundError: MNIST is not there and cannot be downloaded.
    """
    from torchvision.datasets import MNIST

    is_test = split == "test"
    try:
        dataset = MNIST(data_dir, train=not is_test)
    except RuntimeError:
        try:
            dataset = MNIST(data_dir, train=not is_test, download=True)
        except (RuntimeError, OSError) as error:
            raise FileNotFoundError(
                f"no MNIST in {data_dir} and it could not be downloaded ({error}); connect to the "
                "network, or name a folder that holds MNIST/raw with --data-dir"
            ) from error
    part = {"train": slice(-VALIDATION_SIZE), "validation": slice(-VALIDATION_SIZE, None)}
    rows = part.get(split, slice(None))
    return Digits(dataset.data[rows], dataset.targets[rows])


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Change every image of a batch a little, each in its own way.

    Rotation +-10 degrees, scale 0.9 to 1.1 along each axis, shear +-0.1, shift +-1.5 px, a light
    elastic bend, and a pen up to 0.8 px thinner or thicker on every side, as the views have it.

    Args:
        images: (N, 1, 28, 28) float, paper 0.
        generator: the source of randomness, on the images' device.
    Returns:
        (N, 1, 28, 28) float.
    """
    count, _, height, width = images.shape

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        values = torch.rand(count, *shape, generator=generator, device=images.device)
        return values * (high - low) + low

    angle = torch.deg2rad(uniform(-10, 10))
    stretch_x, stretch_y, shear = uniform(0.9, 1.1), uniform(0.9, 1.1), uniform(-0.1, 0.1)
    cos, sin = angle.cos(), angle.sin()
    shift = uniform(-1.5, 1.5, 2) * 2 / width
    rows = [
        torch.stack([cos * stretch_x, (shear - sin) * stretch_y, shift[:, 0]], dim=1),
        torch.stack([sin * stretch_x, cos * stretch_y, shift[:, 1]], dim=1),
    ]
    grid = F.affine_grid(torch.stack(rows, dim=1), list(images.shape), align_corners=False)
    # 5x5 random offsets, smoothed to full size: up to 0.7 px.
    bend = uniform(-0.05, 0.05, 2, 5, 5)
    bend = F.interpolate(bend, (height, width), mode="bicubic", align_corners=True)
    moved = F.grid_sample(images, grid + bend.permute(0, 2, 3, 1), align_corners=False)
    return _change_pen(moved, uniform(-0.8, 0.8, 1, 1, 1))


def _change_pen(images: Tensor, amount: Tensor) -> Tensor:
    """Blend towards the thickest (amount 1) or the thinnest (-1) pen of one pixel's reach."""
    thicker = F.max_pool2d(images, 3, stride=1, padding=1)
    thinner = -F.max_pool2d(-images, 3, stride=1, padding=1)
    towards = torch.where(amount > 0, thicker, thinner)
    return torch.lerp(images, towards, amount.abs())
