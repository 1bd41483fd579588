"""What the scorer needs of a model, whatever runs it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class Tokens(NamedTuple):
    """The tokens of a text, and where each lies in it: first character, character after the last.

    No offsets (None) where a tokenizer does not tell them.
    """

    ids: Sequence[int]
    offsets: Sequence[tuple[int, int]] | None


class PairModel(Protocol):
    """A cross-encoder that is loaded. `unknown_id` is the token of a word that it does not know, if it has one."""

    unknown_id: int | None

    def tokens(self, text: str) -> Tokens:
        """The tokens of a text, without special ones."""
        ...

    def predict(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """Relevance in [0, 1] of each (query, passage); what is too long is cut."""
        ...
