"""Words of a text in place of which codes are coded: text that is mostly words becomes a third shorter.

See docs/words.md. ``packing`` says what a packed text is, ``dictionary`` which words get codes, ``order`` in which
order, ``files`` when a file is coded so.
"""
