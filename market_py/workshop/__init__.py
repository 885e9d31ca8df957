"""Code of the notebooks: panels, pictures, exercises, builds and publishing."""

from market_py.workshop.grading import solution

solution.register()
