"""What each byte of a file cost, and why: measured while it is encoded, added up, and shown."""
