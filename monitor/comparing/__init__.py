"""`leadline compare`: two recordings against each other, without labels."""
