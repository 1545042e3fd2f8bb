//! What companions explain, and what they leave to the page.

use cmflow_common::verdict::VerdictKind::{Baseline, Documented, Foreign, Reversed, Undocumented};

use super::meaning::{SITE, check};

const ALL: &str = r#"companions = ["windows-domain", "client-installation", "sql-availability-group",
"failover-cluster", "windows-update", "remote-administration"]"#;

#[test]
fn two_companions_explain_where_the_site_file_does_not_say() {
    check(
        SITE,
        &[
            (
                "10.10.1.1 10.40.0.2 udp/88",
                Baseline,
                &["windows-domain:member/domain-controller/kerberos"],
            ),
            (
                "10.10.1.1 10.40.0.2 udp/123",
                Baseline,
                &["windows-domain:member/domain-controller/ntp"],
            ),
            (
                "10.10.1.1 10.40.0.2 tcp/50000",
                Baseline,
                &["windows-domain:member/domain-controller/rpc"],
            ),
            (
                "10.10.1.1 10.40.0.2 icmp/0",
                Baseline,
                &["windows-domain:member/domain-controller/echo"],
            ),
            (
                "10.30.0.5 10.10.1.1 tcp/445",
                Baseline,
                &["client-installation:site-server/client/smb"],
            ),
            // Off until somebody switches them on.
            ("10.10.1.1 10.10.1.2 tcp/7680", Undocumented, &[]),
            ("10.40.0.2 13.107.4.50 tcp/443", Foreign, &[]),
        ],
    );
}

#[test]
fn documented_comes_before_baseline() {
    check(
        SITE,
        &[
            // The page's list of Windows Server ports has Kerberos over TCP.
            (
                "10.10.1.1 10.40.0.2 tcp/88",
                Documented,
                &["client/windows-server/kerberos"],
            ),
            (
                "10.20.0.11 10.40.0.2 tcp/389",
                Documented,
                &["management-point/domain-controller/ldap"],
            ),
            (
                "10.10.1.1 10.20.0.12 tcp/443",
                Documented,
                &["client/distribution-point/https"],
            ),
            // Only the other page has file sharing there.
            (
                "10.10.1.1 10.20.0.12 tcp/445",
                Baseline,
                &["client-installation:client/distribution-point/smb"],
            ),
        ],
    );
}

#[test]
fn every_computer_that_the_file_names_is_a_member_and_nobody_else() {
    check(
        SITE,
        &[
            // Named by address, though it stands on the internet.
            (
                "20.1.0.1 10.40.0.2 udp/88",
                Baseline,
                &["windows-domain:member/domain-controller/kerberos"],
            ),
            // Holds roles on the internet by being public; the file does not name it.
            ("20.2.0.1 10.40.0.2 udp/88", Foreign, &[]),
            ("10.99.0.1 10.40.0.2 udp/88", Foreign, &[]),
        ],
    );
}

#[test]
fn the_wrong_end_is_reversed_in_a_companion_too() {
    check(
        SITE,
        &[
            (
                "10.40.0.2 10.10.1.1 tcp/636",
                Reversed,
                &["windows-domain:member/domain-controller/ldaps"],
            ),
            ("10.40.0.2 10.10.1.1 tcp/636 ?", Undocumented, &[]),
        ],
    );
}

#[test]
fn none_of_them_explains_where_all_are_off() {
    let site = format!("companions = []\n{SITE}");
    check(
        &site,
        &[
            ("10.10.1.1 10.40.0.2 udp/88", Undocumented, &[]),
            ("10.30.0.5 10.10.1.1 tcp/445", Undocumented, &[]),
            (
                "10.10.1.1 10.40.0.2 tcp/88",
                Documented,
                &["client/windows-server/kerberos"],
            ),
        ],
    );
}

#[test]
fn the_others_explain_where_they_are_switched_on() {
    let site = format!(
        "{ALL}\n{SITE}cluster-node = [\"10.50.0.1\", \"10.50.0.2\"]\n\
         administrator-workstation = [\"10.60.0.1\"]\ntime-server = [\"10.70.0.1\"]\n\
         [ports]\nsql-mirroring = 5023\n"
    );
    let site = site.replace("[\"10.30.0.6\"]", "[\"10.30.0.6\", \"10.30.0.7\"]");
    check(
        &site,
        &[
            (
                "10.30.0.6 10.30.0.7 tcp/5023",
                Baseline,
                &["sql-availability-group:sql-server/sql-server/availability-group-endpoint"],
            ),
            ("10.30.0.6 10.30.0.7 tcp/5022", Undocumented, &[]),
            (
                "10.50.0.2 10.50.0.1 udp/3343",
                Baseline,
                &["failover-cluster:cluster-node/cluster-node/cluster"],
            ),
            (
                "10.40.0.2 13.107.4.50 tcp/443",
                Baseline,
                &["windows-update:member/windows-update-service/https"],
            ),
            // The page has that one.
            (
                "10.20.0.13 13.107.4.50 tcp/80",
                Documented,
                &["software-update-point/internet/http"],
            ),
            (
                "10.10.1.1 10.10.1.2 tcp/7680",
                Baseline,
                &["windows-update:client/client/delivery-optimization"],
            ),
            (
                "10.60.0.1 10.30.0.6 tcp/3389",
                Baseline,
                &["remote-administration:administrator-workstation/member/remote-desktop"],
            ),
            ("10.10.1.1 10.30.0.6 tcp/3389", Undocumented, &[]),
            (
                "10.40.0.2 10.70.0.1 udp/123",
                Baseline,
                &["windows-domain:member/time-server/ntp"],
            ),
        ],
    );
}
