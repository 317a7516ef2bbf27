"""What was read, as JSON: for the page, the API, MCP tools and `finalnet predict`.

The browser's recogniser makes the same, in recognizer/answer.js.
"""

import base64
from typing import Any

from finalnet.recognizer import Number, Prediction

TOP_K = 3  # digits in an answer's "top"


def describe_digit(prediction: Prediction) -> dict[str, Any]:
    """A prediction as JSON.

    Returns:
        verdict: "digit", "unsure" or "blank".
        digit: 0 to 9; None unless the verdict is "digit".
        top: the most probable digits, {"digit", "probability"}, highest first; none when blank.
        probabilities: of 0 to 9.
    """
    return {
        "verdict": prediction.verdict,
        "digit": prediction.digit,
        "top": [
            {"digit": digit, "probability": probability}
            for digit, probability in prediction.top(TOP_K)
        ],
        "probabilities": prediction.probabilities.tolist(),
    }


def describe_number(number: Number, with_inputs: bool = False) -> dict[str, Any]:
    """A number as JSON.

    Args:
        with_inputs: whether to show what the network saw of each digit, 1 kB each.
    Returns:
        text: such as "2026" or "31\\n204"; "?" in the place of an unsure digit.
        digits: left to right and line by line. Each is as `describe_digit` says, and has
            "character", as in the text; "box", its ink's [left, top, width, height] in pixels of
            the picture or units of the strokes; and, if wanted, "input", 28x28 bytes in base64,
            paper 0, ink 255.
        unread: how many signs are no part of the text.
    """
    digits = [
        {
            **describe_digit(digit),
            "character": character,
            "box": [round(side, 2) for side in box],
            **({"input": _encode(digit)} if with_inputs else {}),
        }
        for digit, character, box in zip(
            number.digits, number.characters, number.boxes, strict=True
        )
    ]
    return {"text": number.text, "digits": digits, "unread": number.unread}


def _encode(prediction: Prediction) -> str:
    return base64.b64encode(prediction.network_input.tobytes()).decode()
