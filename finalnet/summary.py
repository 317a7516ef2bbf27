"""The network, layer by layer: python -m finalnet summary"""

import argparse
from math import prod
from typing import NamedTuple

from finalnet.network import CHANNELS, DROPOUT, FEATURES, NUM_CLASSES, POOLED, weight_shapes
from finalnet.preprocessing import INPUT_SIZE

STATISTICS = ("running_mean", "running_var", "num_batches_tracked")  # not parameters


class LayerSummary(NamedTuple):
    name: str
    layer: str
    output_shape: str
    parameters: int


def summarize() -> list[LayerSummary]:
    """One row per layer, in the order of the forward pass."""
    rows: list[LayerSummary] = []
    size = INPUT_SIZE

    def add(name: str, layer: str, output: str) -> None:
        parameters = sum(
            prod(shape)
            for tensor, shape in weight_shapes().items()
            if tensor.split(".")[0] == name and tensor.split(".")[1] not in STATISTICS
        )
        rows.append(LayerSummary(name, layer, output, parameters))

    for number, filters in enumerate(CHANNELS[1:], 1):
        output = f"{filters}x{size}x{size}"
        add(f"conv{number}", f"Conv2d {CHANNELS[number - 1]} -> {filters}", output)
        add(f"bn{number}", "BatchNorm2d", output)
        if number in POOLED:
            size //= 2
            add(f"pool{POOLED.index(number) + 1}", "MaxPool2d 2", f"{filters}x{size}x{size}")
    add("fc1", f"Linear {FEATURES[0]} -> {FEATURES[1]}", str(FEATURES[1]))
    add("dropout", f"Dropout {DROPOUT}", str(FEATURES[1]))
    add("fc2", f"Linear {FEATURES[1]} -> {NUM_CLASSES}", str(NUM_CLASSES))
    return rows


def count_parameters() -> int:
    return sum(row.parameters for row in summarize())


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """This command has no options."""


def run(_options: argparse.Namespace) -> None:
    print(f"{'name':<8} {'layer':<20} {'output':<9} {'parameters':>10}")
    for row in summarize():
        print(f"{row.name:<8} {row.layer:<20} {row.output_shape:<9} {row.parameters:>10,}")
    print(f"{'total':<39} {count_parameters():>10,}")
