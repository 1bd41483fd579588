"""The LLM judge as it meets the world: who is asked, what it costs, and whether it is to be trusted."""
