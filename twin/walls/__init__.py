"""Wall displays as data: screens, scenes, playlists (docs/reference/walls.md)."""
