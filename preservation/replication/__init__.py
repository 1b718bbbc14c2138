"""Copies from root to root: owed ones, new roots, media change, offline sets."""
