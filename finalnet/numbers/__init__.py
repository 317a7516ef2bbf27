"""Splits numbers into lines, words, separators and digits."""
