"""Cells of a notebook, run in an IPython shell of this process."""

import sys
from typing import NamedTuple

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config


class Shown(NamedTuple):
    """What a cell printed, and what it displayed: as text and as HTML."""

    printed: str
    text: str
    html: str


class Shell:
    """An IPython shell; its namespace is that of the cells."""

    def __init__(self):
        self._main = sys.modules["__main__"]
        settings = Config(HistoryManager={"enabled": False})
        self.shell = InteractiveShell.instance(config=settings)
        self.names = self.shell.user_ns

    def run(self, source):
        """Run a cell; an exception in it is raised."""
        with capture_output() as captured:
            done = self.shell.run_cell(source)
        done.raise_error()
        data = [output.data for output in captured.outputs]
        if done.result is not None:
            data.append(self.shell.display_formatter.format(done.result)[0])
        text, html = ("\n".join(it.get(f"text/{kind}", "") for it in data) for kind in KINDS)
        return Shown(captured.stdout, text, html)

    def close(self):
        """Let other tests find no shell."""
        InteractiveShell.clear_instance()
        sys.modules["__main__"] = self._main


KINDS = ("plain", "html")
