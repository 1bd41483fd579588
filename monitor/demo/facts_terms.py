"""In-house acronyms, words with several senses, and frequent questions."""

from __future__ import annotations

from monitor.demo.tables import parse_entries

GLOSSARY = parse_entries("""
# FRB | Firmware Release Board
Five people who decide on Tuesdays whether a build goes to customers. Quality, support and security each hold a veto.
Minutes are published the same day.
? when does the FRB meet
? who has a veto in the FRB
# RTU | Ready To Unpack
The state of a unit that has been tested, labelled and claimed for a customer, so that nothing but plugging in is left.
Field engineers may refuse a delivery that has not reached it.
? unit is not RTU, may the engineer refuse it
? what makes a delivery RTU
# DUA | Dead Upon Arrival
A device that does not start at the customer within ten days of delivery. It is swapped, never repaired, and the swap
is booked on the plant that built it.
? who pays for a DUA
? DUA swap or repair
# GLC | Golden Configuration
The configuration that a site is supposed to have. Nightly comparison finds devices that have wandered away from it, and
lists the differences.
? site drifted from its GLC
? how often is the GLC compared
# SNAG | Short Notice of A Gap
A one-page note by support that tells engineering what customers lack. It has no template on purpose. Ten of the same
kind open a project.
? how many SNAGs before something gets built
? who writes a SNAG
# PIP | Price Increase Proposal
The form with which product management asks to raise a list price. It needs three competitors' prices and is decided by
finance within two weeks.
? raise a list price, where is the PIP
? who decides on a PIP
# TAM | Turn-Around Minutes
The time from the arrival of a returned device to its departure. The target of the repair centre is 960, which is two
working days.
? TAM target for the repair centre
? our TAM is above 960
# QBH | Quiet Before Holiday
The weeks in which no change goes to production: mid December to the sixth of January, and the first half of August.
Security fixes are exempt.
? can I deploy during QBH
? QBH dates in summer
# LOFT | List Of Forbidden Tools
Software that must not be installed on company machines, with the reason and the permitted alternative. Kept by the
security team.
? is this program on the LOFT
? alternative to something on LOFT
# OWL | On-call Watch Lead
The person who leads the response at night. Only the OWL may wake the directors. The rota changes on Mondays at nine.
? who is OWL tonight
? may the OWL wake a director
# CRAB | Customer Risk And Balance
A score from 0 to 100 which sales sees before it grants payment terms. Under 40 only prepayment is possible.
? CRAB under 40, which terms
? what does the CRAB score tell sales
# BOAT | Bill Of Assembly Things
The parts list of a device as it was really built, with the lot of every component. The planned list is something else.
? find the lot in the BOAT
? BOAT of a serial number
# MIST | Monthly Inventory Stock Take
The count of all goods on the last Thursday of the month. The warehouse ships nothing until noon on that day.
? no shipping because of MIST
? when is the next MIST
# SPOC | Site Point Of Contact
The person at a customer's site who can open the door and read a label to us by phone. Each site in Beacon has one and a
deputy.
? site has no SPOC
? deputy of the SPOC
# HALO | Hardware Age Limit Order
The decision that a model gets no software any more. It is announced eighteen months before and is never withdrawn.
? HALO for old models, how much notice
? was a HALO ever taken back
# KELP | Known Error, Live Patch
A fault that has been fixed in memory of running devices but not yet in a release. It comes back when the device
restarts.
? error returns after reboot, is it a KELP
? list of open KELPs
# ROOK | Record Of Our Keys
The ledger of signing keys: who holds each half and when it is changed. It is on paper in two safes.
? who can open the ROOK
? where is the ROOK kept
# TERN | Temporary Export Restriction Notice
Tells shipping that a country is on hold. Orders that are packed already are stopped too. Legal lifts it in writing.
? packed order and a TERN arrives
? who lifts a TERN
# FERN | Field Engineer Report Number
Every visit gets one, written FR and six digits. Without it the hours can't be billed.
? hours not billed, no FERN
? format of a FERN
# LARK | Loan And Return Kit
The suitcase that sales lends to prospects for thirty days: one of each small device, with a prepaid label for the way
back.
? prospect wants a LARK for a month
? what is inside the LARK
# ADIT | Annual Deep Inspection Time
The two days a year on which a plant stands still and everything is measured. Planning avoids them for big orders.
? plant closed for ADIT
? how long does ADIT take
# CAIRN-Z | Zone of zero-touch storage
Storage that is installed by the customer and run by us. Nobody but the duty team may change settings, not even the
owner.
? can the owner change CAIRN-Z settings
? who runs CAIRN-Z
# PRAM | Partner Revenue And Margin
The quarterly statement for resellers. Margin is paid on what the customer has paid, not on what was ordered.
? when do resellers get the PRAM
? PRAM shows less than we ordered
# VOLE | Volume Of Lost Events
The number of telemetry events that never reached the cloud, per million. Over 50, the connection team is called.
? VOLE went over 50
? VOLE per million, who is called
# SORB | Statement Of Return Benefits
Shows a customer what is credited for old hardware that is handed in with an order. Valid for 45 days.
? how long is a SORB valid
? SORB for old hardware
# DOCK | Delivery On Customer's Key
Delivery into a locked room with a key that the customer left with the carrier. Needs a signed form and is not possible
abroad.
? DOCK abroad
? form for DOCK
# EEL | Early Experience List
Customers that get releases two weeks before all others and have promised to report. Leaving is possible at any time.
? leave the EEL
? join the EEL for early builds
# GRIT | Global Repair Index Target
The share of devices that do not come back within a year of repair. The target is 97 percent.
? GRIT below 97
? which share is GRIT
""")

SENSES = parse_entries("""
# pool-storage | storage | Storage pool: how drives are combined
A pool is the set of drives from which a Cairn cuts its datasets. A pool with double parity survives two failed drives.
It can grow by a whole group of drives, but no group can ever be taken out. Keep a fifth of it free, or writing slows.
? grow the pool with more drives
? how full may a pool get
# pool-address | gateway | Address pool: what devices get when they join
The pool is the range from which a gateway gives addresses to laptops and phones. When it is used up, newcomers get
none. Widen the range or shorten the time that an address is kept. Printers should stand outside it.
? pool is exhausted and new laptops get no address
? keep printers out of the pool
# pool-car | company | Pool cars at Whitehaven and Brno
Six pool cars can be booked in the intranet by everyone with a licence. Bring the car back charged. Private detours are
not allowed; fines are paid by the driver. The key hangs at reception and the logbook lies in the glove box.
? book a pool for tomorrow's customer visit
? who pays a fine with a pool car
# pool-swim | company | Swimming pool at the Brno campus
The pool in the sports building is open to staff and families from 6 to 9 and from 16 to 21. A badge is needed.
Children under ten swim with an adult. It is closed in the week of the annual inspection.
? is the pool open on weekday mornings for families
? children in the pool at the campus
# claim-warranty | company | Make a warranty claim
A claim starts with the serial number, a photo of the label and one sentence on what is wrong. Most claims are decided
on the same day. The replacement leaves before the broken unit comes back if a card is on file.
? my claim for a broken device, what do you need
? how fast is a claim decided
# claim-token | beacon | Claims in a Beacon sign-in token
The token that Beacon issues carries claims: subject, organisation, role and expiry. Services must check the issuer and
the audience and must not trust the role claim for longer than ten minutes. Custom claims start with lm_.
? which claim holds the role of a user
? custom claims in the token
# claim-travel | company | Claim travel expenses
Claims for trips go into the expenses tool within thirty days, with receipts over 15 euros. A meal allowance is paid
without receipts. Claims in other currencies are converted at the rate of the travel day.
? claim for a hotel night in another currency
? deadline for expense claims
# bridge-network | gateway | Bridge two ports into one segment
A bridge joins two ports so that devices behind them are in one segment. The gateway then only looks at traffic inside
it if inspection is on. Never bridge the uplink with an inner port: that puts the office straight on the internet.
? should I bridge the uplink with the office port
? put two ports in one segment with a bridge
# bridge-call | company | Dial into the incident bridge
The bridge is the conference call that opens with every serious incident. The number is on the badge card. Say your name
and part once, mute, and speak when asked. The scribe writes down decisions, not opinions.
? number of the bridge when something is on fire
? who takes notes on the bridge
# bridge-loan | company | Bridge financing for large orders
Customers who wait for public money can get a bridge of up to six months through our bank partner. The hardware stays
ours until it is repaid. The interest is shown in the offer. Finance decides within a week.
? bridge until the grant is paid out
? interest on a bridge
# lease-address | gateway | How long an address lease lasts
A lease is the time for which a device may keep its address; the default is a day. Devices ask for renewal at half time.
In cafes set it to an hour, so that the addresses of guests who left become free.
? shorten the lease in a cafe
? lease time default
# lease-hardware | company | Lease hardware instead of buying it
Under a lease of 36 or 48 months, the monthly rate covers hardware, exchange and disposal. At the end units go back, can
be kept for a tenth of the price or are replaced. Early exit costs two rates.
? end of the lease, can we keep the units
? leave a lease early
# lease-office | company | Office lease in Whitehaven
The lease of the Quay House runs until 2031 with an option for five years. Rent rises with the index. The landlord pays
for the roof and windows, Larkmoor for everything inside. Subletting needs consent in writing.
? until when does the lease of Quay House run
? may we sublet under the lease
# port-switch | switch | Port lamps and what they say
Green means linked, amber means that a port was shut, blinking means traffic. A port that shows nothing may be turned
off by its schedule. Hold Mode for a second to switch the lamps from link to power.
? amber port lamp
? port shows no light at all
# port-firewall | gateway | Open a port to a server inside
Forward a port only if a tunnel is no option. Name the source addresses, choose a high number outside and set an end
date. Beacon warns each month about forwarded ports that nobody used.
? open a port from outside to our server
? unused port forwarding warning
# port-harbour | company | Goods through the port of Gdansk
Containers from Suzhou reach the port on Wednesdays. Customs takes two days, the truck to Brno another. If the port is
closed by wind, tell the big customers at once instead of waiting for a new slot.
? container stuck at the port because of wind
? on which day do goods reach the port
# seat-licence | beacon | Seats: who counts as a user
A seat is a person who signed in during the month. Viewers are free. Seats are pooled over all sites. When more people
sign in than seats were bought, nobody is locked out, but the difference is invoiced.
? do viewers take a seat
? more people than seats
# seat-office | company | Book a seat in the open office
Seats in Whitehaven are booked by noon of the day before. Zone A is quiet. A seat that is not taken by ten is free for
all. Fixed seats exist for people with medical needs; ask the office team.
? quiet seat for tomorrow
? seat not taken by ten o'clock
# key-crypto | storage | Rotate a dataset's key
The data key never changes; the key that wraps it can be rotated at any time in a second. Rotate when somebody who held
it leaves. Keep the old key until all replicas have taken over the new one.
? rotate the key after a colleague left
? keep the old key or throw it away
# key-rack | company | Keys for racks and cages
Rack keys hang in the cabinet at the loading dock and are signed out with the badge. A lost key is reported within the
hour, and the cylinder is changed at the cost of the department.
? lost the key of a cage
? sign out a rack key
# credit-note | tally | Credit on an account
A credit is money that we owe the customer, from a service level that was missed or a return. It is set off against the
next invoice by itself and can be paid out on request when a contract ends.
? pay out credit at the end of the contract
? where does my credit show up
# credit-photo | company | Credit for pictures
Press photos may be used free of charge with the credit Larkmoor and the photographer's name. Drone shots of plants need
the consent of security. Do not crop the credit away.
? which credit goes under a press picture
? photo use and credit line
""")

FAQ = parse_entries("""
# delivery-time | company | How long does delivery take?
Small devices leave the warehouse on the next working day, storage units within a week because they are tested for two
days before they are packed. Remote islands take longer. You get a link with the route as soon as the truck has left.
? when will my parcel arrive
? shipping duration for big units
# invoice-address | tally | Can we change the address on an invoice?
Yes, until the month is closed. Write to the billing team or change it yourself under Account. A closed invoice is
cancelled and issued again with a new number, since the law forbids editing it.
? wrong company name on the bill
? correct billing details
# offline-mode | beacon | Do devices work without the cloud?
Yes. All of them keep running with their last settings for as long as you like. What stops is the dashboards, alerts and
changes. History of up to a week is sent later when the connection returns.
? what happens if your servers are down
? does the router depend on an internet service
# data-location | beacon | Where is our data kept?
Telemetry of European customers lies in Frankfurt with a copy in Dublin, that of American customers in Ohio. It is
never moved between regions. Content of your traffic is not sent to us at all.
? in which country are my records stored
? do you look at our traffic
# student-discount | company | Is there a discount for schools?
Schools, libraries and charities pay a fifth less for hardware and half for subscriptions. A registration number is
enough as proof. The discount cannot be combined with trade-in offers.
? cheaper price for a charity
? education pricing
# trial | beacon | Can I try the console before I pay?
There is a trial of thirty days with all functions and a simulated network of forty devices. No card is needed. At its
end nothing is charged; the simulated network is deleted after a further month.
? test the software for free
? is a credit card needed for the demo account
# phone-support | company | When can I reach support by phone?
On working days from seven to nineteen, Central European Time. With a premium contract at any hour, in English and
Spanish. Mail is answered within a day by everyone. The chat has the shortest wait before ten in the morning.
? opening hours of the hotline
? is there help on weekends
# training | company | Do you offer courses?
Two-day courses in Whitehaven and Brno every month, and an online one in the evenings. The exam is optional and costs
120 euros. Partners need two certified people to keep their level.
? learn to manage the network, certification
? what does the exam cost
# old-hardware | company | What do you do with old devices?
Send them back free of charge. What works is refurbished and given to schools; the rest is taken apart in Brno, where
nine tenths of the weight is recycled. Storage is wiped twice and you get a certificate.
? recycle worn out equipment
? certificate that disks were wiped
# spare-parts | company | How long are there spare parts?
Seven years after the last unit was sold, for fans, supplies and drive carriers. Antennas and screws longer. After that
we offer a swap to the successor for half of its price.
? can I still get a fan for an old unit
? parts availability for discontinued models
# noise | switch | How loud are the devices in an office?
Models without fans make no noise. The others are between 34 and 48 decibels at 25 degrees, which is too much for a
reading room. A cupboard with foam takes away about eight decibels.
? is it silent enough for a library
? decibels of rack units
# wall-mount | gateway | Can it hang on a wall?
The small gateways and desk-side switches have keyholes at the back; the template is printed on the box. Leave ten
centimetres above for warm air. Rack models should not be hung on walls at all.
? fix the router above the door
? drilling template
# two-isps | gateway | Can I use two internet providers?
Yes, either both together, with sessions shared out, or one as a reserve. Bank sites dislike sessions that change their
address, so pin them to one line. Inbound services need a name that follows the line.
? combine dsl and fibre
? online banking logs me out since we have two lines
# static-address | gateway | Do I need a fixed public address?
Only for services that others reach from outside. Tunnels between our gateways work with changing addresses on both
ends, even behind a provider's shared address, as long as one side can be found by name.
? dynamic ip and vpn
? works behind carrier nat?
# drive-brands | storage | Which drives may I use?
Any on the compatibility list, of any size, mixed as you like. The space of the larger ones is only used when all in a
group have been replaced. Shingled drives are refused, because a rebuild would take weeks.
? mix disks of different capacity
? are shingled disks ok
# max-users | storage | How many people can work at once?
A four-bay unit serves about thirty people with office files, the all-flash one several hundred. Video editing is
another matter: plan a gigabit for each seat and a flash cache.
? sizing for fifty colleagues
? suitable for cutting video
# mac-backup | storage | Does it back up Macs?
Create a share with the type Time Machine and set a quota, otherwise the first laptop takes all the room. Backups over
wireless are slow the first time; use a cable for that.
? apple laptop backups
? time machine target
# wifi-health | access point | Is the radiation harmful?
The power is a tenth of a phone's next to your ear, and falls with the square of the distance. All models stay below the
limits for public places by a wide margin; reports are on the product pages.
? is it safe above a crib
? emission limits
# plants | access point | Why is the signal worse in summer?
Leaves hold water, and water swallows radio waves. Links over 100 m that were planned in winter suffer from May on.
Raise the mast or use a lower band.
? outdoor connection fine in january, bad in june
? foliage and radio
# probe-accuracy | sensor | How exact are the readings?
Half a degree and three percent humidity when new. Compare once a year with a good thermometer and enter the offset;
drift is about a tenth of a degree a year.
? can I trust the thermometer
? calibrate measurements every year
# ownership | company | Who owns Larkmoor?
The founders hold 41 percent, the staff 22 and a pension fund the rest. There is no outside investor with a veto. The
company has been profitable since its fourth year.
? are you listed on the stock exchange
? shareholders
# payment-methods | tally | How can we pay?
By transfer, direct debit or card; by cheque only in the United States. Above 20,000 a transfer is required. Prepayment
gives two percent.
? do you accept cheques
? paying in advance, any rebate
# purchase-order | tally | We need our order number on the bill
Enter it in the field Reference when ordering, or set a standing one per site. An invoice without it can be returned
within ten days, and we send it again at no cost.
? reference number missing on invoice
? standing purchase reference
# cancel | beacon | How do I cancel my subscription?
Under Account, Plan, Cancel. Monthly plans end with the month, annual ones with the term; no letter is needed. You keep
read access for ninety days to export what you need.
? stop paying for the console
? export after termination
# language | beacon | Which languages does the console speak?
English, German, Czech, Spanish and simplified Chinese. The language is set per person. Alerts follow the language of
the person who receives them; reports that of the organisation.
? console in czech
? notifications in my own language
# accessibility | beacon | Does the console work with a screen reader?
All pages can be used by keyboard and with the common screen readers, save for the topology map, which has a table
beside it with the same content. Colours can be changed for red-green blindness.
? blind colleague needs to use it
? keyboard only operation
""")
