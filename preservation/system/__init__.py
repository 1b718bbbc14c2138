"""What belongs to no dossier, kept in the same roots."""
