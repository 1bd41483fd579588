"""`PairScorer` over any sentence-transformers CrossEncoder, by path or hub id, or the bundled one."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from monitor.errors import LeadlineError
from monitor.providers.windows import MOST_WINDOWS, cut

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

Backend = Literal["auto", "torch"]

BUNDLED = "bundled"
BATCH_PAIRS = 64
CACHED_SCORES = 100_000  # about 15 MB
SPECIAL_TOKENS = 3
UNKNOWN_SHARE = 0.25  # of a query's tokens; beyond it the model reads something else than was asked
CHARACTERS_PER_TOKEN = 32  # far more than any language takes: what lies beyond is cut before the tokenizer reads it


class CrossEncoderScorer:
    """Scores in [0, 1] through a sigmoid, whatever the model's own default, so that they mean one thing.

    NaN where the query is in a script that the model's vocabulary does not cover. A passage too long for the model is
    read in windows and has the best one's score.

    The model is loaded at the first score, or by `loaded`. Each distinct pair is scored once, and remembered; `predict`
    itself sorts by length. `name` goes into every assessment that used it. Backend `auto` computes in bfloat16 where
    the processor has it in hardware (about twice as fast, the same order but for near ties), `torch` in single
    precision.
    """

    def __init__(self, model: str = BUNDLED, backend: Backend = "auto", max_tokens: int = 256) -> None:
        self._path = str(files("monitor").joinpath("models/compact")) if model == BUNDLED else model
        self.name = f"{BUNDLED}-{_digest(Path(self._path))}" if model == BUNDLED else model
        self._backend = backend
        self._max_tokens = max_tokens
        self._known = ScoreCache(CACHED_SCORES)

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        tokens = {query: self._query_tokens(query) for query in {query for query, _ in pairs}}
        new = [pair for pair in dict.fromkeys(pairs) if tokens[pair[0]] is not None and pair not in self._known]
        parts = [self._windows(passage, tokens[query] or 0) for query, passage in new]
        windows = [(self._cut(query), part) for (query, _), found in zip(new, parts, strict=True) for part in found]
        scores = iter(self._predict(windows) if windows else ())
        fresh = {pair: max(islice(scores, len(found))) for pair, found in zip(new, parts, strict=True)}
        known = [fresh.get(pair, self._known.get(pair)) for pair in pairs]
        self._known.update(fresh)
        return np.array(known, dtype=np.float64)

    def _query_tokens(self, query: str) -> int | None:
        """How many tokens a query has, at most half of what the model reads; None where its script is not covered.

        Of a script that the vocabulary lacks, every word is unknown to the model.
        """
        tokenizer = self.model.tokenizer
        read = tokenizer(self._cut(query), add_special_tokens=False, verbose=False)["input_ids"]
        tokens = read[: self._max_tokens // 2]
        unknown = sum(token == tokenizer.unk_token_id for token in tokens)
        return len(tokens) if unknown <= UNKNOWN_SHARE * len(tokens) else None

    def _cut(self, query: str) -> str:
        return query[: CHARACTERS_PER_TOKEN * (self._max_tokens // 2)]

    def _windows(self, passage: str, query_tokens: int) -> list[str]:
        room = self._max_tokens - query_tokens - SPECIAL_TOKENS
        longest = passage[: CHARACTERS_PER_TOKEN * room * MOST_WINDOWS]
        tokenizer = self.model.tokenizer
        if len(longest) <= room or not tokenizer.is_fast:  # a token has a character or more
            return [longest]
        read = tokenizer(longest, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        return cut(longest, read["offset_mapping"], room)

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


class ScoreCache:
    """The last scores by the hash of their pair: no text is kept, and memory is bounded."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._scores: dict[bytes, float] = {}

    def __contains__(self, pair: tuple[str, str]) -> bool:
        return _key(pair) in self._scores

    def get(self, pair: tuple[str, str]) -> float:
        """The score; NaN where it is not known."""
        return self._scores.get(_key(pair), float("nan"))

    def update(self, scores: Mapping[tuple[str, str], float]) -> None:
        """Add scores; the oldest go."""
        for pair, score in scores.items():
            self._scores[_key(pair)] = float(score)
        while len(self._scores) > self._limit:
            del self._scores[next(iter(self._scores))]


def _key(pair: tuple[str, str]) -> bytes:
    text = "\0".join(pair).encode(errors="surrogatepass")
    return blake2b(text, digest_size=16).digest()


def _digest(directory: Path) -> str:
    """Tells one bundled model from the next: their scores must never be mixed."""
    weights = directory / "model.safetensors"
    return blake2b(weights.read_bytes(), digest_size=4).hexdigest() if weights.exists() else "missing"


def _has_bfloat16(capabilities: Mapping[str, Any]) -> bool:
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))
