"""The page: scripts, styles and templates for the browser, and its parts as Gradio components."""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from finalnet.web.sketchpad import Sketchpad

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported

__all__ = ["Sketchpad"]


def __getattr__(name: str) -> Any:
    """Import the pad on first use, because importing Gradio takes seconds."""
    if name != "Sketchpad":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from finalnet.web.sketchpad import Sketchpad

    return Sketchpad
