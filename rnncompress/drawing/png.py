"""SVG as PNG, where the package that does that is present."""

from typing import Final

from rnncompress.errors import OutputError

SHARPNESS: Final = 2
"""Pixels for each unit of length."""


def as_png(svg: str) -> bytes:
    """The picture as PNG. Raises OutputError where that cannot be made."""
    try:
        from cairosvg import svg2png
    except (ImportError, OSError):  # the package is not here, or the library that it needs
        raise OutputError(
            "PNG needs the package cairosvg (pip install cairosvg), which is not here; write .svg instead"
        ) from None
    png: bytes = svg2png(bytestring=svg.encode(), scale=SHARPNESS)
    return png
