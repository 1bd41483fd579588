"""`leadline evaluate --all`: the monitor against the labels of many collections, with what was fitted held out."""
