"""Any sentence-transformers CrossEncoder, on torch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import CrossEncoder
from transformers.utils.logging import disable_progress_bar

from monitor.errors import LeadlineError
from monitor.providers.pair_model import Tokens
from monitor.providers.tokens import WholeTexts

BATCH_PAIRS = 32  # twice as many were slower in bfloat16, and no faster in single precision


class TorchPairModel:
    """`PairModel` over a path or hub id, on CUDA where it is; in bfloat16 with `half`, where the hardware has it.

    The sigmoid is ours, whatever the model's own default, so that scores mean one thing.

    Raises
    ------
    LeadlineError
        Where the model cannot be loaded, or gives more than one number a pair.
    """

    def __init__(self, name: str, max_tokens: int, *, half: bool) -> None:
        disable_progress_bar()  # type: ignore[no-untyped-call]  # stderr is for our own progress
        dtype = torch.bfloat16 if half else torch.float32  # whatever the weights are stored in
        try:
            self.model: CrossEncoder = CrossEncoder(name, max_length=max_tokens, model_kwargs={"dtype": dtype})
        except (OSError, ValueError, RuntimeError) as error:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise LeadlineError(f"cross-encoder {name!r} cannot be loaded: {reason}") from error
        if self.model.num_labels != 1:
            raise LeadlineError(f"cross-encoder {name!r}: expected one score a pair, got {self.model.num_labels}")
        self.unknown_id: int | None = self.model.tokenizer.unk_token_id
        tokenizer = self.model.tokenizer
        self._whole = WholeTexts(tokenizer.backend_tokenizer) if tokenizer.is_fast else None

    def tokens(self, text: str) -> Tokens:
        if self._whole is None:
            return Tokens(self.model.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"], None)
        return self._whole.tokens(text)

    def predict(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        model: Any = self.model  # its overloads leave out lists of tuples
        scores = model.predict(
            list(pairs),
            batch_size=BATCH_PAIRS,
            activation_fn=_sigmoid,
            show_progress_bar=False,
            convert_to_tensor=True,
        )
        return np.asarray(scores.cpu().numpy(), dtype=np.float64)


def _sigmoid(logits: torch.Tensor) -> torch.Tensor:
    """In double precision: in bfloat16 there are 128 scores between .5 and 1, and lists would be full of ties."""
    return torch.sigmoid(logits.double())
