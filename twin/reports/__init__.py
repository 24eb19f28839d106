"""Reports of a day, week or month: what the history says, gathered as numbers. Knows no page, no paper, no web."""
