"""Pictures: image files, sheets, printed lines and quarter turns."""
