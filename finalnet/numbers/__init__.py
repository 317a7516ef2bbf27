"""Numbers: lines, separators, and the pieces of which digits are made."""
