"""The server: the page and the API as one ASGI app."""

import finalnet.web  # noqa: F401  # sets what Gradio reads when imported
