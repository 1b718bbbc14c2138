"""Whether every copy is still what it was, and mending what is not."""
