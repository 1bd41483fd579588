"""The cross-encoder: mechanics on a tiny random model, and whether the bundled one is a model at all."""

import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from monitor.demo.corpus import build_corpus
from monitor.demo.queries import QueryStream
from monitor.errors import LeadlineError
from monitor.providers.corpus import Corpus, CorpusDocument
from monitor.providers.cross_encoder import CHARACTERS_PER_TOKEN, CrossEncoderScorer, ScoreCache, Usage
from monitor.providers.lexical import Bm25Index
from monitor.providers.torch_model import BATCH_PAIRS
from monitor.providers.windows import MOST_WINDOWS

QUESTIONS = 80

# Question, passage that answers it, passage on the same matter that does not.
TRIPLES = [
    ("how do I reset my password",
     "To reset a password, open Settings, choose Security and press Reset password.",
     "Passwords are stored hashed and are never shown to support staff."),
    ("how long does a refund take",
     "Refunds reach your account within five working days after the return was received.",
     "Returns need the original packaging and a printed label."),
    ("which toner fits the RX-20 printer",
     "The RX-20 printer takes toner cartridge T-400 in black and colour.",
     "Printers of the office range are cleaned once a month with a dry cloth."),
    ("what does error E-104 mean",
     "Error E-104 means that the paper tray is empty or not fully closed.",
     "Error E-207 means that the network cable is not connected."),
    ("when is the support desk open",
     "The support desk is open from 8 am to 6 pm on working days.",
     "The support desk moved to the second floor of the main building."),
    ("how many vacation days do employees have",
     "Every employee has 28 days of paid vacation a year.",
     "Employees wear their badge visibly inside the building."),
    ("can I pay by credit card",
     "We accept credit cards, bank transfer and direct debit as payment.",
     "Invoices are sent by email on the first day of each month."),
    ("how do I cancel my subscription",
     "A subscription is cancelled under Account, Billing, Cancel subscription, at any time.",
     "The subscription includes the mobile app and all updates."),
    ("where is the company's head office",
     "The head office is in Hamburg, at the old harbour.",
     "The company was founded by two engineers and makes measuring instruments."),
    ("how do I connect the scanner to wifi",
     "Press and hold the wifi button on the scanner for five seconds, then choose your network.",
     "The scanner reads up to 40 pages a minute, on both sides."),
    ("who approves travel expenses",
     "Travel expenses are approved by the head of the department.",
     "Travel by train is preferred for distances under 500 kilometres."),
    ("what is the maximum file size for uploads",
     "Uploads may be up to 2 GB per file.",
     "Files are deleted 30 days after they were moved to the trash."),
]  # fmt: skip
WORDS = sorted({word for triple in TRIPLES for text in triple for word in re.findall(r"\w+|[^\w\s]", text.lower())})


def write_model(directory: Path, labels: int = 1) -> Path:
    """A BERT of random weights over a few words: it knows nothing, and loads like any other."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    directory.mkdir()
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (directory / "vocab.txt").write_text("\n".join(vocabulary))
    tokenizer: Any = BertTokenizerFast(str(directory / "vocab.txt"))
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    model: Any = BertForSequenceClassification(
        BertConfig(vocab_size=len(vocabulary), num_labels=labels, initializer_range=1.0, **shape)
    )
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> CrossEncoderScorer:
    path = write_model(tmp_path_factory.mktemp("models") / "tiny")
    return CrossEncoderScorer(str(path), backend="torch").loaded()


@pytest.fixture
def seen(tiny: CrossEncoderScorer, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[tuple[str, str]]]]:
    """The pairs of each call that reach the model."""
    calls: list[list[tuple[str, str]]] = []
    predict = tiny._predict
    monkeypatch.setattr(tiny, "_known", ScoreCache(1000))
    monkeypatch.setattr(tiny, "_predict", lambda pairs: (calls.append(pairs), predict(pairs))[1])
    return calls


PAIRS = [(question, passage) for question, right, wrong in TRIPLES for passage in (right, wrong)]


def test_one_score_for_each_pair_in_order(tiny: CrossEncoderScorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the model's own logit through a sigmoid gives it, whatever it was batched with."""
    scores = tiny.score(PAIRS)
    assert scores.shape == (len(PAIRS),)
    assert len(set(scores.tolist())) == len(PAIRS)
    monkeypatch.setattr(tiny, "_known", ScoreCache(0))
    alone = [tiny.score([pair])[0] for pair in PAIRS]
    assert scores == pytest.approx(alone, abs=1e-5)
    inputs = tiny.model.model.tokenizer(*PAIRS[0], return_tensors="pt")
    logit = float(tiny.model.model.model(**inputs).logits[0, 0].detach())
    assert scores[0] == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-5)


def test_no_pairs_no_work(tiny: CrossEncoderScorer, seen: list[list[tuple[str, str]]]) -> None:
    assert tiny.score([]).shape == (0,)
    assert seen == []


def test_a_repeated_pair_is_scored_once(tiny: CrossEncoderScorer, seen: list[list[tuple[str, str]]]) -> None:
    """Within a call; the passages of one query are pairs of their own."""
    first, second, third = PAIRS[:3]
    scores = tiny.score([first, second, first, third, first])
    assert seen == [[first, second, third]]
    assert scores[0] == scores[2] == scores[4] != scores[1]


def test_more_pairs_than_a_batch_are_scored(tiny: CrossEncoderScorer) -> None:
    pairs = [(WORDS[i % 100], WORDS[-i % 101]) for i in range(2 * BATCH_PAIRS + 1)]
    assert np.isfinite(tiny.score(pairs)).sum() == len(pairs)


@pytest.mark.parametrize(
    ("query", "passage"),
    [
        ("", ""),
        ("refund", "退款 🎉"),
        ("\0", "\x1b[0m"),
        ("refund", " "),
        ("refund 🎉 how long does", "x"),
        ("refund " * 3000, "y"),
    ],
)
def test_odd_text_has_a_score(tiny: CrossEncoderScorer, query: str, passage: str) -> None:
    [score] = tiny.score([(query, passage)])
    assert 0 < score < 1


def test_a_query_that_the_vocabulary_does_not_cover_has_none(
    tiny: CrossEncoderScorer, seen: list[list[tuple[str, str]]]
) -> None:
    """NaN, which the measure turns into an abstention; the pairs beside it are scored, and it costs no work."""
    sound = PAIRS[0]
    scores = tiny.score([("退款政策", "y"), sound, ("zz yy xx refund", "y")])
    assert np.isnan(scores).tolist() == [True, False, True]
    assert seen == [[sound]]
    assert np.isnan(tiny.score([("退款政策", "y")])).all()


def test_a_long_passage_has_the_score_of_its_best_window(
    tiny: CrossEncoderScorer, seen: list[list[tuple[str, str]]]
) -> None:
    """What stands at the end of a passage counts as what stands at its beginning."""
    filler, answer = "printers are cleaned once a month . " * 60, "refunds reach your account within five days ."
    (score,) = tiny.score([("how long", filler + answer)])
    (windows,) = seen
    assert len(windows) > 1
    assert windows[0][1].startswith("printers")
    assert windows[-1][1].endswith(answer)
    assert score == pytest.approx(max(tiny.score(windows)), abs=1e-5)


def test_megabytes_are_cut_before_the_tokenizer_reads_them(
    tiny: CrossEncoderScorer, seen: list[list[tuple[str, str]]]
) -> None:
    """A few windows are read, however long the passage, and no more of a query than the model takes."""
    long = "refunds reach your account within " * 150_000
    scores = tiny.score([("how long", long), (long, "how long")])
    assert np.isfinite(scores).all()
    (pairs,) = seen
    assert len(pairs) <= MOST_WINDOWS + 1
    assert sum(len(passage.split()) for _, passage in pairs) <= MOST_WINDOWS * tiny._max_tokens
    assert max(len(query) for query, _ in pairs) <= CHARACTERS_PER_TOKEN * tiny._max_tokens


def test_a_known_pair_is_not_scored_again(tiny: CrossEncoderScorer, seen: list[list[tuple[str, str]]]) -> None:
    """Users ask the same again and again; the score is the same, and the model is not asked."""
    first, second = tiny.score(PAIRS[:3]), tiny.score(PAIRS[1:4])
    assert seen == [PAIRS[:3], PAIRS[3:4]]
    assert second[:2].tolist() == first[1:].tolist()


def test_usage_tells_what_was_known_and_what_was_not_read_to_its_end(
    tiny: CrossEncoderScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[Usage] = []
    monkeypatch.setattr(tiny, "_known", ScoreCache(1000))
    monkeypatch.setattr(tiny, "_on_usage", used.append)
    book = "refunds reach your account within " * 1000
    chapter = "refunds reach your account within " * 20  # several windows, all of them read
    tiny.score([*PAIRS[:2], PAIRS[0], ("退款政策", "y")])
    tiny.score([PAIRS[0], ("how long", book), ("how long", chapter), (book, "how long")])
    assert used == [Usage(pairs=4, known=1, truncated=0), Usage(pairs=4, known=1, truncated=2)]


def test_the_cache_is_bounded_and_holds_no_text() -> None:
    cache = ScoreCache(10)
    cache.update({("query", str(i)): i / 100 for i in range(30)})
    assert [cache.get(("query", str(i))) for i in (20, 29)] == [0.2, 0.29]
    assert math.isnan(cache.get(("query", "19")))
    assert not any(b"query" in key for key in cache._scores)


def test_a_model_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    for name in (str(tmp_path / "gone"), str(tmp_path)):
        with pytest.raises(LeadlineError) as caught:
            CrossEncoderScorer(name).loaded()
        assert str(caught.value).startswith(f"cross-encoder {name!r} cannot be loaded: ")
        assert "\n" not in str(caught.value)


def test_a_model_of_several_scores_is_refused(tmp_path: Path) -> None:
    """A classifier is no ranker."""
    path = write_model(tmp_path / "classifier", labels=3)
    with pytest.raises(LeadlineError, match="expected one score a pair, got 3"):
        CrossEncoderScorer(str(path)).loaded()


def test_making_a_scorer_loads_nothing() -> None:
    """Torch takes seconds to import."""
    script = """
import sys
from monitor.providers.cross_encoder import CrossEncoderScorer
CrossEncoderScorer("no/such/model"), CrossEncoderScorer()
print("torch" in sys.modules)
"""
    found = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "False\n"


@pytest.fixture(scope="module")
def bundled() -> CrossEncoderScorer:
    return CrossEncoderScorer().loaded()


@pytest.fixture(scope="module")
def answered(bundled: CrossEncoderScorer) -> NDArray[np.float64]:
    """Scores of the demo's ordinary questions, which the model never saw, of shape (questions, 5): the passage that
    answers, BM25's best three that do not, and one about something else.
    """
    documents = {document.id: document.passage for document in build_corpus(seed=1)}
    index = Bm25Index(Corpus([CorpusDocument(key, passage) for key, passage in documents.items()]))
    stream, rows = QueryStream(build_corpus(seed=1), seed=5), {}
    while len(rows) < QUESTIONS:
        asked = stream.draw()
        hits = [hit.key for hit in index.search(asked.query, 10, None).hits if hit.key not in asked.relevant]
        if asked.scenario == "none" and len(hits) >= 3:
            other = list(documents)[len(rows)]
            rows[asked.query] = [min(asked.relevant), *hits[:3], other]
    pairs = [(query, documents[key]) for query, keys in rows.items() for key in keys]
    return bundled.score(pairs).reshape(QUESTIONS, 5)


def test_the_bundled_model_orders_better_than_chance(answered: NDArray[np.float64]) -> None:
    """Measured: .92 of the pairs with a passage that shares the question's words, .99 with a strange one."""
    right, alike, strange = answered[:, :1], answered[:, 1:4], answered[:, 4:]
    assert np.mean(right > alike) > 0.8
    assert np.mean(right > strange) > 0.95


def test_the_bundled_model_has_a_level(answered: NDArray[np.float64]) -> None:
    """Across questions: most answers score above one half, most strange passages far below."""
    assert np.median(answered[:, 0]) > 0.5
    assert np.median(answered[:, 4]) < 0.1
    assert np.all((answered > 0) & (answered < 1))


def test_the_bundled_model_is_named_by_its_content(bundled: CrossEncoderScorer) -> None:
    """Scores of one model must not be mixed with those of the next."""
    assert bundled.name.startswith("bundled-")
    assert "missing" not in bundled.name
