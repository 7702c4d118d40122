"""Template tags that only one surface needs; what every page uses is in `web.tags`."""
