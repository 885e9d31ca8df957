"""Widgets of the notebooks: panels, sentences, pictures, the draggable merit order."""
