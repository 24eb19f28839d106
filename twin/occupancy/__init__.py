"""How many persons are in a space: one estimate with its interval from all sources that speak just now."""
