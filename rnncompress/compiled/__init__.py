"""What the CPU's compiled code is made with: compilation, integer products, panels, and the threads that share work."""
