"""`PairScorer` over a cross-encoder: the bundled one, or any of sentence-transformers by path or hub id."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from monitor.providers.pair_model import PairModel
from monitor.providers.windows import cut, reach

Backend = Literal["auto", "onnx", "torch"]

BUNDLED = "bundled"
BUNDLED_DIRECTORY = Path(str(files("monitor").joinpath("models/compact")))
CACHED_SCORES = 100_000  # about 15 MB
SPECIAL_TOKENS = 3
UNKNOWN_SHARE = 0.25  # of a query's tokens; beyond it the model reads something else than was asked
CHARACTERS_PER_TOKEN = 32  # far more than any language takes: what lies beyond is cut before the tokenizer reads it
BFLOAT16_FLAGS = {"amx_bf16", "avx512_bf16"}


class Usage(NamedTuple):
    """What one call came to: `pairs` asked for, those whose score was `known` already, those that were `truncated`.

    Of a truncated pair the model did not read everything: a query of more than half its tokens, or a passage of more
    than `MOST_WINDOWS` windows.
    """

    pairs: int
    known: int
    truncated: int


class _Text(NamedTuple):
    """The parts of a text that the model reads, how many tokens the first has, and whether they are all of it."""

    parts: list[str]
    tokens: int
    whole: bool


class CrossEncoderScorer:
    """Scores in [0, 1]; NaN where the query is in a script that the model's vocabulary does not cover.

    A passage too long for the model is read in windows and has the best one's score. Each distinct pair is scored once,
    and remembered. The model is loaded at the first score, or by `loaded`. `name` goes into every assessment that used
    it, and changes with the weights of a model that lies in a directory.

    Parameters
    ----------
    model
        `bundled`, a path, or a hub id.
    backend
        `torch`: single precision, on CUDA where it is. `onnx`: the same numbers for a BERT model in a directory,
        without torch: half a second to start, a third of the memory. `auto`: torch in bfloat16 where the hardware has
        it (about three times as fast, the same order but for near ties); else `onnx` for the bundled model, `torch`
        for others.
    max_tokens
        Of query and passage together that the model reads at a time.
    cached_scores
        How many scores are remembered.
    on_usage
        Hears of each call.
    """

    def __init__(
        self,
        model: str = BUNDLED,
        backend: Backend = "auto",
        max_tokens: int = 256,
        cached_scores: int = CACHED_SCORES,
        on_usage: Callable[[Usage], None] = lambda _: None,
    ) -> None:
        self._path = str(BUNDLED_DIRECTORY) if model == BUNDLED else model
        self.name = _versioned(Path(self._path), model)
        self._bundled = model == BUNDLED
        self._backend = backend
        self._max_tokens = max_tokens
        self._known = ScoreCache(cached_scores)
        self._on_usage = on_usage

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        queries = {query: text for query in {query for query, _ in pairs} if (text := self._query(query)) is not None}
        readable = [pair for pair in pairs if pair[0] in queries]
        new = {
            pair: self._passage(pair[1], queries[pair[0]].tokens)
            for pair in dict.fromkeys(readable)
            if pair not in self._known
        }
        windows = [(queries[query].parts[0], part) for (query, _), found in new.items() for part in found.parts]
        scores = iter(self._predict(windows).tolist() if windows else ())
        fresh = {pair: max(islice(scores, len(found.parts))) for pair, found in new.items()}
        known = [fresh[pair] if pair in fresh else self._known.get(pair) for pair in pairs]  # a look-up hashes the text
        self._known.update(fresh)
        truncated = sum(not (queries[query].whole and found.whole) for (query, _), found in new.items())
        self._on_usage(Usage(len(pairs), len(readable) - len(new), truncated))
        return np.array(known, dtype=np.float64)

    def _query(self, query: str) -> _Text | None:
        """A query, to at most half of the tokens that the model reads; None where its script is not covered.

        Of a script that the vocabulary lacks, every word is unknown to the model.
        """
        room = self._max_tokens // 2
        text = query[: CHARACTERS_PER_TOKEN * room]
        tokens = self.model.tokens(text).ids
        unknown = sum(token == self.model.unknown_id for token in tokens[:room])
        if unknown > UNKNOWN_SHARE * min(room, len(tokens)):
            return None
        return _Text([text], min(room, len(tokens)), whole=len(tokens) <= room and len(text) == len(query))

    def _passage(self, passage: str, query_tokens: int) -> _Text:
        """The windows of a passage beside a query of so many tokens."""
        room = self._max_tokens - query_tokens - SPECIAL_TOKENS
        if len(passage) <= room:  # a token has a character or more
            return _Text([passage], len(passage), whole=True)
        text = passage[: CHARACTERS_PER_TOKEN * reach(room)]
        ids, offsets = self.model.tokens(text)
        if offsets is None:
            return _Text([text], len(ids), whole=len(ids) <= room)
        return _Text(
            cut(text, offsets, room), min(room, len(ids)), whole=len(ids) <= reach(room) and len(text) == len(passage)
        )

    def _predict(self, pairs: list[tuple[str, str]]) -> NDArray[np.float64]:
        return self.model.predict(pairs)

    def loaded(self) -> Self:
        """The same scorer with its model loaded, now rather than at the first score; raises as `model` does."""
        self.model  # noqa: B018 - the property loads
        return self

    @cached_property
    def model(self) -> PairModel:
        """The loaded model.

        Raises
        ------
        LeadlineError
            Where the model cannot be loaded, or gives more than one number a pair.
        """
        half = self._backend == "auto" and (_has_cuda() or _has_bfloat16())
        if self._backend == "onnx" or (self._backend == "auto" and self._bundled and not half):
            from monitor.providers.onnx_model import OnnxPairModel  # noqa: PLC0415 - only where it runs

            return OnnxPairModel(Path(self._path), self._max_tokens)
        from monitor.providers.torch_model import TorchPairModel  # noqa: PLC0415 - torch takes seconds to import

        return TorchPairModel(self._path, self._max_tokens, half=half)


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


def _versioned(directory: Path, name: str) -> str:
    """Tells one model from the next in the same place by a hash of its weights: their scores must never be mixed."""
    weights = directory / "model.safetensors"
    return f"{name}-{blake2b(weights.read_bytes(), digest_size=4).hexdigest()}" if weights.exists() else name


def _has_bfloat16() -> bool:
    """Whether the processor says, on Linux, that it computes in bfloat16: asking torch would import it."""
    try:
        return not BFLOAT16_FLAGS.isdisjoint(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return False


def _has_cuda() -> bool:
    """Whether NVIDIA's driver is loaded, on Linux."""
    return Path("/proc/driver/nvidia/version").exists()
