"""What scripts/torture is made of: a bench, and a file a kind of misfortune."""
