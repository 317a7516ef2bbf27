"""FinalNet: draw a digit, see at once which digit it is."""

from finalnet.model import FinalNet
from finalnet.recognizer import Number, Prediction, Recognizer
from finalnet.strokes import draw_strokes

__all__ = ["FinalNet", "Number", "Prediction", "Recognizer", "draw_strokes"]
