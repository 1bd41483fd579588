"""The LLM judge, as far as it is pure: what it is asked, how a reply is read, and when a verdict is believed."""
