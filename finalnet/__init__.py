"""FinalNet: draw a digit, see at once which digit it is."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from finalnet.model import FinalNet
    from finalnet.recognizer import Number, Prediction, Recognizer
    from finalnet.strokes import draw_strokes

__all__ = ["FinalNet", "Number", "Prediction", "Recognizer", "draw_strokes"]

HOMES = {
    "FinalNet": "model",
    "Number": "recognizer",
    "Prediction": "recognizer",
    "Recognizer": "recognizer",
    "draw_strokes": "strokes",
}


def __getattr__(name: str) -> Any:
    """Import public names on first use, because only `FinalNet` needs PyTorch."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
