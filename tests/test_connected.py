import cv2
import numpy as np
import pytest

from finalnet.pictures.connected import label_ink


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.5, 1])
def test_connected_ink_is_labelled_and_measured_as_opencv_does(share):
    random = np.random.default_rng(0)
    for height, width in ((1, 1), (1, 40), (40, 1), (150, 200)):
        mask = (random.random((height, width)) < share).astype(np.uint8)
        _, expected, measured, _ = cv2.connectedComponentsWithStats(mask)
        labels, stats = label_ink(mask)
        assert np.array_equal(labels, expected)
        assert np.array_equal(stats[1:], measured[1:])
