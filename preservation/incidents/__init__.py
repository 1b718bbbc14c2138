"""What went wrong: each with its file, its minutes, its alarm."""
