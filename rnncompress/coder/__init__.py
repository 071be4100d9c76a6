"""Range coding: from integer frequencies to bytes and back, the bit stream of constriction.

``plain`` is the specification, ``kernels`` the same as compiled loops, ``lanes`` several coders side by side.
"""
