"""Writes contracts, invoices and returned-device files: many of a kind, told apart by numbers and names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from monitor.demo.articles_products import LAST_DAY, random_day
from monitor.demo.document import DemoDocument
from monitor.demo.facts_company import CUSTOMERS, PEOPLE
from monitor.demo.facts_events import RETURN_OUTCOMES, RETURN_SYMPTOMS
from monitor.demo.facts_products import PRODUCTS, Product


@dataclass(frozen=True)
class _Deal:
    number: str
    customer: str
    tenant: str
    product: Product
    units: int
    day: date


def business_articles(rng: Random) -> Iterator[DemoDocument]:
    """Write 40 contracts, an invoice for each and a few more, and 28 files of returned devices."""
    deals = _deals(rng, count=40)
    yield from (_contract(deal, rng) for deal in deals)
    orders = rng.sample(range(1000, 9999), 44)
    numbers = rng.sample(range(102_000, 119_000), 44)
    billed = [*deals, *rng.sample(deals, 4)]
    rows = zip(billed, numbers, orders, strict=True)
    yield from (_invoice(deal, number, order, rng) for deal, number, order in rows)
    yield from (_return(number, rng) for number in rng.sample(range(30_100, 39_900), 28))


def _deals(rng: Random, count: int) -> Sequence[_Deal]:
    deals = []
    for serial in rng.sample(range(110, 990), count):
        customer, _, tenant, _ = rng.choice(CUSTOMERS)
        day = random_day(rng, last=LAST_DAY - timedelta(days=40))
        number = f"C-{day.year}-{serial:04}"
        deals.append(_Deal(number, customer, tenant, rng.choice(PRODUCTS), rng.choice((6, 12, 25, 40, 80, 150)), day))
    return deals


def _contract(deal: _Deal, rng: Random) -> DemoDocument:
    signer = rng.choice([person for person in PEOPLE if person.department == "Sales" or person.name in _SIGNERS]).name
    months, notice = rng.choice((12, 24, 36, 48, 60)), rng.choice((2, 3, 6))
    value = round(deal.units * deal.product.eur * rng.uniform(2.0, 9.0), -2)
    opening = rng.choice(
        (
            f"Contract {deal.number} with {deal.customer} covers {deal.units} units of {deal.product.name}",
            f"Under {deal.number}, {deal.customer} takes {deal.units} {deal.product.name} with operation",
            f"{deal.customer} ordered {deal.units} {deal.product.name}, as agreed in {deal.number}",
        )
    )
    text = (
        f"{opening}. Signed for Larkmoor by {signer} on {deal.day}. Total value {value:,.0f} euros over {months} "
        f"months, notice period {notice} months. {rng.choice(_CLAUSES)} {rng.choice(_CLAUSES_MORE)}"
    )
    facts = {"kind": "contract", "product": deal.product.line, "tenant": deal.tenant, "number": deal.number}
    facts |= {"customer": deal.customer, "signer": signer, "value": f"{value:.0f}", "months": str(months)}
    facts |= {"model": deal.product.name}
    return DemoDocument(f"contract-{deal.number.lower()}", f"Contract {deal.customer}", text, deal.day, facts)


def _invoice(deal: _Deal, number: int, order: int, rng: Random) -> DemoDocument:
    day = deal.day + timedelta(days=rng.randint(3, 35))
    amount = round(deal.units * deal.product.eur * rng.uniform(0.3, 1.0), 2)
    due = day + timedelta(days=30)
    state = rng.choice(("paid", "paid", "overdue", "disputed")) if due < LAST_DAY else "open"
    name, order_name = f"INV-{number}", f"SO-{order // 100}-{order}"
    text = (
        f"Invoice {name} to {deal.customer} for order {order_name}, dated {day}, due {due}. "
        f"{deal.units} pieces {deal.product.name}, {amount:,.2f} euros including tax. {_STATES[state]} "
        f"It belongs to contract {deal.number}. {rng.choice(_REMARKS)}"
    )
    facts = {"kind": "invoice", "product": deal.product.line, "tenant": deal.tenant, "number": name, "state": state}
    facts |= {"order": order_name, "amount": f"{amount:.0f}", "customer": deal.customer, "contract": deal.number}
    return DemoDocument(f"invoice-{number}", f"Invoice {deal.customer}", text, day, facts)


def _return(number: int, rng: Random) -> DemoDocument:
    customer, _, tenant, _ = rng.choice(CUSTOMERS)
    product, outcome = rng.choice(PRODUCTS), rng.choice(RETURN_OUTCOMES)
    symptom = rng.choice([text for text in RETURN_SYMPTOMS if not (product.fanless and "fan" in text)])
    day, serial = random_day(rng), f"{product.code}{rng.randint(100000, 999999)}"
    text = (
        f"RMA-{number}: {customer} sent back a {product.name}, serial number {serial}, on {day}. Complaint: {symptom}. "
        f"Result: {outcome}. It stood in the repair centre for {rng.randint(2, 19)} days. {rng.choice(_RETURN_REMARKS)}"
    )
    facts = {"kind": "return", "product": product.line, "tenant": tenant, "number": f"RMA-{number}", "serial": serial}
    facts |= {"customer": customer, "symptom": symptom, "outcome": outcome, "model": product.name}
    return DemoDocument(f"return-{number}", f"Returned {product.name}", text, day, facts)


_SIGNERS = {"Miriam Castellan", "Helena Brandt"}
"""Who signs besides the sales department."""
_CLAUSES = (
    "Spare units are kept on site.",
    "The customer may exchange up to a tenth of the units for other models.",
    "Delivery is in three lots.",
    "Installation is done by a partner.",
    "The price is fixed for the whole term.",
    "Travel of engineers is charged separately.",
)
_CLAUSES_MORE = (
    "Unless somebody gives notice, it is extended by a year.",
    "It ends without notice at the end of the term.",
    "Liability is limited to the value of the contract.",
    "Both sides may end it if prices rise by more than five percent.",
)
_STATES = {
    "paid": "The amount has been paid in full.",
    "overdue": "The amount is overdue and a reminder has been sent.",
    "disputed": "The customer disputes a part of the amount.",
    "open": "Payment is not due yet.",
}
_REMARKS = (
    "Transport is included.",
    "The purchase reference of the customer is printed on the second page.",
    "Payable by transfer only.",
    "A copy went to the site manager.",
    "The customer asked for a paper invoice.",
)
_RETURN_REMARKS = (
    "The sender was told by mail.",
    "Photographs are attached.",
    "The packaging was not the original one.",
    "A loan unit had been provided.",
    "The plant was asked for a statement.",
)
