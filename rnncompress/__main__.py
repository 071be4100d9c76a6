"""``python -m rnncompress``."""

from rnncompress.cli import main

main(prog_name="rnncompress")
