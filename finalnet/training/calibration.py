"""Fits the temperature, and the confidence below which a drawing is not a digit."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from finalnet.model import FinalNet, to_network
from finalnet.recognizer import confidence, view_logits

KEPT_DIGITS = 0.985  # share of the validation digits that are accepted


def calibrate(model: FinalNet, network_inputs: np.ndarray, labels: Tensor) -> FinalNet:
    """Return a copy with temperature and rejection threshold fitted on the means over the views.

    Args:
        network_inputs: (N, 28, 28) uint8; digits that the model was not trained on.
        labels: (N,) int64.
    Source: Guo et al. 2017; the temperature has the lowest negative log-likelihood.
    """
    logits = torch.from_numpy(view_logits(to_network(model), network_inputs))
    temperatures = torch.logspace(-1, 1, 401, dtype=torch.float64)
    losses = [F.cross_entropy(logits / temperature, labels) for temperature in temperatures]
    temperature = float(temperatures[torch.stack(losses).argmin()])
    threshold = float(np.quantile(confidence(logits.numpy()), 1 - KEPT_DIGITS))
    calibrated = FinalNet(round(temperature, 4), round(threshold, 4), model.pens)
    calibrated.load_state_dict(model.state_dict())
    return calibrated.eval()
