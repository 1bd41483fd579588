"""Tokens of whole texts, from the core of a fast tokenizer."""

from tokenizers import Tokenizer

from monitor.providers.pair_model import Tokens


class WholeTexts:
    """A copy of a tokenizer that neither truncates nor pads, whatever is in force in the original."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def tokens(self, text: str) -> Tokens:
        """Without special ones."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return Tokens(encoding.ids, encoding.offsets)
