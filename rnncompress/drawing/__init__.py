"""Plots as SVG, which browsers show without a script, and as text for the terminal. What they show they do not know."""
