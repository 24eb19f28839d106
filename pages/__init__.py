"""The screens, one file each; shared pieces in _parts/."""
