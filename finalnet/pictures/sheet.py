"""A photographed sheet on a darker desk: found by its four corners, and made level."""

from typing import NamedTuple

import cv2
import numpy as np

SEARCH_SIZE = 320  # px, longer side of the picture on which the sheet is looked for
THRESHOLDS = 12  # of brightness that are tried
SMALLEST, LARGEST = 0.15, 0.97  # of the picture, the sheet's area
FILLED = 0.85  # of the sheet, at the least, is bright: a light ring on a board is no sheet
STRAIGHT = 0.94  # of its outline's area is the area between the four corners, at the least
BRIGHTER = 1.35  # than what lies around it, at the least
# Than at a darker threshold, if a smaller quad is to count: the lit part of a sheet in shadow is as
# clear as the whole sheet.
CLEARER = 0.02
TRIM = 0.015  # of its sides, cut off: its edge throws a shadow


class Sheet(NamedTuple):
    """A sheet made level."""

    picture: np.ndarray  # as the photograph, but the sheet alone
    move: np.ndarray  # (3, 3), from its pixels to those of the photograph


def find_sheet(picture: np.ndarray) -> Sheet | None:
    """Cut out a sheet whose four corners are in the picture.

    Args:
        picture: (H, W) or (H, W, 3) uint8.
    """
    corners = find_corners(picture)
    if corners is None:
        return None
    middle = corners.mean(axis=0)
    corners = middle + (corners - middle) * (1 - 2 * TRIM)
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)  # top, right, bottom ...
    width, height = (sides[:2] + sides[2:]).round().astype(int) // 2
    level = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    move = cv2.getPerspectiveTransform(level, corners.astype(np.float32))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return Sheet(cv2.warpPerspective(picture, move, (int(width), int(height)), flags=flags), move)


def find_corners(picture: np.ndarray) -> np.ndarray | None:
    """The corners of the sheet that shows best, (4, 2), clockwise from the top left one."""
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    scale = min(1.0, SEARCH_SIZE / max(grey.shape))
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = cv2.medianBlur(grey, 5)
    best, clearest = None, 0.0
    darkest, brightest = np.percentile(grey, (2, 98)).tolist()
    for threshold in np.linspace(darkest, brightest, THRESHOLDS)[1:-1].tolist():
        contours, _ = cv2.findContours(
            (grey > threshold).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        if not contours:
            continue
        outline = cv2.convexHull(max(contours, key=cv2.contourArea))
        area = cv2.contourArea(outline)
        quad = cv2.approxPolyDP(outline, 0.03 * cv2.arcLength(outline, True), True)
        if len(quad) == 4 and STRAIGHT * area <= cv2.contourArea(quad):
            clarity = find_clarity(grey, threshold, quad)
            if clarity > clearest + CLEARER:
                best, clearest = quad[:, 0].astype(np.float64), clarity
    if best is None:
        return None
    first = int(best.sum(axis=1).argmin())
    best = np.roll(best, -first, axis=0)
    # Half a pixel of the small picture is several of the photograph.
    return (best + 0.5) / scale


def find_clarity(grey: np.ndarray, threshold: float, quad: np.ndarray) -> float:
    """How much more often it is bright between four corners than outside; 0 if it is no sheet."""
    left, top, width, height = cv2.boundingRect(quad)
    if min(left, top) < 1 or left + width >= grey.shape[1] or top + height >= grey.shape[0]:
        return 0.0  # the lit part of a larger sheet, as likely as not
    inside = cv2.fillConvexPoly(np.zeros_like(grey), quad, 1) > 0
    bright = grey > threshold
    filled = float(bright[inside].mean())
    if not SMALLEST < inside.mean() < LARGEST or filled < FILLED:
        return 0.0
    if np.median(grey[inside]) < BRIGHTER * max(np.median(grey[~inside]), 1):
        return 0.0
    return filled - float(bright[~inside].mean())
