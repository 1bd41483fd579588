"""What Larkmoor makes: models with their numbers, and accessories that come in contrasting pairs."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.demo.tables import parse_entries, parse_rows

LINES = {
    "gateway": ("Heron", "HRN", "HeronOS"),
    "switch": ("Loom", "LOM", "LoomOS"),
    "storage": ("Cairn", "CRN", "CairnOS"),
    "access point": ("Wisp", "WSP", "Wisp firmware"),
    "sensor": ("Ember", "EMB", "Ember firmware"),
}
"""Line -> family name, prefix of its error codes, name of its software."""


@dataclass(frozen=True)
class Product:
    """One model. ``ports`` are drive bays on storage and probes on sensors; ``poe_watts`` 0 means no PoE output."""

    code: str
    name: str
    line: str
    site: str
    eur: int
    usd: int
    ports: int
    gigabits: float
    poe_watts: int
    fanless: bool
    kilograms: float
    watts: int
    warranty_years: int
    note: str


# code | name | line | made at | EUR | USD | ports | Gbit/s | PoE W | cooling | kg | W | warranty | note
_PRODUCTS = """
HG100 | Heron G100 | gateway | Brno | 189 | 209 | 4 | 0.9 | 0 | fanless | 0.6 | 9 | 2 | Made for a shop or a home office of up to 25 people. There is no modem inside and rack ears do not fit it.
HG210 | Heron G210 | gateway | Brno | 349 | 379 | 6 | 1.8 | 0 | fanless | 0.9 | 14 | 3 | The usual choice for a branch office of up to 80 people, with a slot for one LTE module.
HG210P | Heron G210-P | gateway | Brno | 419 | 459 | 6 | 1.8 | 60 | fanless | 1.1 | 82 | 3 | The same board as the G210 with a larger supply, so that two access points can hang off it without injectors.
HG400 | Heron G400 | gateway | Guadalajara | 890 | 949 | 8 | 4.5 | 0 | fans | 2.4 | 38 | 3 | Two of them form a failover pair over a dedicated heartbeat port. Up to 300 site-to-site tunnels.
HG400P | Heron G400-P | gateway | Guadalajara | 1040 | 1120 | 8 | 4.5 | 120 | fans | 2.9 | 168 | 3 | Adds powered ports to the G400 and is otherwise configured in exactly the same way.
HG650 | Heron G650 | gateway | Guadalajara | 2450 | 2690 | 12 | 12.0 | 0 | fans | 5.2 | 95 | 5 | For headquarters and small data centres: hot-swappable supplies, 25 Gbit/s uplinks and full routing tables.
LS8 | Loom 8 | switch | Suzhou | 129 | 139 | 8 | 16.0 | 0 | fanless | 0.8 | 7 | 5 | A desk-side unit that takes its own power from an upstream port when no adapter is at hand.
LS8P | Loom 8-P | switch | Suzhou | 199 | 219 | 8 | 16.0 | 65 | fanless | 1.2 | 76 | 5 | Feeds four phones or two cameras, and can restart a hung device by cycling its port on a schedule.
LS24 | Loom 24 | switch | Suzhou | 389 | 419 | 24 | 56.0 | 0 | fanless | 2.7 | 21 | 5 | A quiet rack model for classrooms and open-plan floors, with four fibre uplinks.
LS24P | Loom 24-P | switch | Suzhou | 579 | 629 | 24 | 56.0 | 370 | fans | 4.1 | 430 | 5 | Powers a whole floor of phones and access points. The budget can be split by port priority.
LS48 | Loom 48 | switch | Suzhou | 749 | 799 | 48 | 176.0 | 0 | fans | 4.6 | 48 | 5 | Stacks with up to five others over a ring; the stack keeps one address and one configuration.
LS48P | Loom 48-P | switch | Suzhou | 1090 | 1190 | 48 | 176.0 | 740 | fans | 6.3 | 830 | 5 | Needs a 16 A circuit at full load. A second supply can be added without switching the unit off.
CS4 | Cairn S4 | storage | Brno | 690 | 739 | 4 | 2.5 | 0 | fans | 4.8 | 42 | 3 | Four bays for a small team. Drives are sold separately and slide in without tools.
CS8 | Cairn S8 | storage | Guadalajara | 1480 | 1590 | 8 | 10.0 | 0 | fans | 9.1 | 88 | 3 | A tower for the server cupboard, with two slots for flash cache and a front panel that locks.
CS8R | Cairn S8-R | storage | Guadalajara | 1690 | 1820 | 8 | 10.0 | 0 | fans | 11.5 | 96 | 3 | The rack version of the S8, 2U high, with redundant supplies and rails in the box.
CS12 | Cairn S12 | storage | Guadalajara | 3250 | 3490 | 12 | 20.0 | 0 | fans | 17.8 | 165 | 5 | Dual controllers with mirrored, battery-backed write cache. Firmware can be updated one controller at a time.
CS24 | Cairn S24 | storage | Guadalajara | 6900 | 7450 | 24 | 50.0 | 0 | fans | 27.4 | 310 | 5 | All-flash, for virtual machines and databases. It does not accept spinning disks.
WA1 | Wisp A1 | access point | Suzhou | 99 | 109 | 1 | 1.2 | 0 | fanless | 0.4 | 8 | 2 | A wall-plate unit for hotel rooms and dormitories, in white only.
WA3 | Wisp A3 | access point | Suzhou | 179 | 199 | 1 | 3.0 | 0 | fanless | 0.7 | 15 | 3 | Ceiling mounted, two radios, good for about 60 busy clients in one room.
WA3O | Wisp A3-O | access point | Suzhou | 289 | 319 | 1 | 3.0 | 0 | fanless | 1.3 | 17 | 3 | The outdoor A3: sealed to IP67, rated from -40 to 60 degrees Celsius, with a pole mount.
WA6 | Wisp A6 | access point | Suzhou | 449 | 489 | 2 | 9.2 | 0 | fanless | 1.2 | 26 | 3 | Three radios including 6 GHz, for lecture halls. It wants a 2.5 Gbit/s port to show what it can do.
ET1 | Ember T1 | sensor | Tarnby | 59 | 65 | 1 | 0.1 | 0 | fanless | 0.1 | 1 | 2 | Measures temperature only, to half a degree, and runs for three years on two AA cells.
ET2 | Ember T2 | sensor | Tarnby | 89 | 95 | 2 | 0.1 | 0 | fanless | 0.2 | 2 | 2 | Measures temperature and humidity at two points, front and back of a rack.
EW1 | Ember W1 | sensor | Tarnby | 119 | 129 | 1 | 0.1 | 0 | fanless | 0.3 | 2 | 2 | A leak rope of 3 m that reports water under raised floors within five seconds.
"""  # noqa: E501  a table reads best with one product a line


def _product(row: tuple[str, ...]) -> Product:
    code, name, line, site, eur, usd, ports, gigabits, poe, cooling, kilograms, watts, warranty, note = row
    numbers = (int(eur), int(usd), int(ports), float(gigabits), int(poe))
    return Product(
        code, name, line, site, *numbers, cooling == "fanless", float(kilograms), int(watts), int(warranty), note
    )


PRODUCTS = tuple(_product(row) for row in parse_rows(_PRODUCTS))

ACCESSORIES = parse_entries("""
# AC-1101 | Anti-static wrist strap, natural rubber | strap | 12
The band of this strap contains latex. It is softer and grips better than the synthetic band, and it is the one in the
standard service kit. People with a rubber allergy should not wear it. The coiled cord is 1.8 m long, with a 1 megohm
resistor and a 10 mm stud.
? anti-static strap that contains latex
? wrist band made of natural rubber
# AC-1102 | Anti-static wrist strap, latex-free | strap | 15
The band of this strap is latex-free: a woven polyester with silver thread, safe for people with a rubber allergy. It
grips a little less than the rubber band. The coiled cord is 1.8 m long, with a 1 megohm resistor and a 10 mm stud.
? anti-static strap without latex
? wrist band for a technician who is allergic to rubber
# AC-1211 | Patch cable Cat 6A, PVC jacket | cable | 4
A flexible patch cable with a PVC jacket, for desks and short runs in one room. It is not halogen-free, so it must not
be laid in escape routes or air ducts. Lengths from 0.5 to 20 m, in grey, blue and yellow.
? patch cable that is not halogen-free
? which cable may not go into an escape route
# AC-1212 | Patch cable Cat 6A, halogen-free | cable | 6
A patch cable with a halogen-free, low-smoke jacket, required in escape routes, hospitals and air ducts. It is stiffer
than the PVC version and bends to a radius of 30 mm. Lengths from 0.5 to 50 m, in grey, blue and yellow.
? patch cable without halogen
? network cable allowed in hospital corridors
# AC-1321 | Thermal pad set with silicone | pad | 9
Pads for controllers and radio modules. They contain silicone, which may creep out over the years and leave a film.
Do not use them near optical ports or relay contacts. Conductivity 6 W/mK, thickness 1.0 mm, six pieces.
? thermal pads containing silicone
? pads that should not be used near optics
# AC-1322 | Thermal pad set, silicone-free | pad | 11
Pads for controllers and radio modules without any silicone, so that nothing creeps onto optical ports or relay
contacts. They are firmer and must be pressed on. Conductivity 5 W/mK, thickness 1.0 mm, six pieces.
? thermal pads that do not contain silicone
? pads that are safe next to optical ports
# AC-1431 | Rail kit, tool-less | rails | 49
Rails that click into square-hole racks without screws or tools, 600 to 900 mm deep, for loads up to 40 kg. They do
not fit threaded racks. One person can mount a 2U unit in five minutes.
? rack rails that need no screws
? rails I can fit without a screwdriver
# AC-1432 | Rail kit, screw-fixed | rails | 39
Rails that are fixed with M6 screws; a screwdriver is needed and is not included. They fit threaded and round-hole
racks, 450 to 1000 mm deep, for loads up to 60 kg. Two people should do the mounting.
? rack rails that have to be screwed on
? rails for a threaded rack
# AC-1541 | Ceiling mount with magnets | mount | 24
A magnetic plate that holds a Wisp to suspended steel ceilings without drilling. Keep it away from pacemakers and
magnetic cards. The pull is enough for 2 kg. Not for outdoor use.
? ceiling mount with magnets
? hang an access point without drilling holes
# AC-1542 | Ceiling mount without magnets | mount | 19
A clip and screw mount that contains no magnets, for wards and laboratories where magnetic fields are not allowed. It
needs two 5 mm holes. The load is 3 kg. Also fits wooden and concrete ceilings.
? ceiling mount without magnets
? access point bracket for a ward where magnetic parts are banned
# AC-1651 | Wall adapter 54 V with surge protection | adapter | 53
A 65 W adapter with surge protection up to 6 kV, for places with overhead lines. The protection is spent after a strike
and the lamp then goes out; the adapter still works but is no longer protected. Cable 1.5 m.
? power adapter with surge protection
? adapter for a site that has overhead lines
# AC-1652 | Wall adapter 54 V, no surge protection | adapter | 39
A plain 65 W adapter without surge protection, for buildings whose distribution board already has an arrester. Smaller
and 14 euros cheaper than the protected one. Cable 1.5 m.
? power adapter that has no surge protection
? the cheaper adapter when the building already has an arrester
# AC-1761 | Console cable, driver required | console | 18
A USB to serial console cable for recovery work. It requires a driver on Windows, which is on the download page, and
works at once on Linux and macOS. Length 1.8 m, connectors USB-A and RJ45.
? console cable that needs a driver
? serial cable that has to be set up on Windows first
# AC-1762 | Console cable, driverless | console | 24
A USB-C to serial console cable for recovery work that needs no driver on any system, because it appears as a standard
modem. It is 6 euros dearer. Length 1.8 m, connectors USB-C and RJ45.
? console cable that works without a driver
? serial cable for a laptop where I may not install anything
# AC-1871 | Cleaning wipes with alcohol | wipes | 14
Wipes with 70% isopropyl alcohol for metal housings, connectors and rack doors. Never use them on the touch panel of
the Cairn or on clear plastic, which turns cloudy. Flammable. Tub of 100.
? cleaning wipes containing alcohol
? wipes for metal housings and connectors
# AC-1872 | Cleaning wipes, alcohol-free | wipes | 16
Wipes without alcohol, for touch panels, clear covers and painted plastic. They do not disinfect and they do not remove
flux. Not flammable, so they may travel as air freight. Tub of 100.
? cleaning wipes without alcohol
? what to clean the touch panel with so that it does not turn cloudy
# AC-1981 | Front door kit, lockable | door | 89
A perforated steel door for 12U wall racks with a cylinder lock and two keys. Choose it wherever the public can reach
the rack. Replacement keys are ordered with the number on the lock. Weight 3.4 kg.
? rack door with a lock
? door for a rack that the public can reach
# AC-1982 | Front door kit, not lockable | door | 71
A perforated steel door for 12U wall racks with a magnetic catch and no lock. Meant for rooms that are locked
themselves. It opens to either side. Weight 2.9 kg.
? rack door that cannot be locked
? door with a catch and no keys
""")
