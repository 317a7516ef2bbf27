"""Checks the rules of layout.js at random sizes, in every state of the page."""

import random
from collections.abc import Callable
from pathlib import Path

from drawings import DRAWINGS, NOT_DIGITS
from PIL import Image
from test_export import StaticServer
from visitor import SCREENS, TWO_FRAMES, Visitor, visit

from finalnet.checkpoint import BUNDLED
from finalnet.sharing.export import export_page
from finalnet.strokes import draw_strokes

RULES = (Path(__file__).parent / "layout.js").read_text()
SMALLEST, LARGEST = (320, 256), (3840, 2160)  # px, width and height
ONE = [(50, 20), (50, 80)]


def write(visitor: Visitor, columns: int, rows: int = 1) -> None:
    """Write ones on the wide pad, in columns and rows."""
    visitor.page.evaluate("document.querySelector('#wide').click()")
    visitor.draw_strokes(
        [
            [(100 * (i + 0.5) / columns, 100 * (j + y / 100) / rows) for _, y in ONE]
            for j in range(rows)
            for i in range(columns)
        ]
    )


def draw_seven(visitor: Visitor) -> None:
    visitor.draw("7 crossed")
    visitor.sees("7")


def show_picture(visitor: Visitor) -> None:
    """Choose a picture of two digits."""
    picture = Image.new("L", (600, 400), 255)
    for i, name in enumerate(("7 crossed", "3 round")):
        ink = draw_strokes(DRAWINGS[name][1], size=200)
        picture.paste(ink, (60 + 250 * i, 100))
    path = Path(visitor.folder) / "picture.png"
    picture.save(path)
    visitor.page.locator("#picture-choose input").set_input_files(path)
    visitor.sees("73")


def lose_network(visitor: Visitor) -> None:
    visitor.page.route("**/*.safetensors*", lambda route: route.abort())
    visitor.page.reload()
    visitor.page.wait_for_selector(".failure:not([hidden])")
    visitor.complaints.clear()


def open_inside(visitor: Visitor) -> None:
    draw_seven(visitor)
    visitor.page.evaluate("document.querySelector('.inside').open = true")
    visitor.page.wait_for_selector(".inside .parts:not([hidden])")


def watch(visitor: Visitor) -> None:
    open_inside(visitor)
    visitor.page.evaluate("document.querySelector('#learn').click()")
    visitor.page.wait_for_selector("#learning:not([hidden])")


def watch_on_stage(visitor: Visitor) -> None:
    draw_seven(visitor)
    present(visitor)
    visitor.page.keyboard.press("l")
    visitor.page.wait_for_selector("#learning:not([hidden])")
    visitor.page.wait_for_function("document.querySelector('#learning input').value === '11'")


def open_dialog(visitor: Visitor) -> None:
    draw_seven(visitor)
    visitor.page.evaluate("document.querySelector('#wrong').click()")
    visitor.page.wait_for_selector("#correction:popover-open")


def open_hand(visitor: Visitor) -> None:
    """Teach it three drawings and open their list."""
    for name in ("7 crossed", "3 round", "4 open"):
        visitor.page.evaluate("document.querySelector('#clear').click()")
        visitor.sees("")
        visitor.draw(name)
        visitor.sees(name[0])
        visitor.page.wait_for_function("document.querySelector('.paper').example()")
        visitor.page.evaluate(
            """() => {
              const pad = document.querySelector(".paper");
              pad.taught.change({ add: [{ label: 1, ...pad.example() }] });
            }"""
        )
        visitor.sees("1")
    visitor.page.evaluate("document.querySelector('#hand-known').click()")
    visitor.page.wait_for_selector("#drawings:popover-open li")


def choose_tile(visitor: Visitor) -> None:
    visitor.page.evaluate("document.querySelector('.tile').click()")
    visitor.page.wait_for_selector(".tiles[data-tile]")


def present(visitor: Visitor) -> None:
    visitor.page.evaluate("document.querySelector('#present').click()")
    visitor.page.wait_for_function("document.documentElement.classList.contains('on-stage')")


def on_stage(*acts: Callable[[Visitor], None]) -> Callable[[Visitor], None]:
    def act(visitor: Visitor) -> None:
        for step in acts:
            step(visitor)
        present(visitor)

    return act


def number(columns: int, rows: int = 1) -> Callable[[Visitor], None]:
    def act(visitor: Visitor) -> None:
        write(visitor, columns, rows)
        visitor.sees("\n".join(["1" * columns] * rows))

    return act


STATES: dict[str, Callable[[Visitor], None]] = {
    "empty": lambda visitor: None,
    "digit": draw_seven,
    "unsure": lambda visitor: visitor.draw(next(iter(NOT_DIGITS))),
    "number of 1": number(1),
    "number of 4": number(4),
    "number of 12": number(12),
    "two lines": number(3, 2),
    "picture": show_picture,
    "failed network": lose_network,
    "see inside": open_inside,
    "watch it learn": watch,
    "dialog": open_dialog,
    "hand": open_hand,
    "stage": on_stage(draw_seven),
    "stage, empty": on_stage(),
    "stage, number of 4": on_stage(number(4)),
    "stage, digit of a number": on_stage(number(4), choose_tile),
    "stage, number of 12": on_stage(number(12)),
    "stage, see inside": on_stage(open_inside),
    "stage, watch it learn": watch_on_stage,
}
APP_ONLY = {"picture"}


def cases(count: int, seed: int) -> dict[tuple, list[tuple[int, int]]]:
    """Random sizes in px, keyed by (page, state, look, touch, text size in %)."""
    drawn = random.Random(seed)
    places: dict[tuple, list[tuple[int, int]]] = {}
    while sum(map(len, places.values())) < count:
        page = drawn.choice(["app", "export"])
        state = drawn.choice([name for name in STATES if page == "app" or name not in APP_ONLY])
        look = drawn.choice(["light", "dark"])
        has_touch = drawn.random() < 0.5
        text = drawn.choice([100, 100, 200])  # %, as when a browser enlarges only the text
        sizes = places.setdefault((page, state, look, has_touch, text), [])
        for _ in range(max(2, count // 60)):
            # Log-uniform: as many small windows as large ones.
            width, height = (
                round(least * (largest / least) ** drawn.random())
                for least, largest in zip(SMALLEST, LARGEST, strict=True)
            )
            sizes.append((width, height))
    return places


def test_the_rules_of_the_layout_hold_at_any_size(browser, app_url, tmp_path, pytestconfig):
    count = pytestconfig.getoption("--layouts")
    seed = pytestconfig.getoption("--layout-seed") or random.randrange(1_000_000)
    print(f"--layouts {count} --layout-seed {seed}")
    export_page(tmp_path / "a" / "sub-path", BUNDLED)
    server = StaticServer(tmp_path)
    urls = {"app": app_url, "export": server.url}
    faults = []
    try:
        for (page, state, look, has_touch, text), sizes in cases(count, seed).items():
            device = {"has_touch": has_touch, "service_workers": "block"}
            media = {"color_scheme": look}
            with visit(
                browser, urls[page], viewport=SCREENS["desktop"]["viewport"], media=media, **device
            ) as visitor:
                visitor.folder = tmp_path
                STATES[state](visitor)
                if text != 100:
                    visitor.page.evaluate(f"document.documentElement.style.fontSize = '{text}%'")
                for width, height in sizes:
                    visitor.page.set_viewport_size({"width": width, "height": height})
                    visitor.page.evaluate("scrollTo(0, 0)")
                    visitor.page.evaluate(TWO_FRAMES)
                    visitor.rests()
                    found = visitor.page.evaluate(f"({RULES})()")
                    how = f"{look}{', touch' if has_touch else ''}, text {text} %"
                    faults += [f"{page}, {state}, {how}, {width}x{height}: {f}" for f in found]
    finally:
        server.stop()
    assert not faults, "\n".join([f"{len(faults)} faults with --layout-seed {seed}:", *faults])
