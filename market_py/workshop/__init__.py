"""Code of the notebooks: panels, pictures, exercises, builds and publishing."""

from market_py.workshop.grading import solution
from market_py.workshop.widgets import race_output

solution.register()
race_output.register()
