"""Everything that speaks HTTP: the API, the live stream, model files, security."""
