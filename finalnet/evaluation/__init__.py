"""Evaluation: how often the answer is right, on digits, on numbers and on what is neither."""
