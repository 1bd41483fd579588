"""The sidecar: everything of leadline that touches the world."""
