"""All text on the page."""

LANGUAGE = "en"  # of the texts below
DIGITS = [f"an {digit}" if digit == 8 else f"a {digit}" for digit in range(10)]

TITLE = "FinalNet: draw a digit"
HEADING = "FinalNet"
DESCRIPTION = "Draw a digit, see at once which digit it is"
PREVIEW_ALT = "A 3 on a drawing pad beside ten bars, the bar for 3 full"
STATIC_FOOTER = "Runs on your device: your drawings never leave it."
READ_TAB, ABOUT_TAB = "Draw", "About the model"

# Why the page cannot start.
TROUBLE = {
    "noscript": (
        "This page reads digits on your own device and needs JavaScript. Allow it, then reload."
    ),
    "file": (
        "Browsers don’t let a page load scripts from a file. Serve this folder instead: run "
        "“python -m http.server” in it and open http://127.0.0.1:8000."
    ),
    "frame": "The frame around this page blocks its scripts.",
    "open": "Open it in its own tab.",
    "script": (
        "A script didn’t load, so this page can’t start. Reload it. If that doesn’t help, the "
        "server lacks a file or doesn’t serve .js files as text/javascript."
    ),
    "browser": (
        "This browser is too old for this page. Use Chrome or Edge 114, Firefox 125, Safari 17.4 "
        "or later."
    ),
    "other": "This page couldn’t start. Reload it, or try another browser.",
}

# The sketchpad.
PAD = {
    "hint": "Draw a digit here",
    "wide_hint": "Write a number here",
    "pad_name": "Sketchpad. Draw a digit with a mouse, finger or pen.",
    "undo": "Undo",
    "undo_title": "Undo the last stroke (Ctrl+Z)",
    "redo": "Redo",
    "redo_title": "Redo what you undid (Ctrl+Y)",
    "clear": "Clear",
    "clear_title": "Clear the pad (Escape or Delete)",
    "eraser": "Erase strokes",
    "eraser_title": "Erase every stroke you touch (E)",
    "replay": "Replay",
    "replay_title": "Replay your drawing, stroke by stroke",
    "scrub": "How much of the drawing to show",
    "scrub_title": "Drag to see the answer develop",
    "scrub_done": "Back to the pen",
    "scrub_done_title": "Back to the whole drawing and the pen (Escape)",
    "save": "Save picture",
    "save_title": "Save the drawing as a picture",
    "pen": "Pen",
    "pen_name": "Pen width",
    "wide": "Whole number",
    "wide_title": "A wider pad, for several digits side by side",
    "examples_name": "Ready-made drawings",
    "failure": "The network didn’t load, so we can’t read digits yet. Your drawing is safe.",
    "retry": "Try again",
}

# The picture input.
PICTURE = {
    "picture_name": "Picture of digits",
    "invitation": "Drop or paste a picture of digits",
    "touch_invitation": "Try a picture of digits",
    "choose": "Choose picture",
    "camera": "Take photo",
    "remove": "Remove picture",
    "rotate": "Rotate",
    "rotate_title": "Rotate by 90° to the right",
    "crop": "Crop",
    "crop_title": "Keep part of the picture",
    "crop_hint": "Drag over the digits to keep.",
    "part_name": (
        "Part to keep. Arrow keys move it, Shift+arrow keys resize it; Enter keeps it, Escape "
        "cancels."
    ),
    "keep": "Keep this part",
    "cancel": "Cancel",
    "whole": "Whole picture",
    "nothing_found": "No digits found: crop closer or take a closer photo.",
    "picture_alt": "Your picture",
    "marks_name": "Digits found in your picture",
    "again": "Read again",
    "offline": "Pictures need the server, and we can’t reach it. Press “Read again” later.",
    # By the HTTP status of the refusal.
    "refused": {
        "413": "The picture is too large for the server. Crop it.",
        "415": "We can’t read this kind of file. Choose a PNG, JPEG, WebP or GIF.",
        "422": "We couldn’t read this: {error}.",
        "429": "Too many pictures in a short time. Wait a moment, then press “Read again”.",
        "503": "The server is busy. Wait a moment, then press “Read again”.",
        "other": "We couldn’t read the picture. Press “Read again”, or choose another.",
    },
    "unreadable": "We can’t open “{name}” as a picture. Choose a PNG, JPEG, WebP or GIF.",
}

# The answer; the browser fills in the {placeholders}.
ANSWER = {
    "digit_names": DIGITS,
    "waiting": "Your digit appears here",
    "empty": "The pad is empty",
    "not_a_digit": "That does not look like a digit",
    "no_idea": "No idea yet",
    "not_sure": "Not sure: looks most like {first}",
    "not_sure_of_two": "Not sure: looks like {first} or {second}",
    "sure": "{percent} sure",
    "not_finished": "Keep drawing",
    "one_digit_read": "One digit read",
    "digits_read": "{count} digits, read one by one",
    "one_digit": "1 digit",
    "digits": "{count} digits",
    "one_unread": "1 symbol unread",
    "unread": "{count} symbols unread",
    "not_digits": "Those do not look like digits",
    "none_in_picture": "No digits in the picture",
    "unreadable": "We couldn’t read this: {error}.",
    "widen": "Several digits?",
    "widen_title": "Widen the pad and read them one by one",
    "copy": "Copy",
    "copy_title": "Copy the answer",
    "copied": "Copied",
    "wrong": "Not right?",
    "wrong_title": "Tell it what you drew, and it learns",
    "correct": "Which digit did you draw?",
    "no_digit": "No digit",
    "no_digit_title": "It is not a digit (N)",
    "learned": "Learned",
    "unsay": "Undo",
    "unsay_name": "Undo the correction",
}

# The visitor's handwriting.
HAND = {
    "digits": DIGITS,
    "none": "Teach it your handwriting",
    "one": "Knows 1 of your drawings",
    "several": "Knows {count} of your drawings",
    "title": "What it knows about your handwriting",
    "explained": (
        "When an answer is wrong, press “Not right?” and choose what you drew. It then reads "
        "drawings like it as you said. Or show it all ten digits in half a minute. Your drawings "
        "stay on this device."
    ),
    "kept": "It reads drawings like these as you said. They stay on this device.",
    "show": "Show it your handwriting",
    "load": "Load",
    "load_title": "Learn from a file of drawings",
    "download": "Download",
    "download_title": "Save your drawings to a file, to load or train with",
    "forget": "Forget all",
    "forget_one": "Forget this drawing: {label}",
    "undo": "Undo",
    "no_digit": "no digit",
    "no_digit_short": "none",
    "learned": "Learned: that is {label}.",
    "loaded": "Learned {count} drawings.",
    "forgotten_one": "Forgot 1 drawing.",
    "forgotten": "Forgot {count} drawings.",
    "shown": "It read {before} of your {count} digits right; now it reads {after}.",
    "shown_all": "It read all {count} of your digits right, and now knows your handwriting.",
    "one_gone": "It keeps at most {count}, so it forgot the oldest, {label}.",
    "gone": "It keeps at most {count}, so it forgot the {gone} oldest.",
    "broken": "What it learned in this browser is damaged and lost.",
    "foreign": (
        "A newer version of this page stores your drawings here, so this one forgets what you "
        "teach it when you leave."
    ),
    "not_kept": (
        "This browser can’t store your drawings, so the page forgets them when you leave."
    ),
    "not_loaded": "Line {line} of the file is not a drawing, so we loaded none.",
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
    "title": "Show the bars and the inside of this digit; press again to hide them",
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
    "inside_title": "Show the network’s layers, or only the bars (I)",
    "leave": "Leave",
    "leave_title": "Back to the whole page (Escape)",
    "address": "Address",
    "address_title": "The address of this page, for phones (Q)",
    "code_name": "QR code of the address",
    "only_here": "Only this machine can open it: start with --host 0.0.0.0",
}
STATIC_STAGE = STAGE | {
    "only_here": "Only this machine can open it: put the folder on a public web server",
}

# See inside.
EVIDENCE_TEXT = (
    "We erase one small patch of ink at a time and ask the network again. Orange ink made "
    "{digit} more likely, blue ink less likely; grey ink made no difference."
)
INSIDE = {
    "digits": DIGITS,
    "title": "See inside",
    "blank": "Draw a digit to see how the network reads it.",
    "number": "Press a digit of the number to see how the network reads it.",
    "waiting": "The network is still loading.",
    "input": "The input",
    "input_text": (
        "The drawing, cropped, centred and shrunk to 28 × 28 pixels: all the network sees. Point "
        "at a pixel below to see its inputs here and the sum behind it; tap or click to keep it "
        "marked."
    ),
    "map_name": "Maps of {name}. Arrow keys choose a pixel, Enter enlarges the maps.",
    "enlarge": "Enlarge {name}",
    "enlarge_title": "Enlarge",
    "close": "Close",
    "sum_texts": {
        "spot": "{layer}, map {map}, row {row}, column {column}: {value}",
        "from_input": "Its inputs: 3 × 3 pixels of the drawing.",
        "from_map": "Its main input, of {count} maps: map {map} of {layer}.",
        "from_pooled": "Its main input, of {count} maps: map {map} of {layer}, shrunk by half.",
        "inputs": "inputs",
        "weights": "weights",
        "products": "products",
        "share": "products",
        "others": "{count} other maps",
        "bias": "bias",
    },
    "learning": {
        "begin": "Watch it learn",
        "title": "See how the network’s answer changed in training",
        "slider": "Training progress",
        "last": "{name}: the end",
        "accuracy": "{percent} of unseen digits right",
        "prompt": "Draw a digit to see its answer then.",
        "play": "Play the training",
        "play_title": "From the untrained network to this one, in six seconds",
        "leave": "Close",
        "leave_title": "Back to the trained network",
        "tutorial": "A tutorial’s network",
        "tutorial_title": "Compare a network trained and fed as in tutorials",
        "tutorial_name": "a tutorial’s network",
        "tutorial_text": "trained on MNIST alone; sees the whole pad shrunk to 28 × 28",
        "failure": "We couldn’t load the training ({reason}). Try again later.",
    },
    "evidence": [
        {"title": "Which ink suggests {digit}?", "text": EVIDENCE_TEXT},
        {
            "title": "And its second guess, {digit}?",
            "text": "The same question for the runner-up.",
        },
    ],
    "layers": [
        (
            "conv1: first look",
            "Eight small filters slide over the drawing. Each lights up at something simple, such "
            "as an edge in one direction.",
        ),
        (
            "conv2: second look",
            "Sixteen filters combine those edges into pieces of strokes and bends.",
        ),
        (
            "conv3: zoomed out",
            "The picture is now half the size, so each filter sees a larger part of the digit.",
        ),
        (
            "conv4: larger parts",
            "Bright spots mark shapes that the network knows, such as a loop or an end.",
        ),
    ],
    "features": "fc1: 32 clues",
    "features_text": (
        "The network sums up what it found in 32 numbers. Brighter cells are stronger clues."
    ),
    "scores": "The scores",
    "scores_text": (
        "Each digit’s score is the logarithm of its probability: 0 is certain, and 2.3 less is "
        "ten times less likely."
    ),
}
