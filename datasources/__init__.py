"""The outside world in, raw readings out: one module a protocol, supervised by runner.py."""
