"""Model files in, one space tree and its geometry out."""
