"""The documents; `docs.generate` writes those that are made from the code."""
