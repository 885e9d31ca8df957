"""Pictures with matplotlib: shared styles, and the merit order. No widgets."""
