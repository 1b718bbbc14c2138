"""Speed, measured: each figure stands beside a peer or the physical limit, taken in the same run on the same files."""
