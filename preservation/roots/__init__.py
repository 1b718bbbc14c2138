"""Storage roots: markers, probes, canaries, encryption declared."""
