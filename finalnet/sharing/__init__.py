"""Sharing: the page as static files, and all of it on the Hugging Face Hub."""
