"""The embedded stack of ``leadline demo``: a knowledge base, its users, its retriever, and ways to break it."""
