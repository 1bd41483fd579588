"""How-to articles: what customers set up, repair and move."""

from __future__ import annotations

from monitor.demo.tables import parse_entries

HOWTOS = parse_entries("""
# site-to-site-tunnel | gateway | Set up a site-to-site tunnel between two Herons
Register both gateways in the same Beacon organisation, then open Network, Tunnels, New. Pick the two sites and the
subnets to share. Beacon generates the keys and pushes them; nothing has to be typed on the devices. The tunnel is up
when both lamps turn green, usually within a minute. Overlapping subnets must be renumbered first.
? how do I connect two offices over an encrypted link
? link our branch to headquarters securely
? vpn between two locations, where do I begin
# failover-pair | gateway | Run two gateways as a failover pair
Connect the heartbeat ports with a short cable and choose one unit as primary. The standby copies the configuration and
takes over within four seconds when the primary falls silent. Update the standby first, switch over, then update the
other. Open sessions survive, phone calls drop for a moment.
? second unit should take over when the first one dies
? high availability for the router
? is there a way to survive a hardware failure at the edge
# lte-backup | gateway | Use mobile data when the line is down
Insert the LTE module with the power off and place both antennas away from metal. Under Uplinks, drag Mobile below the
fixed line. Probes to two targets decide when the line counts as dead. Set a monthly cap, because a backup that carries
guest traffic can use up a data plan in a day.
? keep us online if the fibre is cut
? cellular fallback for internet
? how does the switch to mobile data get triggered
# guest-portal | gateway | Give visitors their own network with a welcome page
Create a network with the type Guest. Visitors see a welcome page, accept the terms and get eight hours of access. They
cannot reach printers or file shares. Upload a logo and terms in each language that your visitors read. Vouchers can be
printed in batches at reception.
? separate wifi for visitors
? let customers online without seeing our printers
? splash screen with terms of use
# traffic-shaping | gateway | Keep calls clear when the line is full
Turn on shaping and enter the true speed of the line, measured at night and reduced by five percent. Voice and video
then come first, backups last. Without the true speed the queue builds up at the provider, where the gateway cannot
sort it, and calls stutter although shaping is on.
? phone calls stutter whenever somebody uploads
? prioritise voice over downloads
? teams meetings are choppy in the afternoon
# content-filter | gateway | Block categories of web sites
Assign a filter profile to a network. Blocked pages show a notice with a button that asks the administrator for an
exception. Encrypted lookups bypass the filter unless resolver blocking is switched on too. Changes reach all gateways
within a minute; browsers may remember an old answer for an hour.
? stop pupils from opening gambling pages
? web filtering for a school
? how do I forbid certain sites
# vlan-trunk | switch | Carry several networks over one cable
Set the port to Trunk on both ends and list the networks that may pass. The native network must be the same on both
sides, otherwise untagged frames leak from one network into the other. Beacon draws a red line between two switches
whose lists differ.
? multiple vlans on a single uplink
? tagged ports between two switches
? why does the topology map show a red connection
# stacking | switch | Join Loom 48 units into a stack
Cable the units in a ring, power up the one that shall lead, and add the others one by one. Each takes the lead unit's
software, which restarts it once. The ring keeps working when one cable is pulled. Mixed software versions are refused
until all units have been brought to the same release.
? make several switches behave as one
? ring cabling order for stacked units
? add another member to an existing stack
# port-mirror | switch | Copy a port's traffic to an analyser
Choose a source and a destination port under Tools, Mirror. The destination stops being an ordinary port. If the source
carries more than the destination can, frames are dropped silently from the copy, never from the original. Mirroring
ends by itself after 24 hours.
? sniff packets on one port
? capture traffic with wireshark from the switch
? send a duplicate of frames to a probe
# poe-schedule | switch | Restart a hung camera by cycling its power
Open the port, choose Watchdog and enter the address of the camera. After three unanswered probes the port cuts power
for ten seconds. A limit of four cycles an hour keeps a broken camera from flapping all night. Each cycle is written to
the event log.
? camera freezes and someone has to unplug it
? automatically power cycle a device
? reboot an ip phone remotely through its port
# loop-guard | switch | Find and stop a loop
When somebody plugs both ends of a cable into the wall, broadcast traffic fills the network. Loop guard shuts the newer
of the two ports and names it in the event list. Remove the cable and press Release. Do not turn the guard off on edge
ports: it costs nothing in normal operation.
? network storm after a cleaner plugged a cable in
? everything became slow and all lamps blink together
? port was shut automatically, how to release it
# create-share | storage | Create a file share with quotas
Under Storage, Shares, press New, choose a dataset and set the quota. Give rights to groups, not to persons. Users who
reach nine tenths of their quota receive a mail; at the limit, writing stops but nothing is deleted. Snapshots do not
count against the quota.
? shared folder for a department with a size limit
? limit how much space each person can use
? who should get permissions, individuals or groups
# replace-drive | storage | Replace a failed drive
Look for the amber lamp and check the bay number on the screen. Pull the carrier halfway, wait for ten seconds until
the disk has stopped, then take it out. Slide in a drive of at least the same size. Rebuilding begins by itself and
takes about two hours per terabyte. Do not swap a second one meanwhile.
? disk died, how do I swap it
? amber light on a bay
? how long will the rebuild last
# snapshots | storage | Get back a deleted file from a snapshot
Snapshots are taken hourly and kept for two weeks. In the share, open Previous versions, or the hidden folder
.snapshots over SFTP. Copy the file back; do not roll back the whole dataset, because that throws away everybody's
later work. A snapshot is no backup: it lives on the same disks.
? somebody erased a spreadsheet yesterday
? restore an earlier version of a document
? undelete files from the nas
# replication | storage | Replicate a dataset to a second Cairn
Pair the units with a one-time code, then choose datasets and an interval. The first pass can be seeded by carrying the
drives over. Later passes send only changed blocks. If the link breaks, the pass resumes where it stopped. Test the copy
every quarter by mounting it read-only.
? off-site copy of our data
? mirror the nas to another building
? first synchronisation over a slow link takes weeks
# encrypt-dataset | storage | Encrypt a dataset and keep its key safe
Encryption is chosen when a dataset is created and cannot be added later. The key file is shown once: store it in the
company safe and in a password manager. After a power cut the dataset stays locked until the key is given. Larkmoor
cannot open a dataset whose key is lost.
? protect stored data in case the box is stolen
? lost the key file, can support unlock it
? encryption at rest
# site-survey | access point | Plan where the access points go
Walk the building with the Beacon app and press a button in each room. The app draws a heat map and proposes places.
Thick walls, lifts and shelves full of paper swallow more signal than the plan suggests. Aim for -67 dBm where people
make calls, and overlap neighbouring cells by a fifth.
? how many wifi antennas do we need for this floor
? bad reception in the corner office
? heat map of signal strength
# roaming | access point | Make phones roam without dropping calls
Turn on fast transition and give all access points the same network name. Lower the transmit power rather than raising
it: a phone that hears a far unit loudly will cling to it. Old barcode scanners may refuse fast transition; give them
their own network.
? calls drop when walking down the corridor
? handheld scanners will not hand over between cells
? device sticks to a distant antenna
# mesh-link | access point | Reach a building without a cable
Two outdoor units can form a wireless link of up to 300 m with a clear line of sight. Pair them on the bench before
mounting. Expect half of the speed of a cable. Trees that are bare in winter will be in leaf in May, so test in summer
or trim them.
? internet for the shed across the yard
? no conduit between the two halls
? wireless link outdoors, how far
# radius-login | access point | Sign in to wireless with staff accounts
Add the identity provider under Access, Directory, and choose Enterprise as the security of the network. Each member of
staff signs in with name and password or with a certificate. When somebody leaves, disabling the account ends the
access within ten minutes; no shared password has to be changed.
? one password for everyone is a risk, alternatives
? employee left, how to cut wireless access
? certificates for laptops on the office network
# rack-sensors | sensor | Watch a server cupboard for heat and water
Place one probe at the top front and one at the back; lay the leak rope along the lowest edge. Set the warning at 28
degrees and the alarm at 33. A cupboard with a closed door warms by ten degrees in a quarter of an hour when its fan
stops, so let the alarm ring a phone.
? alert me if the cabinet overheats
? water under the raised floor
? sensible temperature limits for a comms room
# sensor-battery | sensor | Change the cells of a sensor
Open the lid with a coin. Use lithium cells in cold rooms; alkaline cells fail below five degrees. Press the button
after closing, so that the counter in Beacon starts anew. The sensor buffers a week of readings while it is without a
network, but none while it is without power.
? battery low message from the thermometer
? which cells work in a cold store
? are readings lost during a power change
# claim-device | beacon | Add a new device to Beacon
Scan the code under the device with the app, or type the serial number and the activation word into the console. The
device shows up grey, fetches its settings and turns green. A unit that still belongs to another organisation has to be
released by its owner first; support can do so against proof of purchase.
? onboard newly bought hardware
? second-hand unit says it belongs to someone else
? register a serial number in the cloud console
# roles | beacon | Give colleagues the rights they need
Beacon has four roles: viewer, operator, administrator and owner. Operators may restart devices and close alerts but
cannot change networks. Give external technicians a role with an end date. There must always be at least two owners,
in case one leaves.
? contractor needs temporary access
? what may an operator do
? someone should see dashboards but change nothing
# alert-rules | beacon | Stop alert noise without missing real trouble
Group alerts by site, so that one dead line does not send forty messages. Add a delay of five minutes for wireless
clients, none for power. Route night alerts by phone and the rest by chat. Review the ten loudest rules each month and
delete those that nobody acted on.
? too many notifications at night
? forty mails when one line fails
? only wake someone for serious problems
# api-token | beacon | Call the Beacon API from a script
Create a token under Settings, Developers, and copy it at once: it is shown a single time. Send it in the Authorization
header. Each token may make 600 calls a minute; beyond that the answer is 429 with the seconds to wait. Use one token
per script, so that each can be withdrawn alone.
? automate things with python
? too many requests, how long should the program wait
? rest interface authentication
# two-factor | beacon | Turn on the second factor for everybody
An owner can demand a second factor for the whole organisation. People have a week to enrol an authenticator app or a
security key. Print the recovery codes. Whoever loses phone and codes needs two owners to vouch for them; support alone
cannot reset it.
? lost my phone and cannot sign in
? enforce mfa for the team
? authenticator app enrolment
# move-org | beacon | Move devices to another organisation
Select the devices and choose Transfer. The receiving owner has 72 hours to accept. Settings travel along if both sides
agree, history does not. Licences stay where they were bought. This is the way to hand over a site when a company is
sold.
? we sold a subsidiary, hand over its equipment
? transfer ownership of hardware
? does history go along when a site changes hands
# usage-invoice | tally | Read a usage invoice
Each line shows the meter, the quantity, the price step and the share of the month. Quantities are rounded only once,
at the end. If a meter was corrected afterwards, the difference appears on the next invoice as its own line, never as a
change of an old one. A click on a line opens the readings behind it.
? what do the lines on my bill mean
? how is a partial month charged
? correction to last month's consumption
# change-plan | tally | Change the plan in the middle of a month
An upgrade starts at once and is charged for the remaining days. A downgrade starts with the next month. Annual plans
can only be raised until renewal. The preview shows the exact amount before you confirm; nothing is charged by looking.
? upgrade subscription now, what does it cost
? go to a smaller package
? can an annual plan be reduced early
# dunning | tally | Set up reminders for unpaid invoices
Choose up to three reminders and their distance in days. The first should be friendly and carry the invoice again:
half of late payers simply never received it. Exclude disputed invoices, otherwise a machine argues with a customer who
already talks to a person.
? chase customers that pay late
? automatic payment reminders
? do not remind somebody who contests the amount
# export-ledger | tally | Export bookings to accounting
Tally writes a file a month in the format of your accounting system, with cost centres if they are kept. The file is
final after the fifth working day. A second export of the same month carries a new sequence number, so that nothing is
booked twice.
? get the numbers into our bookkeeping software
? monthly journal file
? avoid double booking after a repeated export
""")

RESETS = {
    "gateway": ("hold the button at the back for twelve seconds until the lamp turns violet", "static uplink settings"),
    "switch": ("press Mode while connecting the power and let go when all port lamps light up", "stack membership"),
    "storage": ("insert a paper clip next to the display and confirm on the panel", "accounts, but never any data"),
    "access point": ("push the recessed pin for eight seconds until the ring blinks", "mesh pairing"),
    "sensor": ("take out the cells, keep the button down and put them back", "the calibration offset"),
}
"""Line -> how its devices are reset, and what is lost."""

OFFLINE_UPDATES = {
    "gateway": ("a stick formatted as FAT32", "six minutes", "keeps routing until the last restart"),
    "switch": ("the console port with the file transfer tool", "nine minutes", "stops forwarding for forty seconds"),
    "storage": ("the update volume over the management port", "twenty minutes", "keeps its shares open meanwhile"),
    "access point": ("a laptop in the same network segment", "four minutes", "sends its clients to the neighbours"),
    "sensor": ("the phone app over short-range radio", "two minutes", "buffers its readings"),
}
"""Line -> how software gets onto a device that has no internet, how long it takes, what the device does meanwhile."""
