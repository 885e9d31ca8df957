"""One package for each notebook: its panels, pictures and checks."""
