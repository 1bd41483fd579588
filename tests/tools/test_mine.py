"""Mining: BM25 as one sparse matrix is the BM25 of the product."""

import numpy as np

from monitor.providers.lexical import LuceneBM25
from tests.tools.test_train import load

mine = load("mine")


def test_the_matrix_scores_as_the_index_does() -> None:
    """Word by word the formulas are the same; the matrix leaves out words that stand in too many passages."""
    rng = np.random.default_rng(0)
    passages = [" ".join(f"w{i}" for i in rng.zipf(1.5, 30) if i < 500) for _ in range(200)]
    matrix, index = mine.Bm25(passages), LuceneBM25([mine.words(passage) for passage in passages])
    common = {word for word in index.idf if sum(word in passage.split() for passage in passages) > 20}
    query = ["w50", "w77", "w120"]
    assert not common & set(query)
    np.testing.assert_allclose(matrix.scores([" ".join(query)])[0], index.get_scores(query), rtol=1e-5)
    assert index.get_scores(query).max() > 0
