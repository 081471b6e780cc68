"""Taking an installation elsewhere whole: backups, restoring them, and the move from one pair of stores to another."""
