"""Entropy coding: from integer frequencies to bytes, and back."""
