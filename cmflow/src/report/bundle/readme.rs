//! What lies in a bundle, for whoever opens it without us.

use crate::answer::Audit;
use crate::report::figures::minute;

pub(super) fn text(audit: &Audit) -> String {
    format!(
        "Firewall audit by cmflow {version}, made {at} UTC
Time that it is about: {from} to {to} UTC

report.html      the report: open it in a browser; it loads nothing and runs nothing
report.md        the same for a ticket or a wiki
audit.json       the same for scripts
rules.csv        every rule with its grade and why
openings.csv     the lines of a firewall, used or not
unexplained.csv  what no document explains
evidence/NAME/   what it was made from, one folder for each gateway:
  conversations.csv  who talked to whom, by what service, how often it was answered
  verdicts.csv       packets of each verdict by day, from the kernel's own counters
  sightings.csv      by which interface packets of whom came in
  outages.csv        times that were not observed as they should be
  generations.csv    which files judged from when on
  files/             these files: site file, approvals, catalogue
SHA256SUMS       check that nothing was changed: sha256sum -c SHA256SUMS

Who is in it
  Computers of people appear by prefix (24 bits of an IPv4 address, 64 of an IPv6 one, or a longer prefix of the site
  file) in what a document explains, unless the site file asked for addresses: [history] clients = \"address\".
  Single addresses of clients appear where nothing explains the traffic, and only for as many days as [history] keeps
  them. Servers that the site file names appear by address. The site file itself names computers and networks.
  Hand this on as you would hand on a network plan.

All times are UTC. Packets are counted as they come in, before the gateway's own firewall. Counts of conversations and
openings are those since their first packet, which may lie before the time that the audit is about.
In CSV files a text that a spreadsheet would take for a formula begins with an apostrophe.
",
        version = audit.version,
        at = minute(audit.at),
        from = minute(audit.window.from),
        to = minute(audit.window.to),
    )
}
