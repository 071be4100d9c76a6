"""The benchmark: our presets and other compressors on the same bytes, each row proved by decoding.

``inputs`` says what is compressed, ``codecs`` with what (``library``, ``external`` and ours), ``process``
runs one command under limits, ``work`` is the process in which Python's compressors run, ``runner`` makes a
row of ``results`` from one cell. ``report`` derives ratios, speeds and Pareto fronts from the rows;
``tables`` and ``page`` (with ``plots.js``) show them, beside what others ``published``; ``totals`` counts the
decompressor in; ``changes`` compares with older rows.
"""
