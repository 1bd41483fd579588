"""Who works where, what plants were audited, who buys, and which rules hold since when."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.demo.tables import parse_entries, parse_rows


@dataclass(frozen=True)
class Person:
    """One member of staff; ``manager`` is a name, empty for the chief executive."""

    name: str
    role: str
    department: str
    site: str
    manager: str
    languages: tuple[str, ...]
    note: str
    question: str


# name | role | department | site | manager | languages | note | a question that this page answers
_PEOPLE = """
Ingrid Solberg | Chief Executive | Board | Whitehaven | | English, Norwegian | Founded the company in a boathouse and still answers ten support calls a month. | who is the boss of the whole company
Tomas Havel | Director of Manufacturing | Manufacturing | Brno | Ingrid Solberg | Czech, English, German | Responsible for all plants and for what they throw away. | head of all factories
Amara Okafor | Director of Sales | Sales | Whitehaven | Ingrid Solberg | English, French | Signs offers of more than half a million herself. | who leads the people that sell
Rafael Ortega | Director of Support | Support | Guadalajara | Ingrid Solberg | Spanish, English | Came from the night shift and knows why tickets get lost. | top person for customer support
Lin Yuchen | Director of Engineering | Engineering | Suzhou | Ingrid Solberg | Chinese, English | Keeps the roadmap on one page and reads every post-mortem. | who decides the technical roadmap
Helena Brandt | Director of Finance | Finance | Whitehaven | Ingrid Solberg | German, English | Closes the books on the fifth working day. | person in charge of money and bookkeeping
Miriam Castellan | General Counsel | Legal | Whitehaven | Ingrid Solberg | Italian, English, French | Approves export, contracts outside the standard, and press statements. | our top lawyer
Petr Dvorak | Plant Manager Brno | Manufacturing | Brno | Tomas Havel | Czech, German | Walks the line at six every morning. | runs the Czech plant
Lucia Mendoza | Plant Manager Guadalajara | Manufacturing | Guadalajara | Tomas Havel | Spanish, English | Introduced the wall where anyone may stop the line. | runs the Mexican plant
Zhao Wenjie | Plant Manager Suzhou | Manufacturing | Suzhou | Tomas Havel | Chinese, English | Looks after two shifts and the bus to the station. | runs the Chinese plant
Freja Lund | Plant Manager Tarnby | Manufacturing | Tarnby | Tomas Havel | Danish, English | Leads the smallest plant, next to the airport. | runs the Danish plant
Owen Pritchard | Key Account Manager, Public Sector | Sales | Whitehaven | Amara Okafor | English, Welsh | Looks after towns, schools and hospitals. | contact for town halls and hospitals
Nadia Belkacem | Key Account Manager, France | Sales | Whitehaven | Amara Okafor | French, Arabic, English | Visits each customer twice a year. | sales contact for French customers
Jonas Keller | Key Account Manager, Germany | Sales | Brno | Amara Okafor | German, Czech, English | Former installer, happy to climb ladders. | sales contact for German customers
Sofia Marquez | Key Account Manager, Americas | Sales | Guadalajara | Amara Okafor | Spanish, Portuguese, English | Covers two continents and eleven time zones. | sales contact for Brazil and Mexico
Chen Jiayi | Key Account Manager, China | Sales | Suzhou | Amara Okafor | Chinese, English | Speaks at the harbour fair each autumn. | sales contact for Chinese customers
Gareth Flint | Partner Manager | Sales | Whitehaven | Amara Okafor | English | Pays the reseller margins and trains new partners. | I am a reseller, whom do I talk to
Dana Horvat | Onboarding Lead | Support | Brno | Rafael Ortega | Croatian, German, English | Sits with new customers for their first thirty days. | who helps new customers get started
Miguel Santos | Escalation Engineer | Support | Guadalajara | Rafael Ortega | Portuguese, Spanish, English | Takes the tickets that three others gave back. | who takes the hardest tickets
Aoife Brennan | Repair Centre Lead | Support | Whitehaven | Rafael Ortega | English, Irish | Keeps a shelf of the strangest damage. | who leads the workshop for returned devices
Wu Meilin | Support Lead Asia | Support | Suzhou | Rafael Ortega | Chinese, English, Japanese | Wrote the bilingual articles of this knowledge base. | author of the bilingual help pages
Bjorn Aaltonen | Firmware Architect | Engineering | Tarnby | Lin Yuchen | Finnish, English, Danish | Wrote the update mechanism, twice. | who designed the update mechanism
Priya Raman | Security Lead | Engineering | Whitehaven | Lin Yuchen | English, Tamil | Receives reports of weaknesses and keeps the signing ledger. | report a vulnerability to whom
Karel Novotny | Storage Team Lead | Engineering | Brno | Lin Yuchen | Czech, English | Once recovered a university's thesis archive. | leads development of the disk systems
Yara Haddad | Cloud Team Lead | Engineering | Whitehaven | Lin Yuchen | Arabic, French, English | Owns Beacon and its on-call rota. | owner of the cloud console
Huang Bowen | Radio Team Lead | Engineering | Suzhou | Lin Yuchen | Chinese, English | Measures antennas in an old silo. | wireless antenna expert
Elif Demir | Billing Product Manager | Engineering | Brno | Lin Yuchen | Turkish, German, English | Decides what Tally can charge for. | product owner of the billing system
Claire Fontaine | Receivables Clerk | Finance | Whitehaven | Helena Brandt | French, English | Calls before she writes. | who chases late payers
Otto Lindqvist | Controller | Finance | Tarnby | Helena Brandt | Swedish, Danish, English | Counts the stock with the warehouse each month. | who checks the stock numbers
Samuel Adeyemi | Procurement Lead | Finance | Brno | Helena Brandt | English, Czech | Buys chips a year ahead. | who buys components
Greta Nowak | Data Protection Officer | Legal | Whitehaven | Miriam Castellan | Polish, English, German | Answers requests of people for their data. | whom do I ask for deletion of my personal data
Paulo Teixeira | Export Control Officer | Legal | Guadalajara | Miriam Castellan | Portuguese, Spanish, English | Can stop a truck with one call. | who can stop a shipment abroad
"""  # noqa: E501  a table reads best with one person a line


def _person(row: tuple[str, ...]) -> Person:
    name, role, department, site, manager, languages, note, question = row
    return Person(name, role, department, site, manager, tuple(languages.split(", ")), note, question)


PEOPLE = tuple(_person(row) for row in parse_rows(_PEOPLE))

SITES = parse_entries("""
# Whitehaven | headquarters | Ingrid Solberg
Quay House on the harbour, bought as a ruin and leased back. Sales, finance, legal, the cloud team and the repair centre
work on four floors. Visitors report at the glass door on the quay side; the street side is for deliveries only.
? where do visitors report at the head office
? address of the main building by the harbour
# Brno | plant | Petr Dvorak
Small gateways and the four-bay storage unit are assembled here, and old devices are taken apart. 210 people, one shift,
a sports building with a pool. Trucks enter by gate 3. Photography is forbidden on the line.
? which gate do trucks use in the Czech Republic
? may I take pictures in the factory
# Guadalajara | plant | Lucia Mendoza
Large gateways and rack storage are built and burnt in for 48 hours. 340 people in two shifts. The support night desk is
on the upper floor. A generator carries the plant for ten hours when the grid fails.
? emergency power of a plant
? burn-in of rack units
# Suzhou | plant | Zhao Wenjie
Switches and access points come from here, with a radio chamber in a former silo. 280 people in two shifts. Goods leave
by container on Wednesdays. The bilingual support team sits next to the line.
? where are wireless units tested in a chamber
? plant with the most switches
# Tarnby | plant | Freja Lund
Sensors are cast, calibrated and packed here by 45 people beside the airport. The calibration room is kept at 20 degrees
and entered through a lock. Noise is limited after ten at night because of the neighbours.
? calibration room temperature
? smallest plant, what is made there
""")

# site | auditor | standard | date | finding
AUDITS = parse_rows("""
Brno | Veritune | ISO 9001 | 2024-05-14 | two minor findings on torque records and none on training
Brno | Greenmark Institute | ISO 14001 | 2025-10-02 | solvent cans without lids; the waste ledger was praised
Brno | Norrsken Assurance | ISO 45001 | 2026-08-19 | an emergency exit narrowed by pallets, cleared on the spot
Guadalajara | Norrsken Assurance | ISO 9001 | 2024-11-06 | burn-in logs missing for one rack of one night
Guadalajara | Castell & Rowe | SA8000 | 2025-07-23 | overtime above the limit in two weeks of June, since corrected
Guadalajara | Veritune | ISO 27001 | 2026-09-08 | visitor badges that opened the server room
Suzhou | Norrsken Assurance | ISO 9001 | 2026-03-11 | an expired calibration label and an unsigned training record
Suzhou | Castell & Rowe | SA8000 | 2025-01-15 | dormitory exits well marked, night lighting too weak
Suzhou | Greenmark Institute | ISO 14001 | 2026-10-20 | flux residues stored next to a drain
Tarnby | Veritune | ISO 17025 | 2025-04-29 | reference thermometers traceable, one certificate in the wrong folder
Tarnby | Greenmark Institute | ISO 14001 | 2026-06-16 | resin waste halved against the year before
Whitehaven | Veritune | ISO 27001 | 2026-02-25 | shared account on a meeting-room screen
""")

# supplier | part | where it goes | plant that uses it | remark
SUPPLIERS = parse_rows("""
Halvorsen Castings | aluminium housings | Heron G400 and G650 | Guadalajara | delivers every second Monday
Mirov Magnetics | transformers | Loom switches with PoE | Suzhou | the only source; six months of stock are kept
Tessier Optik | fibre transceivers | Loom 24 and 48 | Suzhou | lots are tested at minus ten degrees
Pelican Cells | lithium cells | Ember sensors | Tarnby | air freight is not allowed
Brightwater Fans | fans and fan trays | Cairn S8 and S12 | Guadalajara | bearings were changed in 2025
Kolben & Sohn | drive carriers | Cairn S4 | Brno | the tool belongs to Larkmoor
Sunda Antennas | antennas | Wisp A3-O and A6 | Suzhou | every piece is measured in the chamber
Orrin Silicon | routing processors | Heron G100 and G210 | Brno | ordered a year ahead
""")

# customer | place | tenant | sector
CUSTOMERS = parse_rows("""
Aldermoor Hospital Trust | Leeds | emea | hospital
Banque Corvin | Lyon | emea | bank
Stadtwerke Ulmenau | Ulmenau | emea | utility
Fjordline Ferries | Bergen | emea | ferry company
Universidad de Sancara | Sancara | amer | university
Mesa Verde Schools | Durango | amer | school
Tallow & Finch Brewing | Bristol | emea | brewery
Cordillera Mining | Antofagasta | amer | mine
Hotel Admiral Group | Hamburg | emea | hotel
Porto Seco Logistica | Campinas | amer | logistics firm
Kingfisher Water Board | Norwich | emea | utility
Lakeshore Public Library | Duluth | amer | library
Meridian Dental Clinics | Austin | amer | clinic
Ostrava Tram Works | Ostrava | emea | tram company
Pinecrest Senior Living | Boise | amer | care home
Quantock Dairy | Taunton | emea | dairy
Redwood County | Eureka | amer | county
Suzhou Lakeside Hotels | Suzhou | emea | hotel
Tromso Fish Market | Tromso | emea | market
Valle Azul Vineyards | Mendoza | amer | vineyard
""")


@dataclass(frozen=True)
class Policy:
    """A policy whose text has one slot that changes with each version: ``versions`` are (ISO date, value)."""

    key: str
    title: str
    text: str
    versions: tuple[tuple[str, str], ...]
    questions: tuple[str, ...]


def _policies(table: str) -> tuple[Policy, ...]:
    return tuple(
        Policy(
            entry.key,
            entry.fields[0],
            entry.body,
            tuple((version.split("=")[0], version.split("=")[1]) for version in entry.fields[1:]),
            entry.questions,
        )
        for entry in parse_entries(table)
    )


POLICIES = _policies("""
# refund | Refund policy | 2023-02-01=14 days | 2024-06-15=21 days | 2025-09-01=30 days | 2026-10-05=45 days
Hardware can be returned for a full refund within {value} of delivery, if it is complete and shows no damage. Opened
storage units are refunded less 10 percent for testing. Subscriptions are refunded by the unused month. Custom prints
and cut cables are not taken back. The money goes to the account from which it came within five working days.
? can I send the hardware back and get my money
? is an opened box still refundable
? returning goods that I do not like
# warranty | Warranty policy | 2023-01-10=on the third day | 2024-09-02=on the next day | 2026-09-21=on the same day
The warranty begins with delivery and covers faults of material and making. Once a claim is approved, the replacement
leaves {value}. Lightning, water and opened seals are not covered. A replaced device keeps the remaining term of the
first one, but at least ninety days. Wear of fans is covered, wear of batteries is not.
? what is not covered when a device fails
? does lightning damage count
? term that remains after a swap
# retention | Data retention policy | 2023-05-20=24 months | 2024-11-11=18 months | 2026-09-14=13 months
Telemetry is kept for {value}, then reduced to daily figures. Audit logs stay for seven years because the law wants it.
Support recordings are deleted after ninety days. An organisation that leaves can export for ninety days; then all of
its records are erased, backups included, within another sixty.
? how long are logs stored
? when are call recordings deleted
? erase everything after we leave
# disclosure | Vulnerability disclosure policy | 2023-03-03=90 days | 2025-03-17=60 days | 2026-11-02=45 days
Reports of weaknesses go to the security team, encrypted if possible. We answer within two working days and publish a
fix within {value}. Finders are named if they wish and are paid by severity. We take no legal steps against anyone who
keeps to these rules. Denial of service and social tricks are out of bounds.
? found a security hole, will you sue me
? reward for reporting bugs
? how fast do you patch weaknesses
# sla | Service level policy for Beacon | 2023-04-01=99.5 percent | 2024-08-19=99.9 percent | 2026-09-07=99.95 percent
Beacon is available for {value} of each month, measured from outside every minute. If it is missed, a tenth of the
monthly fee is credited for each further tenth of a percent, up to the whole fee. Announced work on Sundays before six
does not count. The credit is booked by itself.
? compensation for an outage
? guaranteed uptime of the cloud
? is planned maintenance counted as downtime
# acceptable-use | Acceptable use policy | 2023-07-01=30 days | 2025-05-05=14 days
Services may not be used to scan strangers' networks, to send bulk mail or to resell access without a partner contract.
We warn first and suspend after {value}, at once if others are harmed. Researchers can ask for an exception in writing.
? may I resell your service
? what gets an account suspended
# price-change | Price change policy | 2023-06-01=four weeks | 2024-12-01=eight weeks | 2026-10-19=twelve weeks
List prices change at most twice a year and are announced {value} ahead. Offers keep their price for their whole term.
Running subscriptions change only at renewal. Cuts apply at once, and orders that have not left the warehouse are
adjusted.
? do you warn us before raising prices
? my quote and a new price list
# payment-terms | Payment terms | 2023-01-01=30 days | 2024-04-01=21 days | 2026-01-01=30 days
Invoices are due {value} after their date. Late interest is eight points over the base rate. A dispute must be raised
within ten days and stops the clock for the contested part only. Public bodies may ask for sixty days.
? when must a bill be paid
? interest for paying late
? contest a part of the amount
# remote-work | Remote work policy | 2023-09-01=two days | 2025-02-03=three days | 2026-09-28=four days
Staff may work from home for {value} a week if the team agrees. Plants and the repair centre are exempt. Work from
abroad is limited to twenty days a year for tax reasons. The company pays for a chair and a screen once in five years.
? working from home rules
? may I work from Spain for a month
# travel | Travel policy | 2023-03-15=4 hours | 2024-10-10=5 hours | 2026-11-09=6 hours
Trains come first when the journey takes less than {value}. Flights are in the cheapest class unless the night is lost.
Hotels cost at most 140 euros, in London and Geneva 190. Who stays with friends gets 25 euros for a present.
? train or plane for a business trip
? hotel price limit
# export | Export control policy | 2023-11-20=two years | 2025-06-30=one year
Encryption above the threshold needs a licence for some countries; the list is checked with every order and end users
are screened again every {value}. An order must not be split in order to avoid the check. Doubts go to the export
officer.
? sell encrypted devices abroad
? checking of end users
# password | Password and access policy | 2023-08-08=12 characters | 2024-07-07=14 characters | 2026-08-31=16 characters
Passwords have at least {value} and do not expire unless they leaked. A second factor is required everywhere. Shared
accounts are forbidden; service accounts have an owner. Access is reviewed each quarter and ends on the last day of
work.
? do I have to change my login phrase regularly
? are shared accounts allowed
""")
