"""The server: the page and the API as one ASGI app."""

import finalnet.web  # noqa: F401  # sets environment variables before gradio is imported
