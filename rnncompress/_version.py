"""The version of the package (the file format has a version of its own: see container.py)."""

__version__ = "0.1.0"
