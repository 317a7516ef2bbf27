"""Every word that the page says."""

LANGUAGE = "en"  # of these words
DIGITS = [f"an {digit}" if digit == 8 else f"a {digit}" for digit in range(10)]

TITLE = "FinalNet: draw a digit"
HEADING = "FinalNet"
DESCRIPTION = "Draw a digit, see at once which digit it is"
PREVIEW_ALT = "A 3 on a drawing pad, and ten bars of which the one for 3 is full"
STATIC_FOOTER = "Read on this device: nothing that you draw leaves it."
READ_TAB, ABOUT_TAB = "Draw", "About the model"

# Why the page does not start.
TROUBLE = {
    "noscript": (
        "This page reads digits on your own device, with JavaScript. Allow JavaScript, and load it "
        "again."
    ),
    "file": (
        "Browsers let no page load its scripts from a file. Serve this folder instead: run "
        "“python -m http.server” in it, and open http://127.0.0.1:8000."
    ),
    "frame": "The frame in which this page stands keeps it from loading its scripts.",
    "open": "Open it in a tab of its own.",
    "script": (
        "A script of this page did not come, so it cannot start. Load it again; if that does not "
        "help, the server lacks a file, or does not call .js files text/javascript."
    ),
    "browser": (
        "This browser is too old for this page. Use Chrome or Edge 114, Firefox 125, Safari 17.4, "
        "or a later one."
    ),
    "other": "Something keeps this page from starting. Load it again, or try another browser.",
}

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
    "clear_title": "Clear the pad (Escape or Delete)",
    "eraser": "Erase strokes",
    "eraser_title": "Erase whole strokes that you touch (E)",
    "replay": "Replay",
    "replay_title": "Draw it again, stroke by stroke",
    "scrub": "How much of the drawing is shown",
    "scrub_title": "Drag to see how the answer came about",
    "scrub_done": "Back to the pen",
    "scrub_done_title": "Back to the whole drawing and the pen (Escape)",
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
    "again": "Read again",
    "offline": "Pictures need the server, and it cannot be reached. Then press “Read again”.",
    # Why no answer came, by the status of the refusal.
    "refused": {
        "413": "The picture is too large for the server: crop it.",
        "415": "The server takes no such file. Choose a PNG, JPEG, WebP or GIF file.",
        "422": "It cannot be read: {error}.",
        "429": "Too many pictures in a short time: wait a moment, then press “Read again”.",
        "503": "The server is busy: wait a moment, then press “Read again”.",
        "other": "The picture could not be read. Press “Read again”, or choose another one.",
    },
    "unreadable": "“{name}” is no picture that can be read. Choose a PNG, JPEG, WebP or GIF file.",
}

# The answer; {names} are filled in by the browser.
ANSWER = {
    "waiting": "Your digit appears here",
    "empty": "The pad is empty",
    "not_a_digit": "That does not look like a digit",
    "no_idea": "No idea yet",
    "not_sure": "Not sure: looks most like {first}",
    "not_sure_of_two": "Not sure: looks like {first} or {second}",
    "sure": "{percent} sure",
    "not_finished": "Go on drawing",
    "one_digit_read": "One digit read",
    "digits_read": "{count} digits, read one by one",
    "one_digit": "1 digit",
    "digits": "{count} digits",
    "one_unread": "1 sign not read",
    "unread": "{count} signs not read",
    "not_digits": "Those do not look like digits",
    "none_in_picture": "No digits in the picture",
    "unreadable": "It cannot be read: {error}.",
    "widen": "Several digits?",
    "widen_title": "Widen the pad, and read them one by one",
    "copy": "Copy",
    "copy_title": "Copy the answer",
    "copied": "Copied",
    "wrong": "Not right?",
    "wrong_title": "Say what you drew, and it is read so from now on",
    "correct": "Which digit did you draw?",
    "no_digit": "No digit",
    "no_digit_title": "It is not a digit (N)",
    "learned": "Learned",
    "unsay": "Undo",
    "unsay_name": "Undo the correction",
}

# What is known of somebody's hand.
HAND = {
    "digits": DIGITS,
    "none": "Teach it your hand",
    "one": "Knows 1 of your drawings",
    "several": "Knows {count} of your drawings",
    "title": "What it knows of your hand",
    "explained": (
        "Where an answer is wrong, press “Not right?” and say what you drew: that, and what is "
        "like it, is read so from then on. Or show it how you write all ten digits, in half a "
        "minute. Your drawings stay on this device."
    ),
    "kept": "Read as you said, and so is what is like them. They stay on this device.",
    "show": "Show it your hand",
    "load": "Load",
    "load_title": "Learn from a file of drawings",
    "download": "Download",
    "download_title": "Save the drawings as a file, to load or to train with",
    "forget": "Forget all",
    "forget_one": "Forget this drawing: {label}",
    "undo": "Undo",
    "no_digit": "no digit",
    "no_digit_short": "none",
    "learned": "Learned: that is {label}.",
    "loaded": "Learned {count} drawings.",
    "forgotten_one": "Forgot 1 drawing.",
    "forgotten": "Forgot {count} drawings.",
    "shown": "Of your {count} digits it read {before} right; now it reads {after}.",
    "shown_all": "It read all {count} of your digits right already, and knows your hand now.",
    "one_gone": "It knows {count} at most, so {label} is forgotten, the oldest.",
    "gone": "It knows {count} at most, so the {gone} oldest are forgotten.",
    "broken": "What it had learned in this browser is broken, and lost.",
    "foreign": (
        "A newer version of this page keeps your drawings here, so what you teach this one is "
        "forgotten when you leave it."
    ),
    "not_kept": (
        "This browser has no room for it, so what you teach is forgotten when you leave the page."
    ),
    "not_loaded": "Line {line} of the file holds no drawing, so none was learned.",
    "too_large": "The file is too large.",
    "prompt": "Draw {digit}",
    "of_ten": "({number} of 10)",
    "back": "Back",
    "skip": "Skip",
    "next": "Next",
    "stop": "Stop",
}
BARS = {"digit_name": "Digit {digit}"}
NETWORK_INPUT = {
    "caption": "What the network sees: 28 × 28",
    "blank": "Nothing yet",
    "drawing": "The drawing, 28 by 28 pixels",
}
DIGIT_OF_NUMBER = {
    "group": "The digits of the number",
    "name": "The digit, 28 by 28 pixels",
    "title": "Show the bars and the inside of this digit; press again to put them away",
}

# The presentation.
STAGE = {
    "language": LANGUAGE,
    "label": "Present",
    "title": "Fill the screen with the pad and the answer",
    "keys": [
        ("Space", "clear"),
        ("Z", "undo"),
        ("E", "eraser"),
        ("T", "teach"),
        ("W", "number"),
        ("R", "replay"),
        ("I", "inside"),
        ("L", "learn"),
        ("+ −", "pen"),
        ("1–9", "bars"),
        ("Q", "address"),
        ("Esc", "leave"),
    ],
    "inside": "See inside",
    "inside_title": "What happens in the network, or the bars alone (I)",
    "leave": "Leave",
    "leave_title": "Back to the whole page (Escape)",
    "address": "Address",
    "address_title": "The address of this page, for phones (Q)",
    "code_name": "QR code of the address",
    "only_here": "Only this machine can open it: start with --host 0.0.0.0",
}
STATIC_STAGE = STAGE | {
    "only_here": "Only this machine can open it: put the folder on a web server that others reach",
}

# See inside.
EVIDENCE_TEXT = (
    "A small patch of ink is rubbed out at a time, and the network is asked again. Orange ink "
    "spoke for {digit}, blue ink against it; grey ink made no difference."
)
INSIDE = {
    "digits": DIGITS,
    "title": "See inside",
    "blank": "Draw a digit to see what the network makes of it.",
    "number": "Press a digit of the number to see what the network makes of it.",
    "waiting": "The network is not there yet.",
    "input": "The input",
    "input_text": (
        "The drawing, cropped, centred and shrunk to 28 × 28 pixels: all that it gets to see. "
        "Point at a pixel below to see which of these feed it, and the sum that makes it; tap or "
        "click to keep it marked."
    ),
    "map_name": "Maps of {name}. The arrow keys point at a pixel, Enter enlarges them.",
    "enlarge": "Enlarge {name}",
    "enlarge_title": "Enlarge",
    "close": "Close",
    "sum_texts": {
        "spot": "{layer}, map {map}, row {row}, column {column}: {value}",
        "from_input": "What feeds it: 3 × 3 pixels of the input.",
        "from_map": "What moves it most, of {count} maps: map {map} of {layer}.",
        "from_pooled": "What moves it most, of {count} maps: map {map} of {layer}, shrunk by half.",
        "inputs": "inputs",
        "weights": "weights",
        "products": "products",
        "share": "products",
        "others": "{count} other maps",
        "bias": "bias",
    },
    "learning": {
        "begin": "Watch it learn",
        "title": "What the network said at moments of its training",
        "slider": "Moment of the training",
        "last": "{name}: the end",
        "accuracy": "{percent} of unseen digits right",
        "prompt": "Draw a digit to see what it said then.",
        "play": "Play the training",
        "play_title": "From the untrained network to this one, in six seconds",
        "leave": "Close",
        "leave_title": "Back to the network as it is",
        "tutorial": "A tutorial’s network",
        "tutorial_title": "What a network says that was trained and fed as in tutorials",
        "tutorial_name": "what a tutorial’s network says",
        "tutorial_text": "trained on MNIST alone, and sees the whole pad shrunk to 28 × 28",
        "failure": "The training could not be fetched ({reason}). Try again later.",
    },
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
