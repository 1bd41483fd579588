"""Writes data sheets, one a region, and accessory pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from monitor.demo.document import DemoDocument
from monitor.demo.facts_products import ACCESSORIES, PRODUCTS, Product

FIRST_DAY, LAST_DAY = date(2023, 1, 9), date(2026, 11, 20)

_PORTS = {"storage": "drive bays"}
_SPEED = {"gateway": "encrypted throughput", "switch": "switching capacity", "storage": "network throughput"}
_REGIONS = {
    "EU": ("emea", "Europe", "a CEE 7/7 power cord", "230 V"),
    "US": ("amer", "the Americas", "a NEMA 5-15 power cord", "120 V"),
}


def random_day(rng: Random, first: date = FIRST_DAY, last: date = LAST_DAY) -> date:
    """Draw a day between two days, both included."""
    return first + timedelta(days=rng.randint(0, (last - first).days))


def product_articles(rng: Random) -> Iterator[DemoDocument]:
    """Write every data sheet and accessory page."""
    for product in PRODUCTS:
        for region in _REGIONS:
            yield _data_sheet(product, region, rng)
    for accessory in ACCESSORIES:
        title, group, price = accessory.fields
        metadata = {"kind": "accessory", "product": "accessory", "tenant": rng.choice(("emea", "amer"))}
        metadata |= {"sku": accessory.key, "topic": accessory.key, "group": group}
        text = f"Part {accessory.key}. {accessory.body} Price {price} euros without tax."
        yield DemoDocument(f"part-{accessory.key.lower()}", title, text, random_day(rng), metadata)


def _data_sheet(product: Product, region: str, rng: Random) -> DemoDocument:
    tenant, area, cord, volts = _REGIONS[region]
    sku = f"LM-{product.code}-{region}"
    price = f"{product.eur:,} euros" if region == "EU" else f"{product.usd:,} dollars"
    sentences = [_hardware(product, rng), _power(product, volts, rng), _poe(product, rng), _cooling(product, rng)]
    rng.shuffle(sentences)
    box = "the quick start card" if product.line == "sensor" else cord
    ending = f"The box holds {box}. List price {price} without tax, warranty {product.warranty_years} years."
    text = " ".join([f"Order number {sku}, for {area}.", product.note, *sentences, ending])
    title = rng.choice((f"{product.name} data sheet ({area})", f"{product.name}: specifications for {area}"))
    return DemoDocument(f"sheet-{sku.lower()}", title, text, random_day(rng), _facts(product, sku, tenant))


def _facts(product: Product, sku: str, tenant: str) -> dict[str, str]:
    return {
        "kind": "data sheet",
        "product": product.line,
        "tenant": tenant,
        "sku": sku,
        "model": product.name,
        "price": str(product.eur if tenant == "emea" else product.usd),
        "ports": str(product.ports),
        "gigabits": str(product.gigabits),
        "poe_watts": str(product.poe_watts),
        "fanless": "yes" if product.fanless else "no",
        "kilograms": str(product.kilograms),
        "watts": str(product.watts),
        "made_at": product.site,
    }


def _hardware(product: Product, rng: Random) -> str:
    if product.line == "sensor":
        return f"Weight {product.kilograms} kg, inputs: {product.ports}. Made in {product.site}."
    ports, speed = _PORTS.get(product.line, "ports"), _SPEED.get(product.line, "radio throughput")
    forms = (
        f"It has {product.ports} {ports} and weighs {product.kilograms} kg; {speed} is {product.gigabits} Gbit/s.",
        f"{product.gigabits} Gbit/s of {speed}, {product.ports} {ports}, {product.kilograms} kg.",
        f"Weight {product.kilograms} kg, {ports}: {product.ports}, {speed}: {product.gigabits} Gbit/s.",
    )
    return f"{rng.choice(forms)} Made in {product.site}."


def _power(product: Product, volts: str, rng: Random) -> str:
    if product.line == "sensor":
        return rng.choice(("Runs on two AA cells.", "Two AA cells are in the box; no mains supply is needed."))
    return rng.choice(
        (
            f"It draws up to {product.watts} W at {volts}.",
            f"Consumption at full load: {product.watts} W ({volts}).",
            f"Plan for {product.watts} W on the {volts} circuit.",
        )
    )


def _poe(product: Product, rng: Random) -> str:
    if product.line not in {"gateway", "switch"}:
        return rng.choice(
            ("It is managed in Beacon.", "Management is by Beacon or, without the cloud, by a local page.")
        )
    if product.poe_watts:
        return rng.choice(
            (
                f"Supports PoE with a budget of {product.poe_watts} W.",
                f"The ports deliver power over Ethernet (PoE), {product.poe_watts} W in total.",
            )
        )
    return rng.choice(
        (
            "Does not support PoE; phones and cameras need a supply of their own.",
            "The ports deliver no power over Ethernet (PoE).",
        )
    )


def _cooling(product: Product, rng: Random) -> str:
    if product.fanless:
        return rng.choice(("Fanless and therefore silent.", "There is no fan inside, so it makes no noise."))
    return rng.choice(("Cooled by fans; not for quiet rooms.", "Not fanless: two fans blow from front to back."))
