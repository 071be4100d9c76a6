"""Arithmetic with one right answer: grids, activation functions, integer noise, frequencies.

Everything here is built from operations that IEEE 754 or integer arithmetic define to the bit: ``+ - * /`` and square
root on float32, each rounded by itself, comparisons, rounding to integers, and integer arithmetic. No libm function,
no fused multiply-add, no sum of floats.

The functions work on numpy arrays (the reference) and, compiled by numba, on scalars (the CPU engine): there is one
definition. Constants are float32, so that nothing is silently computed in float64.
"""
