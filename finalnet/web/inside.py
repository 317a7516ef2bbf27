"""What happens inside the network while it reads one drawing, and pictures of it."""

import base64
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from finalnet.model import NUM_CLASSES, FinalNet
from finalnet.preprocessing import INPUT_SIZE, normalize, to_tensor

# Of the squares tried, those whose strokes, once erased, cost a digit of MNIST the most.
PATCH_SIZE, PATCH_STEP = 4, 3  # px, side of a square of ink and from one to the next
COLUMNS = 8  # feature maps side by side
CELL_SIZE, CELL_COLUMNS = 4, 16  # px, and cells side by side, of what is no picture itself
LEVELS = 64  # shades of a map; more cannot be told apart and make the files larger
# The page's indigo from dark to light; either end can be told from a white and a black page.
SHADES = ((30, 27, 75), (79, 70, 229), (129, 140, 248), (199, 210, 254))
# Vermilion and blue of Okabe and Ito 2008, which colour-blind people can tell apart.
FOR, AGAINST = (213, 94, 0), (0, 114, 178)
NEUTRAL, PAPER = (205, 205, 210), (255, 255, 255)


@dataclass(frozen=True, eq=False)
class Inside:
    """What each part of the network answers to one drawing.

    Attributes:
        feature_maps: of conv1 to conv4 after ReLU, float32 >= 0: (8, 28, 28), (16, 28, 28),
            (16, 14, 14), (16, 14, 14).
        features: of fc1 after ReLU, (32,) float32 >= 0.
        log_probabilities: (10,) float32, as the network gives them, before any temperature.
        evidence: (10, 28, 28) float32, how much the ink at each pixel speaks for (positive) or
            against (negative) each digit, in nats of its log odds; 0 where there is no ink.
    """

    feature_maps: tuple[np.ndarray, ...]
    features: np.ndarray
    log_probabilities: np.ndarray
    evidence: np.ndarray


@torch.inference_mode()
def look_inside(model: FinalNet, network_input: np.ndarray) -> Inside:
    """Follow one drawing through the network, and ask which of its ink mattered.

    Small squares of ink are rubbed out one at a time. What a digit's log odds lose without a
    square is the square's evidence; a pixel's is the mean over the squares that hold it, in
    proportion to its ink. Gradients would be as quick, but they name scattered pixels and not
    strokes.

    Args:
        model: in eval mode, on the CPU.
        network_input: (28, 28) uint8, paper 0, ink 255.
    Source: Robnik-Sikonja and Kononenko 2008, Zeiler and Fergus 2014.
    """
    ink = torch.from_numpy(network_input).float() / 255
    patches = PATCHES[(PATCHES * ink).any(dim=(1, 2))]
    erased = normalize(ink * (1 - patches))[:, None]
    *layers, logits = _activations(model, torch.cat([to_tensor(network_input[None]), erased]))
    odds = _log_odds(logits)
    lost = torch.einsum("pd,pyx->dyx", odds[0] - odds[1:], patches)
    evidence = lost / patches.sum(dim=0).clamp(min=1) * ink
    maps = [layer[0].numpy() for layer in layers]
    log_probabilities = F.log_softmax(logits[0], dim=0)
    return Inside(tuple(maps[:4]), maps[4], log_probabilities.numpy(), evidence.numpy())


def draw_feature_maps(feature_maps: np.ndarray) -> Image.Image:
    """The maps of one layer, side by side: dark is silent, light the layer's strongest answer.

    Args:
        feature_maps: (C, S, S) float >= 0.
    Returns:
        Palette image with transparent gaps, 8 maps a row, a pixel of the map a pixel.
    """
    # In proportion to the maps, so that layers of either size line up when shown equally wide.
    return _tile(feature_maps, COLUMNS, gap=feature_maps.shape[1] // 14)


def draw_features(features: np.ndarray) -> Image.Image:
    """The activations of a linear layer, (C,) float >= 0, as cells of the same shades."""
    return _tile(np.tile(features[:, None, None], (CELL_SIZE, CELL_SIZE)), CELL_COLUMNS, gap=1)


def draw_evidence(network_input: np.ndarray, evidence: np.ndarray) -> Image.Image:
    """The drawing on white paper: ink that spoke for a digit vermilion, against it blue.

    Args:
        network_input: (28, 28) uint8, paper 0, ink 255.
        evidence: (28, 28) float, of one digit.
    Returns:
        (28, 28) RGB; the strongest evidence has the full colour, grey ink made no difference.
    """
    strength = np.abs(evidence) / max(float(np.abs(evidence).max()), 1e-6)
    # The root, because the faint colours of weak evidence are hard to see on single pixels.
    colored = np.where((evidence > 0)[..., None], FOR, AGAINST)
    ink = _blend(NEUTRAL, colored, np.sqrt(strength))
    return Image.fromarray(_blend(PAPER, ink, network_input / 255).round().astype(np.uint8))


def to_data_url(image: Image.Image) -> str:
    """The image as a PNG that a page can hold."""
    file = BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _activations(model: FinalNet, images: Tensor) -> list[Tensor]:
    """After each ReLU, and the logits: `FinalNet.logits`, step by step.

    Written out, because torchvision's feature extractor takes 1.4 s and 160 MB to import, and no
    other thread can use a model while one is traced.
    """
    conv1 = F.relu(model.bn1(model.conv1(images)))
    conv2 = F.relu(model.bn2(model.conv2(conv1)))
    conv3 = F.relu(model.bn3(model.conv3(model.pool1(conv2))))
    conv4 = F.relu(model.bn4(model.conv4(conv3)))
    fc1 = F.relu(model.fc1(model.pool2(conv4).flatten(1)))
    return [conv1, conv2, conv3, conv4, fc1, model.fc2(fc1)]


def _log_odds(logits: Tensor) -> Tensor:
    """log p / (1 - p) of every digit, (N, 10); unlike log p it keeps moving when p is near 1."""
    itself = torch.eye(NUM_CLASSES, dtype=torch.bool)
    others = logits[:, None].masked_fill(itself, -torch.inf)
    return logits - others.logsumexp(dim=2)


def _square_patches() -> Tensor:
    """Every square that is rubbed out, (81, 28, 28) float32, 1 inside it and 0 outside."""
    starts = torch.arange(0, INPUT_SIZE - PATCH_SIZE + 1, PATCH_STEP)
    offsets = torch.arange(INPUT_SIZE) - starts[:, None]
    spans = ((offsets >= 0) & (offsets < PATCH_SIZE)).float()
    return torch.einsum("ay,bx->abyx", spans, spans).flatten(0, 1)


def _tile(tiles: np.ndarray, columns: int, gap: int) -> Image.Image:
    """Tiles (C, S, S) >= 0 in rows; they share one scale, from 0 to their maximum."""
    count, size, _ = tiles.shape
    shades = np.rint(tiles / max(float(tiles.max()), 1e-6) * (LEVELS - 1)).astype(np.uint8)
    padded = np.full((count, size + gap, size + gap), LEVELS, np.uint8)
    padded[:, :size, :size] = shades
    rows = padded.reshape(count // columns, columns, size + gap, size + gap)
    picture = rows.swapaxes(1, 2).reshape(count // columns * (size + gap), -1)
    image = Image.fromarray(np.ascontiguousarray(picture[:-gap, :-gap]))
    image.putpalette(PALETTE)
    image.info["transparency"] = LEVELS
    return image


def _shade_palette() -> bytes:
    """RGB of the levels, and one more for the gaps."""
    stops = np.linspace(0, LEVELS - 1, len(SHADES))
    levels = np.arange(LEVELS)
    ramp = np.stack([np.interp(levels, stops, channel) for channel in np.transpose(SHADES)], axis=1)
    return np.rint(np.vstack([ramp, PAPER])).astype(np.uint8).tobytes()


def _blend(below: tuple | np.ndarray, above: tuple | np.ndarray, opacity: np.ndarray) -> np.ndarray:
    """Colours (H, W, 3) float, of colours on top of others at opacities (H, W)."""
    return np.asarray(below) + (np.asarray(above) - np.asarray(below)) * opacity[..., None]


PATCHES = _square_patches()
PALETTE = _shade_palette()
