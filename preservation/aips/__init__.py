"""Archival information packages: stored, changed, proven, erased."""
