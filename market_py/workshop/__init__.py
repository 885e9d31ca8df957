"""What the notebooks are made of: pictures, panels, exercises, the build cell."""
