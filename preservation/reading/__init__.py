"""What may be read, and how: search, dossiers, pages, packages to take away."""
