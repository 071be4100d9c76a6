"""Mixing: the second stage. It decides the probability of each bit from counts in many contexts and the network."""
