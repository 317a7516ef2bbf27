"""The server: the page and the API as one ASGI app."""

import finalnet.web  # noqa: F401  # sets what gradio reads when it is imported
