"""Every word that the page says."""

TITLE = "FinalNet: draw a digit"
HEADING = "Draw a digit"
DESCRIPTION = "Draw a digit, see at once which digit it is"
STATIC_FOOTER = "Read on this device: nothing that you draw leaves it."
READ_TAB, ABOUT_TAB = "Draw", "About the model"

# The sketchpad.
PAD = {
    "hint": "Draw a digit here",
    "wide_hint": "Write a number here",
    "pad_name": "Sketchpad. Draw a digit with mouse, finger or pen.",
    "undo": "Undo",
    "undo_title": "Undo the last stroke (Ctrl+Z)",
    "redo": "Redo",
    "redo_title": "Do again what was undone (Ctrl+Y)",
    "clear": "Clear",
    "clear_title": "Clear the pad (Escape)",
    "eraser": "Erase strokes",
    "eraser_title": "Erase whole strokes that you touch",
    "replay": "Replay",
    "replay_title": "Draw it again, stroke by stroke",
    "save": "Save picture",
    "save_title": "Save the drawing as a picture",
    "pen": "Pen",
    "pen_name": "Pen width",
    "wide": "Whole number",
    "wide_title": "A wider pad, for several digits side by side",
    "examples_name": "Ready-made drawings",
    "failure": "The network could not be loaded, so nothing is read yet. What you drew stays.",
    "retry": "Try again",
}

# The picture input.
PICTURE = {
    "picture_name": "Picture of digits",
    "invitation": "Drop or paste a picture of digits",
    "touch_invitation": "Have a picture of digits read",
    "choose": "Choose picture",
    "camera": "Take photo",
    "remove": "Remove picture",
    "rotate": "Rotate",
    "rotate_title": "Turn the picture by a quarter to the right",
    "crop": "Crop",
    "crop_title": "Keep a part of the picture",
    "crop_hint": "Drag over the digits to keep.",
    "part_name": (
        "Part to keep. Arrow keys move it, with Shift they resize it; Enter keeps it, "
        "Escape leaves."
    ),
    "keep": "Keep this part",
    "cancel": "Cancel",
    "whole": "Whole picture",
    "nothing_found": "No digits found: crop closer, or take it from nearer.",
    "picture_alt": "Your picture",
    "marks_name": "Digits found in your picture",
    "no_digits": "No digits in the picture",
    "offline": "Pictures need the server, and it cannot be reached.",
    # Why no answer came, by the status of the refusal.
    "refused": {
        "413": "The picture is too large for the server: crop it.",
        "429": "Too many pictures in a short time: wait a moment, then turn or choose it again.",
        "503": "The server is busy: wait a moment, then turn or choose the picture again.",
        "other": "The picture could not be read. Choose it again.",
    },
    "unreadable": "“{name}” is no picture that can be read. Choose a PNG, JPEG, WebP or GIF file.",
}

# The answer; {names} are filled in by the browser.
ANSWER = {
    "waiting": "Your digit appears here",
    "empty": "The pad is empty",
    "not_a_digit": "That does not look like a digit",
    "not_sure": "Not sure: looks most like {first}",
    "not_sure_of_two": "Not sure: looks like {first} or {second}",
    "sure": "{percent} sure",
    "not_finished": "Go on drawing",
    "one_digit_read": "One digit read",
    "digits_read": "{count} digits, read one by one",
    "unreadable": "It cannot be read: {error}.",
    "widen": "Two digits? Whole number",
    "copy": "Copy",
    "copy_title": "Copy the answer",
    "copied": "Copied",
    "wrong": "Wrong?",
    "correct": "It was a …",
    "no_digit": "No digit",
    "kept": "Corrections kept on this device, and nowhere else: {count}",
    "download": "Save as a file",
    "forget": "Forget them",
}
BARS = {"digit_name": "Digit {digit}", "top_k": "Digits to highlight"}
NETWORK_INPUT = {
    "caption": "What the network sees: 28 × 28",
    "blank": "Nothing yet",
    "drawing": "The drawing, 28 by 28 pixels",
}
DIGIT_OF_NUMBER = {"name": "The digit, 28 by 28 pixels"}

# The presentation.
STAGE = {
    "label": "Present",
    "title": "Fill the screen with the pad and the answer",
    "keys": (
        "Space clears · Z undoes · W whole number · R replays · + and − pen · "
        "1 to 9 highlight digits · Q address · Esc leaves"
    ),
    "leave": "Leave",
    "leave_title": "Back to the whole page (Escape)",
    "address": "Address",
    "address_title": "The address of this page, for phones (Q)",
    "code_name": "QR code of the address",
}

# See inside.
EVIDENCE_TEXT = (
    "A small patch of ink is rubbed out at a time, and the network is asked again. Orange ink "
    "spoke for {digit}, blue ink against it; grey ink made no difference."
)
INSIDE = {
    "title": "See inside",
    "blank": "Draw a digit to see what the network makes of it.",
    "input": "The input",
    "input_text": (
        "The drawing, cropped, centred and shrunk to 28 × 28 pixels: all that it gets to see. "
        "Point at a pixel below to see which of these feed it."
    ),
    "map_name": "Maps of {name}. The arrow keys point at a pixel.",
    "evidence": [
        {"title": "Which ink spoke for {digit}?", "text": EVIDENCE_TEXT},
        {
            "title": "And for its second guess, {digit}?",
            "text": "The same question for the runner-up.",
        },
    ],
    "layers": [
        (
            "conv1: first look",
            "Eight small filters slide over the drawing; each lights up at something simple, such "
            "as an edge that faces one way.",
        ),
        (
            "conv2: second look",
            "Sixteen filters put those edges together to pieces of strokes and bends.",
        ),
        (
            "conv3: zoomed out",
            "The picture is half the size now, so each filter takes in a larger part of the digit.",
        ),
        (
            "conv4: larger parts",
            "Bright spots mark where a shape was found that it knows, such as a loop or an end.",
        ),
    ],
    "features": "fc1: 32 clues",
    "features_text": (
        "All that was found is summed up in 32 numbers. The brighter the cell, the stronger the "
        "clue."
    ),
    "scores": "The verdict",
    "scores_text": (
        "A score for each digit, the logarithm of its probability: 0 is certain, and each 2.3 "
        "further down is ten times less likely."
    ),
}
