"""Trends: lines, totals, comparisons, carpets, flows and rankings out of a history. Knows no web."""
