"""Writes staff and site pages, audits, suppliers, policies by version, release notes, incidents and surveys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from monitor.demo.articles_products import random_day
from monitor.demo.document import DemoDocument
from monitor.demo.facts_company import AUDITS, CUSTOMERS, PEOPLE, POLICIES, SITES, SUPPLIERS, Person, Policy
from monitor.demo.facts_events import FEATURES, FIXES, INCIDENTS, SURVEY_DETAILS
from monitor.demo.tables import Entry
from monitor.demo.wording import tag_line

AMERICAN_SITES = {"Guadalajara"}


def company_articles(rng: Random) -> Iterator[DemoDocument]:
    """Write every article about the company, its rules and what happened in it."""
    yield from (_staff_page(person, rng) for person in PEOPLE)
    yield from (_site_page(site, rng) for site in SITES)
    yield from (_audit(row, rng) for row in AUDITS)
    yield from (_supplier(row, rng) for row in SUPPLIERS)
    for policy in POLICIES:
        yield from _policy_versions(policy, rng)
    yield from _release_notes(rng)
    for cause in INCIDENTS:
        yield from (_incident(cause, year, rng) for year in (rng.choice((2023, 2024)), rng.choice((2025, 2026))))
    yield from (_survey(number, rng) for number in range(24))


def slug(name: str) -> str:
    """Turn a name into the form that ids use."""
    return name.lower().replace(" ", "-").replace(".", "").replace("&", "and").replace(",", "")


def _tenant(site: str) -> str:
    return "amer" if site in AMERICAN_SITES else "emea"


def _staff_page(person: Person, rng: Random) -> DemoDocument:
    chief = f"reports to {person.manager}" if person.manager else "reports to the board"
    languages = ", ".join(person.languages)
    text = (
        f"{person.name} ({person.role}) works in {person.site} and {chief}. Department: {person.department}. "
        f"{person.note} Speaks {languages}. Extension {rng.randint(2000, 7999)}, with Larkmoor since "
        f"{rng.randint(2011, 2025)}.{tag_line('Ask about', [person.question], person.note + person.role, rng, 0.8)}"
    )
    title = rng.choice((f"{person.name}, {person.role}", f"Staff page: {person.name}"))
    facts = {"kind": "person", "product": "company", "tenant": _tenant(person.site), "name": person.name}
    facts |= {"manager": person.manager, "site": person.site, "languages": languages, "department": person.department}
    return DemoDocument(f"person-{slug(person.name)}", title, text, random_day(rng), facts)


def _site_page(site: Entry, rng: Random) -> DemoDocument:
    sort, lead = site.fields
    words = tag_line("See also", site.questions, site.body, rng)
    text = f"{site.body} Head of the site is {lead}. Guests book a badge a day ahead.{words}"
    facts = {"kind": "site", "product": "company", "tenant": _tenant(site.key), "topic": site.key}
    return DemoDocument(f"site-{slug(site.key)}", f"{site.key} {sort}", text, random_day(rng), facts)


def _audit(row: tuple[str, ...], rng: Random) -> DemoDocument:
    site, auditor, standard, day, finding = row
    opening = rng.choice((f"On {day} {auditor} audited", f"{auditor} came on {day} for two days and audited"))
    text = (
        f"{opening} the {site} site against {standard}. Findings: {finding}. The certificate stays valid; "
        f"open points are followed up within thirty days by the site lead. Report {rng.randint(1000, 9999)} is in the "
        "quality archive, and may be shown to customers under a confidentiality agreement."
    )
    facts = {"kind": "audit", "product": "company", "tenant": _tenant(site), "site": site, "auditor": auditor}
    facts |= {"standard": standard}
    title = f"{standard} audit of {site}, {day[:4]}"
    return DemoDocument(f"audit-{slug(site)}-{day}", title, text, date.fromisoformat(day), facts)


def _supplier(row: tuple[str, ...], rng: Random) -> DemoDocument:
    name, part, products, plant, remark = row
    text = (
        f"{name} supplies {part} for {products}, delivered to {plant}; {remark}. The frame agreement is reviewed each "
        f"spring. Lead time {rng.randint(3, 26)} weeks, payment after {rng.choice((30, 45, 60))} days. Complaints "
        "about a lot go to the buyer with photos and the number on the crate."
    )
    facts = {"kind": "supplier", "product": "company", "tenant": _tenant(plant), "part": part, "plant": plant}
    return DemoDocument(f"supplier-{slug(name)}", f"Supplier file: {name}", text, random_day(rng), facts)


def _policy_versions(policy: Policy, rng: Random) -> Iterator[DemoDocument]:
    latest = len(policy.versions)
    for number, (day, value) in enumerate(policy.versions, start=1):
        opening = rng.choice((f"Valid from {day}.", f"In force since {day}.", f"This version applies from {day} on."))
        text = f"{opening} {policy.text.format(value=value)}"
        facts = {"kind": "policy", "product": "company", "tenant": rng.choice(("emea", "amer")), "topic": policy.key}
        facts |= {"version": str(number), "latest": "yes" if number == latest else "no"}
        title = f"{policy.title}, version {number}"
        yield DemoDocument(f"policy-{policy.key}-v{number}", title, text, date.fromisoformat(day), facts)


def _release_notes(rng: Random) -> Iterator[DemoDocument]:
    features = defaultdict(list)
    for product, feature, question in FEATURES:
        features[product].append((feature, question))
    for product, items in features.items():
        day = date(2023, 2, 1) + timedelta(days=rng.randint(0, 60))
        for number, news in enumerate(items):
            version = f"{4 + number // 3}.{number % 3 * 2}"
            yield _release(product, version, news, day, rng)
            day += timedelta(days=rng.randint(150, 190))


def _release(product: str, version: str, news: tuple[str, str], day: date, rng: Random) -> DemoDocument:
    feature, question = news
    text = " ".join(
        (
            rng.choice((f"{product} {version} brings {feature}.", f"New in {product} {version}: {feature}.")),
            "Repairs:",
            *rng.sample(FIXES[product], 3),
            f"Released on {day}, build {rng.randint(10000, 99999)}.",
            rng.choice(("Going back to the version before is possible.", "It cannot be downgraded.")),
            tag_line("Topics", [question], feature, rng).strip(),
        )
    )
    facts = {"kind": "release", "product": product, "tenant": rng.choice(("emea", "amer"))}
    facts |= {"version": version, "feature": feature}
    title = rng.choice((f"{product} {version} release notes", f"Release notes: {product} {version}"))
    return DemoDocument(f"release-{slug(product)}-{version}", title, text, day, facts)


def _incident(cause: Entry, year: int, rng: Random) -> DemoDocument:
    service, summary = cause.fields
    day = random_day(rng, date(year, 1, 10), date(year, 11, 10))
    minutes, number = rng.randint(12, 420), f"INC-{year}-{rng.randint(100, 999)}"
    author = rng.choice([person for person in PEOPLE if person.department in {"Engineering", "Support"}]).name
    text = (
        f"{number}, {day}, {minutes} minutes, {rng.randint(3, 900)} customers affected. {cause.body} "
        f"Report by {author}.{tag_line('Tags', cause.questions, cause.body + summary, rng)}"
    )
    facts = {"kind": "incident", "product": service, "tenant": rng.choice(("emea", "amer")), "topic": cause.key}
    facts |= {"number": number, "minutes": str(minutes), "author": author}
    return DemoDocument(f"incident-{cause.key}-{year}", summary, text, day, facts)


def _survey(number: int, rng: Random) -> DemoDocument:
    customer, place, tenant, sector = rng.choice(CUSTOMERS)
    details = rng.sample(SURVEY_DETAILS, 3)
    sights = " ".join(f"{where[0].upper()}{where[1:]} {what}." for where, what, _ in details)
    day = random_day(rng)
    text = (
        f"Photographs from the equipment room of {customer}, {place}, taken on {day}. {sights} Otherwise the "
        f"room of the {sector} is dry, {rng.randint(17, 31)} degrees warm and {rng.randint(4, 30)} square metres "
        "large. "
        f"Recommended: {rng.choice(('a second circuit', 'tidier cabling', 'a lock', 'a larger cabinet', 'nothing'))}."
    )
    facts = {"kind": "survey", "product": "company", "tenant": tenant, "customer": customer}
    facts |= {"details": "; ".join(question for _, _, question in details)}
    return DemoDocument(f"survey-{number + 1:02}", f"Site survey, {customer}", text, day, facts)
