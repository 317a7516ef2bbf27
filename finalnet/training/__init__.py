"""Training: the data, the loop, calibration, and writing the checkpoint."""
