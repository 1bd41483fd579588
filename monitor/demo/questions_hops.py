"""Questions that take two look-ups: the superior of a signer, the auditor of the plant that makes a device."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from monitor.demo.document import DemoDocument
from monitor.demo.facts_company import PEOPLE, SITES
from monitor.demo.facts_products import PRODUCTS
from monitor.demo.question import DemoQuery, Library, ask


def hop_questions(library: Library, rng: Random) -> Iterator[DemoQuery]:
    """Ask for the article at the end of the chain; the ones on the way do not count as relevant."""
    yield from _superiors(library, rng)
    yield from _signers(library)
    yield from _plants(library, rng)
    yield from _site_leads(library)


def _page(library: Library, name: str) -> list[DemoDocument]:
    return library.having("person", name=name)


def _superiors(library: Library, rng: Random) -> Iterator[DemoQuery]:
    forms = (
        "which languages does the boss of {} speak",
        "extension of {}'s manager",
        "where does the superior of {} work",
    )
    for person in PEOPLE:
        chief = _page(library, person.manager)
        yield ask("multi_hop", rng.choice(forms).format(person.name), chief)
        above = [_page(library, page.metadata["manager"]) for page in chief]
        yield ask("multi_hop", f"who is two levels above {person.name}", above[0] if above else [])


def _signers(library: Library) -> Iterator[DemoQuery]:
    for contract in library.of("contract")[::3]:
        signer = _page(library, contract.metadata["signer"])[0]
        chief = _page(library, signer.metadata["manager"])
        yield ask("multi_hop", f"superior of the person who signed {contract.metadata['number']}", chief)
        yield ask("multi_hop", f"phone number of whoever signed {contract.metadata['number']}", [signer])
    for incident in library.of("incident")[::3]:
        author = _page(library, incident.metadata["author"])
        yield ask("multi_hop", f"where does the author of {incident.metadata['number']} work", author)


def _plants(library: Library, rng: Random) -> Iterator[DemoQuery]:
    for product in PRODUCTS:
        audits, suppliers = library.having("audit", site=product.site), library.having("supplier", plant=product.site)
        forms = (("audit of the plant that makes the {}", audits), ("who supplies the factory of the {}", suppliers))
        form, found = rng.choice(forms)
        yield ask("multi_hop", form.format(product.name), found)


def _site_leads(library: Library) -> Iterator[DemoQuery]:
    for site in SITES:
        audits, lead = library.having("audit", site=site.key), site.fields[1]
        yield ask("multi_hop", f"findings of the auditors at the site that {lead} heads", audits)
        yield ask("multi_hop", f"which languages does the head of {site.key} speak", _page(library, lead))
    for supplier in library.of("supplier"):
        plant = library.having("site", topic=supplier.metadata["plant"])
        yield ask("multi_hop", f"gate and guests at the plant that gets {supplier.metadata['part']}", plant)
