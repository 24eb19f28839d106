"""The alarm rules that every campus starts with, one file a domain."""
