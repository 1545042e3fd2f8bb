//! What protocols do beyond one computer's packet to another's port, and the page leaves out: groups, answers.

use crate::catalogue::{Catalogue, Delivery, Group, OpenedBy, PortRange, Rule};

fn rule<'a>(catalogue: &'a Catalogue, id: &str) -> &'a Rule {
    let page = catalogue.edition("current").expect("a built-in edition");
    let companions = catalogue.companions.iter().flat_map(|companion| &companion.rules);
    let mut rules = page.rules().chain(companions);
    rules
        .find(|rule| rule.id == id)
        .unwrap_or_else(|| panic!("no rule {id}"))
}

/// The table of PXE and its text, that of clients among themselves, erratum 15, the list of Windows Server.
#[test]
fn rows_name_the_groups_that_they_reach() {
    use OpenedBy::{Either, From};
    let catalogue = Catalogue::embedded().expect("the built-in files are good");
    // id, who opens, groups, who sends to them, answered
    let table: [(&str, OpenedBy, &str, OpenedBy, bool); 12] = [
        (
            "client/distribution-point-pxe/dhcp",
            Either,
            "broadcast",
            Either,
            true,
        ),
        (
            "client/distribution-point-pxe/dhcpv6",
            Either,
            "ff02::1:2, ff05::1:3",
            From,
            true,
        ),
        ("client/distribution-point-pxe/binl", Either, "", From, true),
        ("client/distribution-point-pxe/tftp", From, "", From, true),
        (
            "client/distribution-point-multicast/multicast",
            Either,
            "multicast",
            Either,
            false,
        ),
        ("client/distribution-point-multicast/smb", From, "", From, true),
        (
            "client/client/peer-cache-broadcast",
            From,
            "broadcast",
            From,
            false,
        ),
        ("client/client/peer-cache-download", From, "", From, true),
        ("client/client/wake-on-lan", From, "broadcast", From, false),
        ("site-server/client/wake-on-lan", From, "broadcast", From, false),
        ("client/windows-server/dhcp", Either, "broadcast", Either, true),
        (
            "windows-domain:member/windows-server/dhcp",
            Either,
            "broadcast",
            Either,
            true,
        ),
    ];
    for (id, opened_by, groups, senders, answered) in table {
        let rule = rule(&catalogue, id);
        let found = (
            rule.opened_by,
            rule.group_words(),
            rule.delivery.group_senders,
            rule.delivery.answered,
        );
        assert_eq!(found, (opened_by, groups.to_owned(), senders, answered), "{id}");
    }
    // A DHCPv6 client listens on 546 (RFC 8415 section 7.2); the page prints the server's port alone.
    let dhcpv6 = rule(&catalogue, "client/distribution-point-pxe/dhcpv6");
    assert_eq!(dhcpv6.delivery.udp_at_from, [PortRange::single(546)]);
    assert_eq!(dhcpv6.udp, [PortRange::single(547)]);
}

/// What the page prints is the table's: its arrow and its count stay as they are.
#[test]
fn a_row_that_either_end_opens_leaves_its_table_as_printed() {
    let catalogue = Catalogue::embedded().expect("the built-in files are good");
    for page in &catalogue.pages {
        let table = page
            .connections
            .iter()
            .find(|table| table.id == "client/distribution-point-pxe")
            .expect("a table of every edition");
        assert_eq!(table.opened_by, OpenedBy::From, "{}", page.edition);
    }
}

#[test]
fn a_rule_reaches_its_groups_alone() {
    let delivery = Delivery {
        groups: vec![Group::Broadcast],
        ..Delivery::default()
    };
    assert!(delivery.reaches(Group::Broadcast) && !delivery.reaches(Group::Multicast));
    assert!(!Delivery::default().reaches(Group::Broadcast));
}

#[test]
fn a_delivery_that_says_nothing_is_refused_with_its_line() {
    let table = "[[connection]]\nid = \"client/management-point\"\nopened-by = \"from\"\nscope = \"hierarchy\"\n\
                 cadence = \"on-demand\"\nrows = [\n  { service = \"http\", ";
    for (row, told) in [
        (
            "tcp = \"80\", groups = [\"broadcast\"]",
            "only UDP reaches groups; give 'udp'",
        ),
        (
            "udp = \"80\", group-senders = \"either\"",
            "'group-senders' says nothing without 'groups'",
        ),
        (
            "udp = \"80\", udp-at-from = \"81\"",
            "give 'opened-by = \"either\"'",
        ),
        (
            "udp = \"80\", groups = [\"brodcast\"]",
            "\"brodcast\" is no group; write \"broadcast\"",
        ),
    ] {
        let text = format!("{table}{row} }},\n]\n");
        let error = Catalogue::from_texts(Some(("own.toml", &text))).expect_err(row);
        let said = error.to_string();
        assert!(
            said.starts_with("own.toml:7") && said.contains(told),
            "{row}: {said}"
        );
    }
}
