"""What the notebooks are made of: pictures, panels, exercises, the build cell."""

from market_py.workshop.grading import solution

solution.register()
