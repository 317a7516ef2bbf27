"""Loads MNIST and augments images."""

import argparse
import gzip
import math
import zlib
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

DATA_DIR = Path("data")
VALIDATION = 12  # the last twelfth of the training images; the test set is for the final report

Split = Literal["train", "validation", "test"]


class Digits(NamedTuple):
    images: Tensor  # (N, 28, 28) uint8, paper 0, ink 255
    labels: Tensor  # (N,) int64


def add_data_dir(parser: argparse.ArgumentParser) -> None:
    """Add the option of the commands that read MNIST."""
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=DATA_DIR,
        help=f"folder with MNIST, downloaded if missing; default: {DATA_DIR}",
    )


def load_mnist(split: Split, data_dir: Path | str = DATA_DIR) -> Digits:
    """Load MNIST's 55,000 training, 5,000 validation or 10,000 test digits.

    Args:
        data_dir: torchvision's root folder; MNIST is downloaded into it on first use.
    Raises:
        FileNotFoundError: MNIST is missing and cannot be downloaded.
    """
    part = "t10k" if split == "test" else "train"
    images = read_or_fetch(Path(data_dir), f"{part}-images-idx3-ubyte")
    labels = read_or_fetch(Path(data_dir), f"{part}-labels-idx1-ubyte")
    if len(images) != len(labels):
        raise ValueError(
            f"in {data_dir}, {part} has {len(images):,} images and {len(labels):,} labels; "
            "delete the files to download them again"
        )
    last = -(len(images) // VALIDATION) if split != "test" else 0
    halves = {"train": slice(last), "validation": slice(last, None)}
    rows = halves.get(split, slice(None))
    return Digits(torch.from_numpy(images[rows]), torch.from_numpy(labels[rows]).long())


def read_or_fetch(data_dir: Path, name: str) -> np.ndarray:
    """Read a file of MNIST, plain or gzip, under torchvision's path or in the folder itself.

    Raises:
        FileNotFoundError: it is missing or broken, and cannot be downloaded.
    """
    names = [name, name.replace("-idx", ".idx")]
    folders = [data_dir / "MNIST" / "raw", data_dir]
    fault = f"there is no {name} in {data_dir}"
    for path in (f / (n + end) for f in folders for n in names for end in ("", ".gz")):
        if path.is_file():
            try:
                return read_idx(path)
            except (ValueError, OSError, EOFError, zlib.error) as error:
                fault = f"{path} is broken ({error})"
    try:
        return read_idx(download(name, folders[0]))
    except (RuntimeError, OSError) as error:
        raise FileNotFoundError(
            f"{fault}, and it could not be downloaded ({error}); connect to the network, or name "
            "a folder that holds MNIST's four files with --data-dir"
        ) from None


def read_idx(path: Path) -> np.ndarray:
    """Read the uint8 array of an IDX file, plain or gzip.

    Raises:
        ValueError: the file has another format, or is truncated.
    Source: yann.lecun.com/exdb/mnist describes the format.
    """
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    dimensions = data[3] if data[:3] == b"\x00\x00\x08" and len(data) > 3 else 0
    header = 4 + 4 * dimensions
    if not dimensions or len(data) < header:
        raise ValueError(f"{len(data):,} bytes that are not an IDX file of bytes")
    shape = [int.from_bytes(data[i : i + 4], "big") for i in range(4, header, 4)]
    wanted = header + math.prod(shape)
    if len(data) != wanted:
        raise ValueError(f"it should be {wanted:,} bytes long, but is {len(data):,}")
    return np.frombuffer(bytearray(data[header:]), np.uint8).reshape(shape)


def download(name: str, folder: Path) -> Path:
    """Download a file of MNIST and check its checksum; raises RuntimeError or OSError."""
    from torchvision.datasets import MNIST
    from torchvision.datasets.utils import download_url

    file = f"{name}.gz"
    folder.mkdir(parents=True, exist_ok=True)
    for mirror in MNIST.mirrors:
        try:
            download_url(f"{mirror}{file}", folder, file, dict(MNIST.resources)[file])
            return folder / file
        except (RuntimeError, OSError) as error:
            failure = error
    raise failure


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Vary every image of a batch at random.

    Rotation +-10 degrees, scale 0.9 to 1.1 along each axis, shear +-0.1, shift +-1.5 px, a light
    elastic bend, and a pen up to 0.8 px thinner or thicker on every side, as in the views.

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
    """Blend towards a pen 1 px thicker (amount 1) or thinner (-1) on every side."""
    thicker = F.max_pool2d(images, 3, stride=1, padding=1)
    thinner = -F.max_pool2d(-images, 3, stride=1, padding=1)
    towards = torch.where(amount > 0, thicker, thinner)
    return torch.lerp(images, towards, amount.abs())
