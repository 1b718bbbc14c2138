"""A validator of OCFL 1.0 and 1.1 for anybody's objects and storage roots, by the specification's own codes.

Knows nothing of how this archive writes: `preservation.ocfl.validate` holds our own roots to that.
"""
