"""The network on a CPU: compiled kernels, and what calls them."""
