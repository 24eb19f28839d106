"""The tours that come with the product."""
