"""What the archive says by itself, to machines and people outside: webhooks, letters, numbers for a monitor."""
