"""The GPU engine: the specification's integers at the speed of the hardware, in Triton.

``device`` tells whether there is a usable GPU, without importing torch until it is asked. ``predictor`` holds
:class:`~rnncompress.lstm.cuda.predictor.CudaPredictor`. See docs/gpu.md for how the work is laid out.
"""
