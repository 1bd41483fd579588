"""The science of leadline: pure functions and small classes, with no I/O, no clock and no models of their own."""
