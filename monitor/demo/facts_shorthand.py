"""What insiders type: abbreviations that no article spells, and short phrases whose sense only they know."""

from __future__ import annotations

from monitor.demo.tables import parse_rows

ABBREVIATIONS = parse_rows("""
person | name | Greta Nowak | DPO contact
person | name | Ingrid Solberg | CEO extension
person | name | Helena Brandt | who is our CFO
person | name | Miriam Castellan | GC approval for an NDA
person | name | Nadia Belkacem | KAM FR
person | name | Priya Raman | PSIRT mailbox, who reads it
person | name | Claire Fontaine | AR clerk
person | name | Yara Haddad | SRE lead
policy | topic | remote-work | WFH rules
policy | topic | travel | T&E hotel cap
policy | topic | acceptable-use | AUP violation
policy | topic | disclosure | CVD timeline
policy | topic | retention | GDPR erasure after offboarding
policy | topic | sla | SLO credits for downtime
policy | topic | password | MFA and pw rules
policy | topic | export | ECCN check, EAR
howto | topic | failover-pair | HA pair for the edge
howto | topic | traffic-shaping | QoS for VoIP
howto | topic | roles | RBAC for externals
howto | topic | radius-login | 802.1X with our IdP
howto | topic | encrypt-dataset | FDE key escrow
howto | topic | site-survey | RSSI planning for APs
howto | topic | replication | DR copy of the NAS
howto | topic | lte-backup | WWAN failover
howto | topic | export-ledger | GL export to the ERP
faq | topic | static-address | CGNAT ok?
faq | topic | spare-parts | FRU availability after EOL
faq | topic | old-hardware | WEEE take-back
faq | topic | purchase-order | PO ref on AR docs
faq | topic | phone-support | TAC hours
error | topic | LOM-2204 | third party SFP+ DOM
error | topic | HRN-4713 | NTP skew breaks TLS
error | topic | CRN-5021 | BBU degraded, WB cache off
error | topic | WSP-3105 | DFS hit near the harbour
error | topic | TLY-7030 | VAT ID check in VIES
incident | topic | double-charge | RCA for the PSP issue
incident | topic | expired-certificate | RCA for the SSO outage
""")
"""Kind, fact, value, query."""

LOADED_PHRASES = parse_rows("""
pool-storage | add capacity to a pool that is almost full
pool-storage | can I take something out of a pool again
pool-address | pool too small for the lecture hall
pool-address | pool settings for a room with many guests
pool-car | return the pool with a full charge
pool-car | pool logbook
pool-swim | pool hours after work
pool-swim | pool badge for my family
claim-warranty | claim for a unit that does not start
claim-token | trust the role in a claim
claim-token | is the claim still valid after ten minutes
claim-travel | claim taxi and lunch
claim-travel | claim in pounds
bridge-network | bridge without inspection
bridge-call | join the bridge at night
bridge-call | what do I say on the bridge
bridge-loan | bridge for a town that awaits subsidies
lease-address | renew lease too often
lease-hardware | rate for a lease over four years
lease-hardware | buy the boxes when the lease is over
lease-office | landlord, roof and lease
lease-office | option to extend the lease
port-switch | port blinks but no link
port-firewall | close a port that nobody uses
port-harbour | customs at the port
seat-licence | seat for somebody who only looks at dashboards
seat-office | my seat was taken by somebody else
key-crypto | new key, what about the replicas
key-rack | key not returned after the visit
credit-note | credit after an outage
credit-photo | credit for a newspaper article
""")
"""Topic of the sense that is meant, query."""
