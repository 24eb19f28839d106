"""Tours as data: what a guide tells of the campus, step by step (docs/reference/tours.md)."""
