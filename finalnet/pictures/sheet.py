"""Finds a photographed sheet on a darker desk by its four corners and rectifies it."""

import cv2
import numpy as np

from finalnet.pictures.pixels import Part

SEARCH_SIZE = 320  # px, longer side of the shrunk picture that is searched
THRESHOLDS = 12  # brightness levels to try
SMALLEST, LARGEST = 0.15, 0.97  # area of the sheet, of the picture
FILLED = 0.85  # least share of the sheet that is bright; a light ring on a blackboard is less
STRAIGHT = 0.94  # least area between the four corners, of the area of the outline
BRIGHTER = 1.35  # least brightness of the sheet, of its surroundings
# Least gain in clarity over a darker threshold before a smaller quadrilateral is preferred: the lit
# part of a sheet in shadow is as clear as the whole sheet.
CLEARER = 0.02
TRIM = 0.015  # of each side, cut off because the sheet's edge casts a shadow


def find_sheet(picture: np.ndarray) -> Part | None:
    """Cut out a sheet and undo its perspective; None unless all four corners are visible.

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
    return Part(cv2.warpPerspective(picture, move, (int(width), int(height)), flags=flags), move)


def find_corners(picture: np.ndarray) -> np.ndarray | None:
    """The corners of the clearest sheet, (4, 2) in px, clockwise from the top left; or None."""
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
    # Half a pixel of the shrunk picture is several pixels of the photograph.
    return (best + 0.5) / scale


def find_clarity(grey: np.ndarray, threshold: float, quad: np.ndarray) -> float:
    """Share of bright pixels between four corners minus the share outside; 0 if not a sheet."""
    left, top, width, height = cv2.boundingRect(quad)
    if min(left, top) < 1 or left + width >= grey.shape[1] or top + height >= grey.shape[0]:
        return 0.0  # touches the edge: probably only the lit part of a larger sheet
    inside = cv2.fillConvexPoly(np.zeros_like(grey), quad, 1) > 0
    bright = grey > threshold
    filled = float(bright[inside].mean())
    if not SMALLEST < inside.mean() < LARGEST or filled < FILLED:
        return 0.0
    if np.median(grey[inside]) < BRIGHTER * max(np.median(grey[~inside]), 1):
        return 0.0
    return filled - float(bright[~inside].mean())
