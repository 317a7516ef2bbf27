"""FinalNet over HTTP: typed endpoints that take an image file or strokes and return JSON."""

from typing import Any

import gradio as gr

from finalnet.pictures import open_picture
from finalnet.recognizer import Prediction, Recognizer
from finalnet.strokes import draw_strokes

TOP_K = 3  # digits in the answer's "top"


def to_json(prediction: Prediction) -> dict[str, Any]:
    """A prediction as the endpoints return it."""
    return {
        "verdict": prediction.verdict,
        "digit": prediction.digit,
        "top": [
            {"digit": digit, "probability": probability}
            for digit, probability in prediction.top(TOP_K)
        ],
        "probabilities": prediction.probabilities.tolist(),
    }


def add_endpoints(recognizer: Recognizer) -> None:
    """Add `/recognize` and `/recognize_strokes` to the Gradio page that is being built."""

    def recognize(image: str) -> dict[str, Any]:
        """Recognise the digit in an image file of up to 16 megapixels."""
        try:
            return to_json(recognizer.recognize(open_picture(image)))
        except ValueError as error:
            raise _told(error) from None

    def recognize_strokes(strokes: list[list[list[float]]]) -> dict[str, Any]:
        """Recognise a digit from strokes: lists of [x, y], y pointing down, in any unit."""
        try:
            return to_json(recognizer.recognize(draw_strokes(strokes)))
        except ValueError as error:
            raise _told(error) from None

    # A file component, never shown: it admits only files that were uploaded, undecoded.
    image_file = gr.File(label="Image", type="filepath", visible=False)
    result = gr.JSON(label="Prediction", visible=False)
    gr.on([], recognize, image_file, result, api_name="recognize", queue=False)
    gr.api(recognize_strokes, api_name="recognize_strokes", queue=False)


def _told(error: ValueError) -> gr.Error:
    """The project's own words for the caller; never a traceback."""
    message = str(error)
    return gr.Error(message[:1].upper() + message[1:] + ".", print_exception=False)
