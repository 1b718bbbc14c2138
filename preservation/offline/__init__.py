"""What an offline set has beside its OCFL root: the files themselves, and their names."""

MANIFEST, SET, SCRIPT = "manifest-sha512.txt", "set.json", "check_set.py"
README = ("DOC-TRUOC.txt", "README.txt")
OURS = frozenset({MANIFEST, f"{MANIFEST}.sha512", SET, SCRIPT, *README})
