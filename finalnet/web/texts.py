"""Every word that the page says."""

TITLE = "FinalNet: draw a digit"
HEADING = "Draw a digit"
READ_TAB, ABOUT_TAB = "Draw", "About the model"

# The sketchpad.
PAD = {
    "hint": "Draw a digit here",
    "wide_hint": "Write a number here",
    "pad_name": "Sketchpad. Draw a digit with mouse, finger or pen.",
    "undo": "Undo",
    "undo_title": "Undo the last stroke (Ctrl+Z)",
    "clear": "Clear",
    "clear_title": "Clear the pad (Escape)",
    "replay": "Replay",
    "replay_title": "Draw it again, stroke by stroke",
    "pen": "Pen",
    "pen_name": "Pen width",
    "wide": "Whole number",
    "wide_title": "A wider pad, for several digits side by side",
    "examples_name": "Ready-made drawings",
}

# The picture input.
PICTURE = {
    "picture_name": "Picture of digits",
    "invitation": "Drop or paste a picture of digits",
    "touch_invitation": "Have a picture of digits read",
    "choose": "Choose picture",
    "camera": "Take photo",
    "remove": "Remove",
    "picture_alt": "Your picture",
    "marks_name": "Digits found in your picture",
    "unreadable": "“{name}” is no picture that can be read. Choose a PNG, JPEG, WebP or GIF file.",
}

# The answer.
WAITING = "Your digit appears here"
EMPTY = "The pad is empty"
NOT_A_DIGIT = "That does not look like a digit"
NOT_SURE = "Not sure: looks most like {first}"
NOT_SURE_OF_TWO = "Not sure: looks like {first} or {second}"
SURE = "{percent} sure"
DIGITS_READ = "{count} digits, read one by one"
TOP_K = "Digits to highlight"
SEEN = "What the network sees: 28 × 28"
SEEN_BLANK, SEEN_DRAWING = "Nothing yet", "The drawing, 28 by 28 pixels"
UNREADABLE = "The drawing cannot be read: {error}."
UNREADABLE_PICTURE = "The picture cannot be read: {error}."

# The presentation.
PRESENT = "Present"
PRESENT_TITLE = "Fill the screen with the pad and the answer"
PRESENT_KEYS = "Space clears · Z undoes · 1 to 9 choose how many digits to show · P leaves"

# See inside.
INSIDE = "See inside"
INSIDE_BLANK = "Draw a digit to see what the network makes of it."
EVIDENCE = "Which ink spoke for {digit}?"
EVIDENCE_TEXT = (
    "A small patch of ink is rubbed out at a time, and the network is asked again. Orange ink "
    "spoke for {digit}, blue ink against it; grey ink made no difference."
)
SECOND_EVIDENCE = "And for its second guess, {digit}?"
SECOND_EVIDENCE_TEXT = "The same question for the runner-up."
INPUT = "The input"
INPUT_TEXT = (
    "Your drawing, cropped, centred and shrunk to 28 × 28 pixels. This is all it gets to see."
)
LAYERS = (
    (
        "conv1: first look",
        "Eight small filters slide over the drawing; each lights up at something simple, such as "
        "an edge that faces one way.",
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
)
FEATURES = "fc1: 32 clues"
FEATURES_TEXT = (
    "All that was found is summed up in 32 numbers. The brighter the cell, the stronger the clue."
)
SCORES = "The verdict"
SCORES_TEXT = (
    "A score for each digit, the logarithm of its probability: 0 is certain, and each 2.3 further "
    "down is ten times less likely."
)
