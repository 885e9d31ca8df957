"""Publish the notebooks: execute them, make the book, serve a page."""
