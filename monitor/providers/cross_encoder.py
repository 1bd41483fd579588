"""`PairScorer` over any sentence-transformers CrossEncoder, by path or hub id, or the bundled one."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from monitor.errors import LeadlineError

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

Backend = Literal["auto", "torch"]

BUNDLED = "bundled"
BATCH_PAIRS = 64
UNKNOWN_SHARE = 0.25  # of a query's tokens; beyond it the model reads something else than was asked
CHARACTERS_PER_TOKEN = 32  # far more than any language takes: what lies beyond is cut before the tokenizer reads it


class CrossEncoderScorer:
    """Scores in [0, 1] through a sigmoid, whatever the model's own default, so that they mean one thing.

    NaN where the query is in a script that the model's vocabulary does not cover.

    The model is loaded at the first score, or by `loaded`. Each distinct pair of a call is scored once; `predict`
    itself sorts by length. `name` goes into every assessment that used it. Backend `auto` computes in bfloat16 where
    the processor has it in hardware (about twice as fast, the same order but for near ties), `torch` in single
    precision.
    """

    def __init__(self, model: str = BUNDLED, backend: Backend = "auto", max_tokens: int = 256) -> None:
        self._path = str(files("monitor").joinpath("models/compact")) if model == BUNDLED else model
        self.name = f"{BUNDLED}-{_digest(Path(self._path))}" if model == BUNDLED else model
        self._backend = backend
        self._max_tokens = max_tokens

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        if not pairs:
            return np.empty(0)
        longest = CHARACTERS_PER_TOKEN * self._max_tokens
        cut = [(query[:longest], passage[:longest]) for query, passage in pairs]
        legible = {query: self._can_read(query) for query in {query for query, _ in cut}}
        distinct = list(dict.fromkeys(pair for pair in cut if legible[pair[0]]))
        scores = dict(zip(distinct, self._predict(distinct), strict=True)) if distinct else {}
        return np.array([scores.get(pair, np.nan) for pair in cut], dtype=np.float64)

    def _can_read(self, query: str) -> bool:
        """Whether the model's vocabulary covers the query: of a script that it lacks, every word is unknown to it."""
        tokenizer = self.model.tokenizer
        read = {"add_special_tokens": False, "truncation": True, "max_length": self._max_tokens}
        tokens = tokenizer(query, **read)["input_ids"]
        unknown: int = sum(token == tokenizer.unk_token_id for token in tokens)
        return unknown <= UNKNOWN_SHARE * len(tokens)

    def _predict(self, pairs: list[tuple[str, str]]) -> Any:
        import torch  # noqa: PLC0415 - seconds to import, and only where pairs are scored

        half = self._backend == "auto" and _has_bfloat16(torch.cpu.get_capabilities())
        model: Any = self.model  # its overloads leave out lists of tuples
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            return model.predict(
                pairs, batch_size=BATCH_PAIRS, activation_fn=torch.nn.Sigmoid(), show_progress_bar=False
            )

    def loaded(self) -> Self:
        """The same scorer with its model loaded, now rather than at the first score; raises as `model` does."""
        self.model  # noqa: B018 - the property loads
        return self

    @cached_property
    def model(self) -> "CrossEncoder":
        """The loaded model.

        Raises
        ------
        LeadlineError
            Where the model cannot be loaded, or gives more than one number a pair.
        """
        import torch  # noqa: PLC0415 - seconds to import
        from sentence_transformers import CrossEncoder  # noqa: PLC0415
        from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415

        disable_progress_bar()  # type: ignore[no-untyped-call]  # stderr is for our own progress
        single = {"dtype": torch.float32}  # weights may be stored in half precision, in which a processor is slow
        try:
            model: CrossEncoder = CrossEncoder(self._path, max_length=self._max_tokens, model_kwargs=single)
        except (OSError, ValueError, RuntimeError) as error:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise LeadlineError(f"cross-encoder {self.name!r} cannot be loaded: {reason}") from error
        if model.num_labels != 1:
            raise LeadlineError(f"cross-encoder {self.name!r}: expected one score a pair, got {model.num_labels}")
        return model


def _digest(directory: Path) -> str:
    """Tells one bundled model from the next: their scores must never be mixed."""
    weights = directory / "model.safetensors"
    return blake2b(weights.read_bytes(), digest_size=4).hexdigest() if weights.exists() else "missing"


def _has_bfloat16(capabilities: Mapping[str, Any]) -> bool:
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))
