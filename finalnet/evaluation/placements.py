"""Places drawings on the pad for measurements."""

from dataclasses import dataclass

import numpy as np

from finalnet.strokes import PAD_SIZE, render_strokes


@dataclass(frozen=True)
class Placement:
    """How to place a drawing on the pad; lengths are shares."""

    size: tuple[float, float] = (0.25, 0.9)  # longer side of the ink / side of the pad
    pen: tuple[float, float] = (0.04, 0.14)  # width / longer side of the drawing
    only_extreme_pens: bool = False  # the thinnest or the thickest
    in_a_corner: bool = False
    tilt: float = 0  # degrees, at most, to either side

    def render(self, strokes: list[np.ndarray], random: np.random.Generator) -> np.ndarray:
        """Draw strokes on a 280x280 pad: (280, 280) uint8, paper 255, ink 0."""
        return render_strokes(*self.place(strokes, random))

    def place(
        self, strokes: list[np.ndarray], random: np.random.Generator
    ) -> tuple[list[np.ndarray], float]:
        """Strokes and pen width, in px of a 280x280 pad."""
        size = random.uniform(*self.size) * PAD_SIZE
        pen = random.choice(self.pen) if self.only_extreme_pens else random.uniform(*self.pen)
        pen_width = max(pen * size, 2)
        angle = np.radians(random.uniform(-self.tilt, self.tilt))
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        strokes = [stroke @ turn for stroke in strokes]
        points = np.concatenate(strokes)
        low, extent = points.min(axis=0), np.ptp(points, axis=0)
        scale = (size - pen_width) / max(extent.max(), 1e-6)
        room = PAD_SIZE - pen_width - extent * scale
        place = random.integers(0, 2, 2) if self.in_a_corner else random.uniform(0, 1, 2)
        corner = place * room + pen_width / 2
        return [(stroke - low) * scale + corner for stroke in strokes], pen_width


PLACEMENTS = {
    "random placement": Placement(),
    "corner and small": Placement(size=(0.13, 0.23), in_a_corner=True),
    "thin and thick": Placement(pen=(0.04, 0.2), only_extreme_pens=True),
    "tilted": Placement(tilt=20),
}
