"""How Sphinx makes the book of notebooks and documentation."""

import re
from importlib import metadata

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

project = "Rust or numba?"
author = "the rust-market workshop authors"
project_copyright = f"{author}, MIT licence"
version = release = metadata.version("market-py")
language = "en"

extensions = ["myst_nb"]
myst_enable_extensions = ["dollarmath", "html_image"]
exclude_patterns = ["README.md"]  # the index includes it
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_ipywidgets_js = {}  # the widgets are pictures by now

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
}
html_context = {"default_mode": "auto"}
html_show_sourcelink = False
html_copy_source = False
# A page opened as a file may not fetch others to quote them.
html_show_search_summary = False
# MathML: browsers know it, and so do screen readers; it takes
# no script and no font.
html_math_renderer = "mathml"


def mathml(node, *, block):
    """Translate a formula; docutils lacks one name for dots."""
    tex = re.sub(r"\\dots\b", r"\\ldots", node.astext())
    return tex2mathml(tex.strip(), as_block=block)


def visit_math(page, node):
    page.body.append(mathml(node, block=False))
    raise nodes.SkipNode


def visit_displaymath(page, node):
    formula = mathml(node, block=True)
    page.body.append(f'<div class="formula">{formula}</div>')
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer(
        "mathml", (visit_math, None), (visit_displaymath, None)
    )
