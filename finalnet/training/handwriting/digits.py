"""How people write the ten digits, as strokes.

MNIST was written by Americans on forms and holds few slashed zeros, flagged or based 1s, crossed
7s, curved-tail 9s and one-stroke 4s. Each digit here has its styles from European, American and
South Asian school hands, in a frame 1 high with x = 0 in the middle. The shares of the styles are
judgement, not a fit.
"""

import math
from collections.abc import Callable

import numpy as np

from finalnet.training.handwriting.pen import Points, Random, arc, curve, join, line, pick


def zero(r: Random) -> list[Points]:
    u = r.uniform
    width = u(0.16, 0.5)
    start, turn = (u(-150, -30), u(330, 420)) if r.random() < 0.75 else (u(-220, 40), u(295, 470))
    turn *= r.choice([-1, 1], p=[0.75, 0.25])
    oval = arc((0, 0.5), (width, 0.5), start, start + turn, u(-0.3, 0.3))
    style = pick(
        r, plain=0.55, slash=0.1, any_slash=0.16, slash_one_stroke=0.07, loop=0.1, dot=0.02
    )
    x, y = width * u(0.1, 1.3), u(0.25, 0.65)
    if style == "slash":
        return [oval, line((x, 0.5 - y), (-x, 0.5 + y)) + r.normal(0, 0.05, 2)]
    if style == "any_slash":  # also upright, level and far out of the ring
        angle = u(0, math.pi)
        ahead = np.array([math.cos(angle), -math.sin(angle)])
        radius = 1 / math.hypot(ahead[0] / width, ahead[1] / 0.5)
        middle = (0, 0.5) + r.normal(0, 0.05, 2)
        back, forth = u(0.6, 1.9, 2) * radius
        return [oval, line(middle - back * ahead, middle + forth * ahead)]
    if style == "slash_one_stroke":
        end = (-x, 0.5 + y) if r.random() < 0.7 else (u(-0.1, 0.1), 0.5 + y)
        return [join(oval, line(oval[-1], (x, 0.5 - y), end))]
    if style == "loop":
        end = oval[-1]
        bend, tip = (u(0.05, 0.2), u(-0.1, 0.08)), (u(0.1, 0.4), u(-0.25, 0.05))
        return [join(oval, curve(end, end + bend, end + tip))]
    if style == "dot":
        return [oval, line((u(-0.04, 0), 0.5), (u(0, 0.04), u(0.48, 0.54)))]
    return [oval]


def one(r: Random) -> list[Points]:
    u = r.uniform
    lean, bow = u(-0.06, 0.1), r.normal(0, 0.025)
    top, bottom = (lean, 0.0), (-lean, 1.0)
    stem = curve(top, (bow, 0.5), bottom)
    style = pick(r, bar=0.2, tick=0.07, flag=0.43, upstroke=0.2, narrow=0.1)
    if style == "tick":  # the pen leaves upwards at the foot
        side = r.choice([1, -1], p=[0.75, 0.25])
        stem = join(stem, curve(bottom, (bottom[0] + side * u(-0.05, 0.25), 1 - u(0.05, 0.4))))
    elif style == "flag":
        # Rising by a third of its reach or more, as in Europe: one that lies flat makes a 7.
        reach, rise = u(0.06, 0.42), math.tan(math.radians(u(20, 63)))
        tip = (top[0] - reach, min(reach * rise, 0.5))
        bend = r.normal(0, 0.03)
        flag = curve(tip, ((tip[0] + top[0]) / 2 + bend, tip[1] / 2 + bend), top)
        stem = join(flag, stem)
    elif style == "upstroke":  # the long upstroke of European school hands
        reach = u(0.15, 0.5)
        tip = (top[0] - reach, u(max(0.35, reach), 0.9))
        stem = join(curve(tip, ((tip[0] + top[0]) / 2, tip[1] / 2 + u(-0.06, 0.12)), top), stem)
    elif style == "narrow":  # up and down almost the same way
        tip = (top[0] - u(-0.02, 0.12), u(0.2, 0.7))
        stem = join(curve(tip, ((tip[0] + top[0]) / 2 - u(-0.04, 0.05), tip[1] / 2), top), stem)
    if style in ("bar", "tick") and r.random() < 0.8 or r.random() < 0.65:
        return [stem]
    left, right, y = bottom[0] - u(0.08, 0.36), bottom[0] + u(0.08, 0.4), 1 + u(-0.06, 0.03)
    base = line((left, y), (right, y + r.normal(0, 0.04)))
    if r.random() < 0.25:  # without lifting the pen, sometimes through a small loop
        size = u(0, 0.12)
        foot = curve(
            bottom, (left, y), (left - size / 2, y - size), (left + size, y - size), (right, y)
        )
        return [join(stem, foot)]
    return [stem, base]


def two(r: Random) -> list[Points]:
    u = r.uniform
    width, waist = u(0.2, 0.42), u(0.4, 0.64)
    right = (width, u(0.18, 0.36))
    start = (-width * u(0.5, 1.2), u(0.1, 0.42))
    crown = [
        start,
        (-width * u(0.2, 0.7), u(0.02, 0.08)),
        (width * u(0, 0.4), u(-0.02, 0.02)),
        right,
    ]
    foot = (-width * u(0.6, 1.4), 1 + u(-0.06, 0.02))
    end = (width * u(0.7, 1.7), 1 + u(-0.14, 0.1))
    neck = (width * u(0.1, 0.7), waist)
    if r.random() < 0.2:  # a curl where the pen lands
        inner = (start[0] + u(0.04, 0.18), start[1] + u(0, 0.12))
        crown = [(inner[0] + u(-0.04, 0.08), inner[1] - u(0.06, 0.16)), inner, *crown]
    style = pick(r, flat=0.34, loop=0.3, wave=0.16, angular=0.12, round=0.08)
    if style == "angular":
        return [join(line(start, (width * u(0.6, 1), u(0, 0.1)), foot, end))]
    if style == "loop":
        size = u(0.04, 0.28)
        loop = [
            (foot[0] + size * u(0.6, 1.4), foot[1] - size * u(0, 0.6)),
            (foot[0] - size * u(0, 0.6), foot[1] - size * u(0, 0.5)),
            (foot[0] + size * u(0, 0.6), foot[1] - size * u(0.9, 1.8)),
            (foot[0] + size * u(1.5, 3), foot[1] - size * u(0.1, 0.9)),
        ]
        return [curve(*crown, neck, *loop, end)]
    if style == "wave":
        middle = ((foot[0] + end[0]) / 2, foot[1] - u(0.03, 0.14))
        return [curve(*crown, neck, foot, foot, middle, end)]
    if style == "round":
        return [curve(*crown, neck, foot, end)]
    return [curve(*crown, neck, foot, foot, end)]


def three(r: Random) -> list[Points]:
    u = r.uniform
    upper, lower, waist = u(0.18, 0.4), u(0.22, 0.46), u(0.32, 0.56)
    start = (-upper * u(0.4, 1.3), u(0.04, 0.28))
    notch = (upper * u(-0.7, 0.5), waist + u(-0.04, 0.04))
    belly = [
        (lower * u(0.7, 1.1), (waist + 1) / 2 + u(-0.08, 0.08)),
        (lower * u(-0.2, 0.5), 1 + u(-0.02, 0.02)),
        (-lower * u(0.3, 1.4), u(0.72, 1.04)),
    ]
    style = pick(r, round=0.6, flat=0.24, loop=0.16)
    if style == "flat":
        top = [(-upper * u(0.6, 1.2), u(0, 0.1)), (upper * u(0.6, 1.2), u(-0.02, 0.08))]
        return [join(line(*top, notch), curve(notch, *belly))]
    crown = [
        start,
        (-upper * u(0, 0.5), u(-0.01, 0.05)),
        (upper * u(0.6, 1.1), waist * u(0.4, 0.65)),
    ]
    if style == "loop":
        size = u(0.04, 0.14)
        middle = [
            (notch[0], notch[1] + size / 2),
            (notch[0] - size, notch[1]),
            (notch[0], notch[1] - size / 2),
        ]
        return [curve(*crown, *middle, *belly)]
    return (
        [curve(*crown, notch, notch, *belly)]
        if r.random() < 0.5
        else [curve(*crown, notch, *belly)]
    )


def four(r: Random) -> list[Points]:
    u = r.uniform
    bar_y, stem_x = u(0.48, 0.8), u(0.02, 0.32)
    left, right = -u(0.22, 0.45), stem_x + u(-0.02, 0.32)
    stem_bottom = (stem_x + u(-0.14, 0.08), 1.0)
    end = (right, bar_y + r.normal(0, 0.06))
    style = pick(
        r, open=0.28, square=0.1, cup=0.1, low_stem=0.08, closed=0.17, stem_first=0.09,
        looped=0.09, from_the_left=0.09,
    )  # fmt: skip
    if style in ("open", "square", "cup", "low_stem"):
        top = (left + (u(-0.03, 0.05) if style == "square" else u(0.03, 0.34)), u(0, 0.15))
        stem_top = (stem_x + u(-0.02, 0.1), u(0, 0.42))
        if style == "low_stem":  # a tall L and a short stroke through its foot
            stem_top = (stem_top[0], bar_y - u(0.08, 0.3))
        if style == "cup":
            side = curve(
                top,
                (left, bar_y * u(0.6, 0.85)),
                (left + u(0.05, 0.2), bar_y),
                (stem_x - 0.05, bar_y + u(-0.1, 0.02)),
                end,
            )
        elif r.random() < 0.5:
            side = line(top, (left, bar_y), end)
        else:
            side = curve(top, (left, bar_y - u(0, 0.06)), (left + u(0, 0.06), bar_y), end)
        stem = curve(stem_top, (stem_x + r.normal(0, 0.015), (stem_top[1] + 1) / 2), stem_bottom)
        return [side, stem]
    apex = (stem_x + u(-0.06, 0.08), u(0, 0.06))
    if style == "closed":  # diagonal and bar, then the stem
        stem_top = (apex[0] + r.normal(0, 0.03), apex[1] + u(-0.04, 0.12))
        return [line(apex, (left, bar_y), end), line(stem_top, stem_bottom)]
    if style == "stem_first":  # the pen is never lifted
        return [line(stem_bottom, apex, (left, bar_y), end)]
    if style == "looped":  # down, across, and a narrow loop back up into the stem
        return [
            curve(
                (stem_x - u(0, 0.1), u(0, 0.12)),
                (left, bar_y),
                (left + 0.02, bar_y + 0.02),
                (stem_x + u(0.05, 0.24), bar_y - u(0, 0.1)),
                (stem_x + u(0, 0.1), u(0.1, 0.4)),
                (stem_x, bar_y),
                stem_bottom,
            )
        ]
    # From the left: the pen is never lifted either.
    return [
        curve(
            (left + u(0, 0.2), u(0, 0.1)),
            (left, bar_y),
            (left, bar_y),
            (stem_x, bar_y + u(-0.1, 0.03)),
            (stem_x + u(0.02, 0.14), u(0.1, 0.35)),
            (stem_x + u(0, 0.06), u(0.08, 0.3)),
            stem_bottom,
        )
    ]


def five(r: Random) -> list[Points]:
    u = r.uniform
    left, waist, belly = -u(0.08, 0.34), u(0.24, 0.54), u(0.2, 0.48)
    top = (left + u(-0.03, 0.14), u(0, 0.08))
    bar_end = (u(0.1, 0.55), top[1] + r.normal(-0.02, 0.06))
    bowl = [
        (left + u(0, 0.06), waist),
        (belly * u(0, 0.5), waist - u(0, 0.1)),
        (belly, (waist + 1) / 2 + u(-0.06, 0.06)),
        (belly * u(-0.3, 0.3), 1.0),
        (left - u(-0.12, 0.2), u(0.74, 1.0)),
    ]
    style = pick(r, two_strokes=0.46, one_stroke=0.36, round=0.18)
    if style == "round":  # like an S
        return [
            curve(bar_end, (bar_end[0] * u(0, 0.6), top[1]), (left, waist * u(0.4, 0.7)), *bowl[1:])
        ]
    body = [top, (left + u(-0.02, 0.06), (top[1] + waist) / 2), bowl[0]]
    corner = [bowl[0]] if r.random() < 0.7 else []
    if style == "one_stroke":
        return [join(line(bar_end, top), curve(*body, *corner, *bowl[1:]))]
    # The bar comes last and may float above or beside the body.
    gap = (u(-0.06, 0.16), u(-0.2, 0.04) if r.random() < 0.4 else r.normal(0, 0.03))
    return [curve(*body, *corner, *bowl[1:]), line(np.add(top, gap), np.add(bar_end, gap))]


def six(r: Random) -> list[Points]:
    u = r.uniform
    size, width = u(0.09, 0.35), u(0.12, 0.43)  # of the loop: half its height, half its width
    center = (u(-0.04, 0.1), 1 - size)
    start = (u(-0.28, 0.52), u(0, 0.08))
    left = center[0] - width
    entry = (left + u(-0.02, 0.03), center[1] - u(0, 0.1))
    if r.random() < 0.35:
        bend = ((start[0] + entry[0]) / 2, (start[1] + entry[1]) / 2)
    else:
        bend = (left + u(-0.02, 0.08), u(0.25, 0.45))
    down = curve(start, bend, entry)
    loop = arc(center, (width, size), 180, 180 - u(280, 440), u(-0.6, 0.05))
    if r.random() < 0.15:  # a hook where the pen lands
        down = join(curve(np.add(start, (u(-0.12, 0.12), u(0.02, 0.12))), start), down)
    if r.random() < 0.15:  # the loop ends across the stem or swings out
        loop = join(loop, curve(loop[-1], loop[-1] + (u(-0.3, 0.35), u(-0.12, 0.12))))
    return [join(down, loop)]


def seven(r: Random) -> list[Points]:
    u = r.uniform
    left, right = -u(0.18, 0.44), u(0.2, 0.46)
    start, corner = (left, u(-0.02, 0.08)), (right, u(-0.04, 0.08))
    foot = (u(-0.34, 0.2), 1.0)
    bow = u(-0.14, 0.08)
    knee = (corner[0] + (foot[0] - corner[0]) * 0.5 + bow, 0.5)
    style = pick(r, angular=0.65, round=0.29, looped=0.06)
    if style == "round":
        stroke = curve(start, (left * 0.2, start[1] + u(-0.06, 0.03)), corner, knee, foot)
    elif style == "looped":  # the pen turns through a small loop at the corner
        size = u(0.03, 0.14)
        loop = [
            np.add(corner, (size, -size / 2)),
            np.add(corner, (size * 1.2, size)),
            np.add(corner, (0, size * 0.6)),
        ]
        stroke = curve(start, np.add(corner, (-0.1, 0)), corner, *loop, knee, foot)
    else:
        sag = ((left + right) / 2, (start[1] + corner[1]) / 2 + r.normal(0, 0.04))
        stroke = join(curve(start, sag, corner), curve(corner, knee, foot))
    if r.random() < 0.28:  # a serif where the bar begins
        serif = (left + r.normal(0, 0.04), start[1] + u(0.05, 0.26))
        stroke = join(line(serif, start), stroke)
    if r.random() < 0.1:  # a small foot, to either side, or a curl
        side = r.choice([1, -1], p=[0.7, 0.3])
        toe = (foot[0] + side * u(0.05, 0.25), foot[1] - u(-0.02, 0.15))
        stroke = join(stroke, line(foot, toe) if r.random() < 0.5 else curve(foot, foot, toe))
    if r.random() > 0.48:
        return [stroke]
    y = u(0.34, 0.68)  # the crossbar
    middle = corner[0] + (foot[0] - corner[0]) * y + bow * 0.9 + r.normal(0, 0.05)
    half, tilt = u(0.1, 0.36), r.normal(-0.02, 0.08)
    bar = line((middle - half, y - tilt), (middle + half, y + tilt))
    if r.random() < 0.2:  # without lifting the pen: back up through a loop
        return [
            join(
                stroke,
                curve(foot, (middle - half * u(0.8, 1.6), u(0.6, 0.85)), bar[0], bar[0], bar[-1]),
            )
        ]
    return [stroke, bar]


def eight(r: Random) -> list[Points]:
    u = r.uniform
    upper, lower, waist = u(0.1, 0.35), u(0.12, 0.43), u(0.35, 0.59)
    style = pick(r, s_first=0.46, open_top=0.12, ribbon=0.1, from_the_middle=0.16, two_circles=0.16)
    if style == "two_circles":
        circles = []
        for center, radii in (
            ((0, waist / 2), (upper, waist / 2)),
            ((r.normal(0, 0.03), (waist + 1) / 2 - u(-0.05, 0.05)), (lower, (1 - waist) / 2)),
        ):
            angle, turn = u(-150, -30), u(330, 410) * r.choice([-1, 1])
            circles.append(arc(center, radii, angle, angle + turn, u(-0.15, 0.15)))
        return circles
    crossing = (r.normal(0, 0.05), waist)
    lower_loop = [
        (lower, (waist + 1) / 2 + u(-0.06, 0.06)),
        (r.normal(0, 0.04), 1.0),
        (-lower, (waist + 1) / 2 + u(-0.06, 0.06)),
    ]
    back = (crossing[0] + r.normal(0, 0.04), waist + u(-0.04, 0.06))
    upper_left, upper_right = (-upper, waist * u(0.35, 0.65)), (upper, waist * u(0.35, 0.65))
    if style == "from_the_middle":
        return [
            curve(
                crossing,
                *lower_loop,
                back,
                upper_right,
                (0, 0),
                upper_left,
                np.add(crossing, r.normal(0, 0.05, 2)),
            )
        ]
    if style == "ribbon":  # open at the top, both ends free
        return [
            curve(
                (-upper * u(0.4, 1.1), u(0, 0.15)),
                (-upper * u(0.3, 0.9), waist * 0.6),
                crossing,
                *lower_loop,
                back,
                (upper * u(0.4, 1), waist * 0.5),
                (upper * u(0.5, 1.2), u(0, 0.15)),
            )
        ]
    start = (upper * u(0.3, 1.1), u(0.02, 0.24))
    s_curve = [start, (-upper * u(0, 0.5), u(-0.02, 0.03)), upper_left, crossing, *lower_loop, back]
    end = (start[0] + u(-0.22, 0.15), start[1] + u(-0.12, 0.1))
    if style == "open_top":  # the pen is lifted before it is back
        way = u(0.2, 0.8)
        end = (upper * u(0.3, 1.1), waist * (1 - way) + start[1] * way + 0.02)
        stroke = curve(*s_curve, end)
    else:
        stroke = curve(*s_curve, upper_right, end)
    return [stroke * (-1, 1)] if r.random() < 0.12 else [stroke]


def nine(r: Random) -> list[Points]:
    u = r.uniform
    size, width = u(0.08, 0.31), u(0.13, 0.43)
    center = (u(-0.1, 0.04), size + u(0, 0.03))
    right = center[0] + width
    start = u(-80, 30)
    loop = arc(center, (width, size), start, start - u(290, 420), u(-0.15, 0.5))
    joint = (right + u(-0.03, 0.05), size * u(0.1, 1.2))
    style = pick(
        r, straight=0.25, slanted=0.16, curved=0.2, hook=0.12, belly=0.17, outward=0.02,
        two_strokes=0.08,
    )  # fmt: skip
    tail = (center[0] - width * u(0.2, 1.4), u(0.8, 1.02))
    if style in ("straight", "two_strokes"):
        stem = curve(joint, (joint[0] + r.normal(0, 0.015), 0.6), (joint[0] + u(-0.14, 0.08), 1.0))
    elif style == "slanted":
        stem = curve(joint, (joint[0] / 2 + u(0, 0.1), 0.6), (u(-0.3, 0.1), 1.0))
    elif style == "curved":
        stem = curve(
            joint,
            (joint[0] + u(-0.04, 0.06), u(0.55, 0.75)),
            (right * u(0.2, 0.7), u(0.92, 0.99)),
            tail,
        )
    elif style == "outward":  # the tail swings to the right
        stem = curve(
            joint,
            (joint[0] + u(-0.04, 0.02), u(0.55, 0.75)),
            (joint[0] + u(0.02, 0.1), u(0.9, 1.0)),
            (joint[0] + u(0.12, 0.35), u(0.82, 1.0)),
        )
    elif style == "hook":
        stem = curve(
            joint,
            (joint[0], 0.7),
            (joint[0] - u(0.05, 0.15), 1.0),
            (joint[0] - u(0.25, 0.55), u(0.92, 1.02)),
            (tail[0], u(0.7, 0.9)),
        )
    else:  # the stem leaves the loop below or at its left and swings out to the right
        leave = (center[0] + width * u(-0.7, 0.8), size * u(1.6, 2.2))
        return [
            curve(
                *loop[:: max(1, len(loop) // 10)],
                leave,
                (right * u(0.6, 1.3), u(0.55, 0.75)),
                (right * u(-0.2, 0.6), u(0.93, 1.0)),
                *([tail] if r.random() < 0.7 else []),
            )
        ]
    if style == "two_strokes":
        return [loop, stem - (0, u(0, 0.25))]
    return [join(loop, stem)]


DIGITS: list[Callable[[Random], list[Points]]] = [
    zero, one, two, three, four, five, six, seven, eight, nine,
]  # fmt: skip
