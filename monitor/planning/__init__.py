"""What a person asks of the right half, beside a sidecar or without one: a new baseline, and what alerts will see."""
