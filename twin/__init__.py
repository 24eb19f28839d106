"""What is true about the campus: spaces, points, readings, live state. Knows no web, protocol or mesh library."""
