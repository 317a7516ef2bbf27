"""Exports the page as static files and publishes app, page or model on the Hugging Face Hub."""
