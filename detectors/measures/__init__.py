"""Measures: each turns a batch of retrievals into signals, abstentions and evidence.

A measure is one file with a pure function and a small class that satisfies `Measure`; CONTRIBUTING has the recipe.
"""
