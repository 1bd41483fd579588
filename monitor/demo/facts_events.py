"""What happened: releases, incidents, returned devices, and surveys of customers' rooms."""

from __future__ import annotations

from monitor.demo.tables import parse_entries, parse_rows

# product | feature | a question that it answers; the order is the order of the versions
FEATURES = parse_rows("""
HeronOS | resolver blocking, which keeps browsers from going around the content filter | stop browsers that bypass the web filter
HeronOS | failover pairs that keep sessions alive during a switch | connections survive when the standby takes over
HeronOS | a wizard for mobile backup with a monthly cap | limit how much mobile data the backup line burns
HeronOS | tunnels that find each other behind a provider's shared address | tunnel behind carrier nat, since when
HeronOS | per-person speed limits on guest networks | slow down a visitor who downloads films
HeronOS | scheduled firewall rules that end on a date | rule that expires automatically
HeronOS | post-quantum key exchange for tunnels | quantum safe encryption
HeronOS | a packet recorder that runs in the browser | record packets from the web page
LoomOS | port watchdogs that restart a silent device | switch reboots silent cameras
LoomOS | stack updates without interrupting the ring | update a whole stack with no outage
LoomOS | power budgets by priority | give phones precedence when electricity is short
LoomOS | cable tests with the distance to the break | locate where a wire is broken
LoomOS | an event for transceivers that are ageing | warn before an optical module dies
LoomOS | lamps that can be turned off at night | blinking lights disturb the bedroom
LoomOS | private ports for guest rooms | isolate hotel rooms from each other
LoomOS | precise time for audio and video studios | clock synchronisation for a studio
CairnOS | previous versions in the file manager | see older copies in windows explorer
CairnOS | replication that resumes after a broken link | copy job continues after a line failure
CairnOS | immutable snapshots against extortion | protection from ransomware
CairnOS | a flash cache that survives a restart | cache warm after reboot
CairnOS | quotas for groups | group limits on disk space
CairnOS | updates of one controller at a time | patch the twin-controller unit during the day
CairnOS | object storage with version history | s3 compatible buckets
CairnOS | key rotation without downtime | change the encryption key while in use
Wisp firmware | fast transition for staff networks | quicker handover between antennas
Wisp firmware | heat maps drawn from client reports | coverage map without walking around
Wisp firmware | automatic power levels at night | turn the radios down when nobody is there
Wisp firmware | channels that avoid radar by season | fewer radar hits in autumn
Wisp firmware | individual keys for shared networks | each tenant with a separate wifi key
Wisp firmware | location of badges to within 3 m | find a badge inside the building
Wisp firmware | wide channels on the 6 GHz band | more speed on 6 ghz
Wisp firmware | mesh links that measure leaves and rain | link quality and weather
Beacon | roles with an end date | access that runs out for a contractor
Beacon | maps with floors | floor plans in the console
Beacon | chat notifications with a button to close the alert | acknowledge an alarm from chat
Beacon | a log of who changed what, with undo | who altered the setting and take it back
Beacon | monthly reports by mail | send a summary to the boss every month
Beacon | simulation of a change before it is sent | try a configuration without risk
Beacon | questions in plain words over the event list | ask the console in natural language
Beacon | a table beside the topology map for screen readers | topology for blind users
Tally | invoices in two languages | bilingual bill
Tally | cost centres on every line | split costs by department
Tally | reminders that leave out disputed amounts | no dunning for contested bills
Tally | structured electronic invoices for public bodies | e-invoice for government
Tally | price steps that start in the middle of a month | tiered price from the fifteenth on
Tally | forecasts of the month's total | predict what we will owe
Tally | prepaid balances with a floor | top up before the balance runs dry
Tally | carbon figures for each subscription | co2 on the bill
""")  # noqa: E501  a table reads best with one feature a line

FIXES = {
    "HeronOS": (
        "A tunnel with more than 64 subnets no longer restarts every night.",
        "Guest vouchers printed in summer show the right hour.",
        "The modem reconnects after a change of SIM.",
        "Large answers of a resolver are no longer cut.",
        "The standby keeps its name after an update.",
        "Speed tests do not count towards the cap.",
    ),
    "LoomOS": (
        "A stack of six no longer elects two leaders after a power cut.",
        "Counters do not go back to zero at four billion.",
        "The fan rests when the room is below 15 degrees.",
        "Mirroring stops when the destination is unplugged.",
        "Phones of one maker get their voice network at once.",
        "The console cable works at all speeds again.",
    ),
    "CairnOS": (
        "A full share no longer blocks the clean-up of snapshots.",
        "Rebuild progress is shown in hours instead of blocks.",
        "Time Machine finds its share after a change of name.",
        "Drives that sleep are not reported as lost.",
        "The panel dims after ten minutes.",
        "Replication reports the true amount left.",
    ),
    "Wisp firmware": (
        "Old scanners stay connected while fast transition is on.",
        "The ring light stays off when it was turned off.",
        "A client that leaves is forgotten after five minutes, not after an hour.",
        "Directory servers are asked in turn.",
        "Outdoor units start at minus forty degrees.",
        "Hidden networks appear in surveys.",
    ),
    "Beacon": (
        "Lists with more than a thousand devices scroll smoothly.",
        "Alerts of deleted sites are gone.",
        "The time zone of a site is used in its reports.",
        "A transfer that was refused can be offered again.",
        "Exports keep leading zeros of serial numbers.",
        "Sign-in with a security key works on tablets.",
    ),
    "Tally": (
        "Credit notes show the invoice that they belong to.",
        "Rounding happens once, at the end.",
        "A card that expired is named in the mail.",
        "The tax register is asked again when it was down.",
        "Very long company names no longer cover the total.",
        "Exports are sorted by booking day.",
    ),
}
"""Product -> small repairs, two of which go into each release."""

INCIDENTS = parse_entries("""
# expired-certificate | Beacon | Sign-in failed after a certificate ran out
A certificate of the sign-in service expired at midnight. Its reminder went to a mailbox of somebody who had left. It
was renewed by hand. Certificates are now renewed by a machine, and two people get the warning.
? nobody could log in because a certificate ran out
# bad-rollout | HeronOS | Gateways restarted in a loop after an update
A release read a settings file that only exists on devices installed after 2024. Older ones restarted every two minutes.
The rollout was stopped at six percent. The test rack now has one device of every year.
? older routers kept rebooting after a rollout
# double-charge | Tally | Cards were charged twice
A retry after a time-out at the bank was taken for a new payment. 212 customers were charged twice and got their money
back within two days. Each payment now carries a key that makes repeats harmless.
? customers paid the same amount two times
# full-disk | Beacon | Telemetry lost because a disk was full
A debug log that had been left on filled a disk of the ingest tier. Events were dropped for some sites. The log now
has a limit, and the alarm rings at eighty percent instead of at ninety-five.
? events got lost since a log was left switched on
# dns-typo | Beacon | Console unreachable after a typing error in a zone
A missing dot in a zone file sent users of one region to an address that did not exist. It was seen after nine
minutes by a customer, not by us. Zone changes are now checked by a second pair of eyes and a script.
? missing dot made the console unreachable
# crane | plant | Line stopped by a cut fibre
A crane on the neighbouring ground tore the fibre of the plant. The mobile backup carried the office but not the test
bench. Units waited for their signatures. The bench now has a line of its own.
? excavation work cut the plant's connection
# heat | plant | Burn-in stopped because the cooling failed
A compressor of the cooling failed in a heat wave. The burn-in room reached 41 degrees, and 118 units had to start their
test anew. A second compressor was rented and later bought.
? production interrupted by a hot summer
# wrong-label | plant | Devices shipped with another unit's label
After a roll of labels was changed, the printer was one position off. 64 switches went out with the serial number of
their neighbour. Customers swapped labels by mail. The camera now reads the label after printing.
? serial numbers were mixed up on shipped goods
# slow-query | Beacon | Dashboards slow on Monday mornings
A report that many organisations run on Mondays scanned the whole history. Dashboards took forty seconds. The report now
reads daily figures, and heavy reports have a queue of their own.
? why was the console slow at the start of the week
# key-leak | security | A token was published in a sample script
A sample in the public repository contained a working token of a test organisation. It was withdrawn after 31
minutes. No customer was touched. Samples are scanned before they are published.
? secret accidentally put on the internet
# radar-storm | Wisp firmware | Access points changed channels all night
A weather radar with a new pulse was seen by all units along a coast at once. They changed channels until none was left.
A corrected pattern was sent the next day. Field data of rare radars is now part of the tests.
? wireless units kept hopping along the coast
# backup-restore | Tally | Restore took longer than promised
A broken index made it necessary to restore the billing data. The backup was good, but reading it took six hours instead
of two. Restores are now rehearsed each month with the clock running.
? recovering billing data was slower than planned
# phishing | security | A clerk's mailbox was taken over
A mail that looked like a parcel notice led a clerk to a copy of our sign-in page. Invoices with another bank account
were sent to three customers; one paid, and the bank stopped the transfer. Security keys became a duty for finance.
? fake bills sent from an employee's account
# power-cut | plant | A generator did not start
In a power cut the generator of the plant did not start, since its starter cell was old. The line stood still until the
grid came back. The test run is now weekly and under load.
? emergency power did not come on
""")

# place in the room | detail of a survey; each detail appears in few surveys
SURVEY_DETAILS = parse_rows("""
on top of the cabinet | a grey cat is asleep | survey picture with a cat
beside the door | a wooden ladder leans against the wall | a ladder next to the entrance
behind the rack | a bucket stands under a damp patch | bucket catching water
on the second shelf | a cactus grows in a coffee cup | potted plant in a mug
above the window | a clock has stopped at ten past four | clock that no longer runs
under the raised floor | a red cable is laid loosely across the others | red cable on the floor
on the left wall | somebody has painted a lighthouse | mural of a lighthouse
in the corner | two bicycles are chained together | bicycles kept in the equipment room
at eye height | a handwritten note says do not switch off | note warning not to power down
near the ceiling | a bird's nest sits on the cable tray | nest on the tray
in front of the cupboard | a stack of paper reams blocks the air intake | paper blocking the ventilation
on the patch panel | port 17 has no cap | uncovered socket on the panel
next to the socket | a kettle is plugged into the protected circuit | kettle on the ups circuit
inside the door | the key hangs on a green ribbon | key on a ribbon
at the bottom | a yellow label is stuck on upside down | upside-down label
over the radiator | wet umbrellas are hung to dry | umbrellas drying
on the right | a fire extinguisher has passed its date | outdated extinguisher
by the lift shaft | a fan with three blades wobbles | wobbling fan
""")

RETURN_SYMPTOMS = (
    "no lamp lights up",
    "restarts every few minutes",
    "one port is dead",
    "the fan grinds",
    "smells burnt after a thunderstorm",
    "display shows half of the text",
    "loses its settings when unplugged",
    "housing is dented from transport",
)

RETURN_OUTCOMES = (
    "swapped under warranty",
    "repaired and sent back",
    "no fault found, returned after a two-day test",
    "refused, because the seal had been opened",
    "credited, since the model is no longer made",
)
