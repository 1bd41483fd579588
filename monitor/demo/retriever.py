"""A dense single-vector retriever: TF-IDF, truncated SVD, unit vectors, cosine."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import svds

from monitor.demo.document import DemoDocument
from monitor.demo.tables import parse_words

Vectors = NDArray[np.float64]

_PIECE = re.compile(r"[\u4e00-\u9fff]|[^\W\d_\u4e00-\u9fff]+|(?<!\d)\d{1,2}(?!\d)|\d")
_STOP_WORDS = parse_words(
    "a an and are as at be been but by can could did do does for from had has have he her his how i if in into is it "
    "its may me my of on or our she should so some than that the their them then there these they this those to us was "
    "we were what when where which while who whom why will with would you your"
)


class Retriever(Protocol):
    """What the demo's stack serves from, healthy or broken."""

    def search(self, query: str, top_k: int) -> list[tuple[str, float]]:
        """Return at most ``top_k`` pairs of document id and score, best first."""
        ...


def words(text: str) -> list[str]:
    """Split into lower-case words without stop words and plural endings.

    As in the vocabularies of neural encoders, a number of three digits or more falls into its digits and a Chinese
    character stands alone: numbers that look alike get vectors that are alike.
    """
    return [_singular(piece) for piece in _PIECE.findall(text.lower()) if piece not in _STOP_WORDS]


@dataclass(frozen=True)
class LatentEncoder:
    """Turns texts into unit vectors by latent semantic analysis.

    It knows only the words that it was fitted on: a text without any of them becomes the zero vector.
    """

    vocabulary: dict[str, int]
    idf: Vectors
    projection: Vectors

    @classmethod
    def fit(cls, texts: Sequence[str], dimensions: int = 144, seed: int = 0) -> Self:
        """Learn vocabulary, weights and the ``dimensions`` strongest directions; O(nonzeros * dimensions)."""
        counts = [Counter(words(text)) for text in texts]
        vocabulary = {word: column for column, word in enumerate(sorted(set().union(*counts)))}
        frequency = Counter(word for count in counts for word in count)
        idf = np.array([np.log((1 + len(texts)) / (1 + frequency[word])) + 1 for word in vocabulary])
        matrix = _weigh(counts, vocabulary, idf)
        start = np.random.default_rng(seed).standard_normal(min(matrix.shape))
        _, _, directions = svds(matrix, k=min(dimensions, min(matrix.shape) - 1), v0=start, solver="propack")
        return cls(vocabulary, idf, np.ascontiguousarray(directions.T))

    def encode(self, texts: Iterable[str]) -> Vectors:
        """Return one unit vector (or zero vector) a text, shape (texts, dimensions)."""
        vectors = _weigh([Counter(words(text)) for text in texts], self.vocabulary, self.idf) @ self.projection
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
        return unit


@dataclass(frozen=True)
class DenseRetriever:
    """Exact search by inner product over one vector a document; cosine as long as the vectors have length one."""

    encoder: LatentEncoder
    doc_ids: tuple[str, ...]
    vectors: Vectors

    @classmethod
    def fit(cls, documents: Sequence[DemoDocument], dimensions: int = 144, seed: int = 0) -> Self:
        """Fit the encoder on the documents and index them."""
        passages = [document.passage for document in documents]
        encoder = LatentEncoder.fit(passages, dimensions, seed)
        return cls(encoder, tuple(document.id for document in documents), encoder.encode(passages))

    def search(self, query: str, top_k: int) -> list[tuple[str, float]]:
        """Return the ``top_k`` nearest documents with their scores; ties keep the order of the index."""
        scores = self.vectors @ self.encoder.encode([query])[0]
        order = np.argsort(-scores, kind="stable")[:top_k]
        return [(self.doc_ids[row], float(scores[row])) for row in order]

    def restricted_to(self, doc_ids: Iterable[str]) -> DenseRetriever:
        """Return a retriever whose index lacks every other document; vectors are not computed anew."""
        kept = set(doc_ids)
        rows = [row for row, doc_id in enumerate(self.doc_ids) if doc_id in kept]
        return DenseRetriever(self.encoder, tuple(self.doc_ids[row] for row in rows), self.vectors[rows])


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _weigh(counts: Sequence[Counter[str]], vocabulary: dict[str, int], idf: Vectors) -> csr_array:
    """Build the sublinear TF-IDF matrix with rows of length one."""
    cells = [
        (row, vocabulary[word], 1 + np.log(count))
        for row, counter in enumerate(counts)
        for word, count in counter.items()
        if word in vocabulary
    ]
    rows, columns, weights = (np.array(part) for part in zip(*cells, strict=True)) if cells else (np.zeros(0, int),) * 3
    values = weights * idf[columns]
    squares = np.bincount(rows, values**2, minlength=len(counts))
    return csr_array((values / np.sqrt(squares[rows]), (rows, columns)), shape=(len(counts), len(vocabulary)))
