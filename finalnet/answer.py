"""Predictions and numbers as JSON, for the page, the API, MCP tools and `finalnet predict`.

Twin of recognizer/answer.js, which makes the same JSON in the browser.
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
        top: the three most probable digits as {"digit", "probability"}, highest first; empty
            when blank.
        probabilities: ten, for 0 to 9; all zero when blank.
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
        with_inputs: include the network's input for each digit, 1 kB each.
    Returns:
        text: for example "2026" or "31\\n204"; "?" stands for a digit that is unsure.
        digits: left to right, line by line. Each has the keys of `describe_digit` and
            "character", the digit or "?"; "box", the [left, top, width, height] of its ink in
            pixels of the original picture or in the units of the strokes; and, with inputs,
            "input", 28x28 bytes in base64, paper 0, ink 255.
        unread: number of signs that the text leaves out.
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
