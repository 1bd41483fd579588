"""Delivery of alarms: from a notice to the destinations that the configuration names, by way of a queue on disk."""
