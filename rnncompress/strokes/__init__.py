"""Pen strokes: text that tells a pen's path, as integers and back to the same bytes.

``dialects`` knows how formats write a point, ``scanning`` finds points in a file, ``numerals`` and ``grids`` make
integers of their numbers, ``records`` make bytes of those, and ``packing`` puts all together.
"""
