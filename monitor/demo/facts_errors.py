"""Error codes: what the device shows, why, and what helps."""

from __future__ import annotations

from monitor.demo.tables import parse_entries

ERRORS = parse_entries("""
# HRN-4031 | gateway | Uplink authentication refused
The provider refused the user name or password of the line. This often follows a change of contract, when the provider
issues new credentials. Enter them under Uplinks, and leave the line off for five minutes, because some providers lock
an account after three attempts.
? provider rejects our login since the contract change
? internet line does not accept the password
# HRN-4032 | gateway | Uplink address conflict
The address that the provider assigned is also used inside. The gateway blocks the uplink so that traffic does not go in
circles. Renumber the inner network or ask the provider for another range.
? same address range inside and outside
# HRN-4107 | gateway | Tunnel keys out of step
Both ends of a tunnel hold different generations of the key, usually after one of them was restored from a backup.
Press Renew on either side; Beacon will send a fresh pair to both. Traffic stops for about ten seconds.
? encrypted link broke after restoring a configuration backup
? tunnel down, keys do not match
# HRN-4170 | gateway | Heartbeat lost
The standby no longer hears the primary, but both can reach the internet. Someone may have removed the short cable. The
pair stays as it is to prevent two primaries. Put the cable back; no restart is needed.
? the two routers of the pair do not see each other
# HRN-4713 | gateway | Clock too far off
The clock differs from the time servers by over five minutes, so certificates look invalid and sign-in fails. Check
that outbound port 123 is open. After a long time on the shelf the buffer cell may be empty.
? certificates invalid after the unit was stored for a year
? time is wrong, sign-in fails
# HRN-4731 | gateway | Configuration rolled back
A new configuration cut the gateway off from Beacon, so that it returned to the last one that worked. The event names
the change. Correct it and send it again with the option to hold for ten minutes.
? my change was undone by itself
# HRN-4902 | gateway | Modem temperature high
The LTE module got hotter than 85 degrees and has slowed down. Move the unit out of the sun or a closed box; speed
returns at 75 degrees.
? mobile backup is slow on hot days
# LOM-2107 | switch | Power budget exceeded
Connected devices ask for more power than the supply can give. The ports with the lowest priority were turned off. Lower
the class of some devices, add a second supply or move the phones to another unit.
? some phones went dark after adding cameras
? not enough watts for all access points
# LOM-2170 | switch | Loop detected
The switch saw its own frames come back on another port and shut the newer one. Look for a cable with both ends in the
wall or a small unmanaged switch under a desk.
? port shut because frames came back
# LOM-2204 | switch | Transceiver not recognised
The optical module does not answer the identity request. Clean the contacts and plug it in again; a module of another
maker may need the option Any vendor. The port stays off, because wrong laser settings can harm the far end.
? fibre module from a different brand does not work
? sfp not detected
# LOM-2240 | switch | Stack member incompatible
The unit runs another release than the stack and was refused. Let the stack update it, or load the release by the
console cable if it is more than two versions behind.
? new unit will not join the others
# LOM-2317 | switch | Fan slower than expected
A fan turns at less than two thirds of its nominal speed. Dust is the usual cause. The unit raises the other fans, which
is louder, and turns itself off at 95 degrees. The fan tray can be changed during operation.
? switch suddenly got loud
? fan tray replacement while running
# LOM-2371 | switch | Storm control active
Broadcasts passed the limit, so that the excess is dropped. One defective card can cause that. The counter per port
shows where to look; raise the limit only when you know the cause.
? broadcasts flood the network
# CRN-5012 | storage | Rebuild slowed by read errors
The rebuild meets sectors that take many attempts to read. It goes on, but do not remove anything. Make sure that the
replica is current and have a second spare drive ready.
? rebuild crawls and shows read errors
? array reconstruction takes forever
# CRN-5021 | storage | Write cache off, battery weak
The cell that protects the cache holds less than the charge for 48 hours. Writes go straight to the disks and are slow
until it has been replaced. No data is at risk. The part comes with a return label.
? saving files became slow, something about a cell
? write performance dropped overnight
# CRN-5102 | storage | Dataset locked
The dataset is encrypted and its key has not been given since the last start. Enter the key file on the console. If the
key is lost, nobody can read the data; restore from the replica.
? after the power cut our encrypted folder cannot be opened
# CRN-5120 | storage | Quota reached
The share has no room left within its quota. Writing fails, reading works. Raise the quota or delete old files;
snapshots do not count, so deleting them will not help here.
? users cannot save though the disks are half empty
# CRN-5201 | storage | Controller switched over
One controller stopped and the other carried on. Clients noticed at most a pause of eight seconds. Send the diagnostic
file to support before restarting the first one, or the reason is lost.
? short pause, then the other controller took over
# CRN-5210 | storage | Replica too old
The copy on the second unit lags behind by more than three intervals. Check the link and the free space there. The pass
resumes by itself; there is no need to start from the beginning.
? second copy is not up to date any more
# WSP-3105 | access point | Radar seen, channel left
The unit heard what may be radar and has to leave the channel at once, which the law demands. Clients are back within a
minute. Near airports and harbours choose the channels 36 to 48 by hand.
? wireless drops for a minute near the harbour
? channel change because of radar
# WSP-3150 | access point | Not enough power
The port gives less than the access point needs, so that one radio stays off. A long or thin cable can be the reason.
Use a port of the higher class or an injector.
? only one radio works
? speed is half of what it should be on an old switch
# WSP-3151 | access point | Too many clients
More devices want to join than the limit allows. Add a unit, or raise the limit if the devices are mostly idle, such as
badges and scanners.
? devices are refused in the full auditorium
# WSP-3206 | access point | Directory does not answer
The identity provider did not reply within five seconds. Those who are connected stay; new sign-ins fail. Check the
address and the shared secret, and add a second server.
? nobody can sign in to staff wireless this morning
# WSP-3260 | access point | Mesh link weak
The wireless link to the partner fell below -75 dBm. Wind may have turned the mount, or leaves have grown into the path.
? outdoor link got worse in spring
# EMB-1004 | sensor | Cells nearly empty
The voltage is low enough that radio contact may fail in the cold. Change both cells within two weeks; lithium is best.
? thermometer asks for new batteries
# EMB-1040 | sensor | Probe open
The probe does not answer: the plug is loose or the cable is cut. The last reading is marked as old and no alarm is sent
for it, so do not wait with the repair.
? probe cable cut, no readings
# EMB-1041 | sensor | Reading outside range
The value is beyond what the probe can measure. In most cases the probe touches a heater or has become wet. Dry it and
compare with a second thermometer.
? absurd temperature shown
# EMB-1104 | sensor | Leak seen
Water or another conducting liquid touches the rope. Turn off what stands on the floor, find the source, wipe the rope
dry, and press the button to arm it again.
? rope reports moisture, what now
# BCN-6008 | beacon | Device belongs to another organisation
The serial number is registered elsewhere. Ask the previous owner to release it, or send proof of purchase to support,
who will write to that owner and release it after ten days.
? bought used equipment and it cannot be registered
# BCN-6018 | beacon | Token expired
The token of a script is older than the limit that the organisation sets, one year by default. Create another one and
replace it in the script; the old one cannot be renewed.
? script worked for a year and then stopped
# BCN-6080 | beacon | Too many requests
The script made more than 600 calls in a minute. The answer says how many seconds to wait. Ask for many devices with one
call instead of one call a device.
? rate limit reached by our program
# BCN-6081 | beacon | Export too large
A report over more than 200,000 rows cannot be shown in the browser. Narrow the dates or have it sent by mail as a
compressed file.
? report will not open in the browser
# TLY-7003 | tally | Card declined
The bank refused the payment. Tally tries again after one, three and seven days. Nothing is turned off in the first
fourteen days. Another card or a transfer ends the retries.
? bank refused payment, will service be stopped
# TLY-7030 | tally | Tax number not valid
The tax register does not know the number, or it could not be reached. The invoice is issued with tax; once the number
is confirmed, a credit note corrects it.
? our tax id is rejected
? charged tax although we are exempt
# TLY-7033 | tally | Meter gap
Readings are missing for more than an hour. Tally estimates them from the same hour of the weeks before and marks the
line with an E. When the readings arrive later, the difference is on the next invoice.
? letter e next to a line of the bill
? estimated consumption on the invoice
# TLY-7303 | tally | Currency mismatch
The order and the customer's account use different currencies. The order is held. A finance clerk may convert it at the
rate of the day or send it back to sales.
? order in dollars, account in euros
""")
