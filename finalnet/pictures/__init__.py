"""From image files to ink: decoding, photographs, sheets, printed lines, displays and rotation."""
