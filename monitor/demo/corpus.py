"""The knowledge base of Larkmoor, a company that does not exist: about 550 articles, all from fact tables."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from random import Random

from monitor.demo.articles_business import business_articles
from monitor.demo.articles_company import company_articles
from monitor.demo.articles_products import product_articles
from monitor.demo.articles_support import support_articles
from monitor.demo.document import DemoDocument

__all__ = ["DemoDocument", "build_corpus", "write_corpus"]


def build_corpus(seed: int) -> list[DemoDocument]:
    """Write the knowledge base.

    Parameters
    ----------
    seed : int
        Chooses wording, dates, numbers and deals. Products, people, policies and procedures stay what they are.

    Returns
    -------
    list of DemoDocument
        In the order of publication, oldest first, as a real store grows.
    """
    writers = (product_articles, support_articles, company_articles, business_articles)
    documents = [document for index, write in enumerate(writers) for document in write(Random(f"{seed}-{index}"))]
    return sorted(documents, key=lambda document: (document.published, document.id))


def write_corpus(documents: Iterable[DemoDocument], path: Path) -> None:
    """Write the documents in BEIR layout, with the date and the metadata as further keys."""
    with path.open("w", encoding="utf-8") as file:
        for document in documents:
            record = {"_id": document.id, "title": document.title, "text": document.text}
            record |= {"published": document.published.isoformat(), **document.metadata}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
