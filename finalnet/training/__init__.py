"""Training: MNIST and generated drawings, the loop, and the calibration after it."""
