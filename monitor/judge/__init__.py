"""The LLM judge: an OpenAI-compatible endpoint that grades a sample of what was served."""
