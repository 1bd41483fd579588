"""What the report says between its tables."""

from detectors.held_out import OTHER_COLLECTIONS
from monitor.evaluating.results import SHIPPED

KINDS = {
    "no_relevant_at_5": "no relevant document in the first five",
    "no_relevant_at_1": "the first document is not relevant",
    "ndcg_below_half": "nDCG@10 under one half",
}

PRIORS = {
    OTHER_COLLECTIONS: "each collection is rated with a prior that was fitted on the **other** collections only",
    SHIPPED: """all are rated with the **shipped** prior, since these are too few collections to leave one out: if it
was fitted on them, the figures flatter it""",
}

HEAD = """\
Written by `leadline evaluate --all`: {recordings} recordings of {collections} labelled collections in `{folder}`,
{traces:,} traces, depth 10, cross-encoder `{scorer}`, no LLM. leadline saw no label; the labels say afterwards which
retrievals failed. Each recording is normalised against itself, and
{prior}.

**AUROC**: the chance that a failed retrieval has a higher risk than one that did not fail; .50 knows nothing, 1 is
perfect. **Brier skill**: above 0, the risk serves better as a probability than the constant that knows the true failure
rate. Two predictors are compared on the traces that both rated: nobody gains by abstaining on the hard ones. A figure
needs ten failures.

**Intervals** are 95%, from {repetitions:,} bootstrap draws of the queries within each collection. Where a second one
follows after a semicolon, the collections were drawn anew too: what other collections like these might give. Every
difference is paired: both sides on the same draws.
"""

IN_SHORT = """\
Means over all recordings. Baselines: {baselines}; the best of them was picked on these
same recordings, in its favour. *Level off by*: mean distance of the estimated failure rate from the true one.
*Weakest*: the recording of lowest AUROC among those with {solid} failures or more.
"""

RECORDINGS = """\
AUROC of the risk, of the baselines, and the difference to the baseline of the highest mean, paired, where both rated.
"""

BASELINES = """\
Mean AUROC of each baseline and of the best single signal, and how much more the risk has on the same traces.
"""

SCHEMES = """\
*Other collections*: all recordings of all collections but the one that is rated. *Other collections, other retriever*:
of those, only recordings of other retrievers than the one that is rated. *All collections, other retriever*: the rated
queries are in it, as another retriever answered them. *Shipped*: the prior that comes with the package, whatever it was
fitted on: if on these, the figures flatter it.
"""

RETRIEVERS = """\
AUROC of the risk over the same queries, each retriever by its own failures.
"""

COVERAGE = """\
AURC: the mean failure rate among the queries of lowest risk, over all shares that may be kept. The oracle knows who
failed; the constant knows nothing. *Reached*: the share of the way from the constant to the oracle.
"""

LEVELS = """\
The estimate is the mean risk of a recording, no label seen, with the interval that leadline states; the truth is that
of all traces, rated or not.
"""

SCENARIOS = """\
All recordings together, so that AUROC holds differences between collections too. A query counts in every scenario that
its words show; `none` are those without any. Both recordings of a query are drawn together.
"""

ABSTENTIONS = """\
With all evidence. The last two columns say whether a predictor spared itself the hard ones: how often no relevant
document was in the first five where it abstained, and where it did not.
"""

VARIANTS = """\
The same recordings through the same pipeline, without what the row says; the prior is the one fitted at depth 10 with
all evidence, as in production. *Less*: AUROC less that with all evidence, on the traces that both rated. Of a list of
five, nDCG@10 counts five documents.
"""

EMPTIED = """\
Every relevant document of a query is taken out of the corpus and of the served list, which closes up from as deep as
was recorded. The reference is that of the intact recording: it was frozen before. AUROC: such queries against those
that succeeded before, in part the same queries. *Above*: the share whose risk is over the intact recording's 90th
percentile, ties shared out (.10 for a risk that does not notice). *Short*: lists that the recording is not deep enough
to fill. What nobody judged may still be relevant, and the terms keep the idf of the whole corpus.
"""

RANKINGS = """\
nDCG@10 of what was served, of the cross-encoder's order of the same documents, and of BM25's own list.
"""
