//! The lines of a firewall.

use super::evidence::{End, Told, tcp, udp};
use super::*;

/// Lines of a rule: sources, destinations, service, grade.
fn lines(audit: &Audit, id: &str) -> Vec<String> {
    let told = openings(audit, id).into_iter().map(|one| {
        let short = |prefixes: &[ipnet::IpNet]| {
            let texts: Vec<String> = prefixes.iter().map(ToString::to_string).collect();
            texts.join(",")
        };
        let ports: Vec<String> = one.ports.iter().map(ToString::to_string).collect();
        format!(
            "{} -> {} {}/{} {}{}",
            short(&one.sources),
            short(&one.destinations),
            one.protocol,
            ports.join(","),
            one.grade.name(),
            if one.dynamic { " dynamic" } else { "" }
        )
    });
    told.collect()
}

#[test]
fn equal_pairs_are_one_line_and_a_used_one_stands_apart() {
    let site = Site::new(&SITE.replace("\"10.10.2.0/24\"", "\"10.10.2.0/24\", \"!10.10.2.128/25\""));
    let told = Told::new(&site, "gw", 60)
        .seen_apart()
        .talk("10.10.1.0/24", "10.20.0.11", tcp(10_123), End::Answered)
        .talk("10.10.2.0/24", "10.20.0.11", tcp(10_123), End::Refused);
    let audit = site.audit(&[told.evidence]);
    let all = lines(&audit, "client/management-point/client-notification");
    let of_clients: Vec<_> = all.iter().filter(|line| line.starts_with("10.10.")).collect();
    // What the file takes out again is in no line; the computer of a custom role is no client.
    for line in [
        "10.10.1.0/24 -> 10.20.0.11/32 tcp/10123 used",
        "10.10.2.0/25 -> 10.20.0.11/32 tcp/10123 attempted",
        "10.10.1.0/24,10.10.2.0/25 -> 10.20.0.12/32 tcp/10123 unused",
    ] {
        assert!(
            of_clients.iter().any(|one| *one == line),
            "{line} is not in {all:#?}"
        );
    }
    assert_eq!(of_clients.len(), 3, "{all:#?}");
}

#[test]
fn dynamic_ports_are_one_line_whichever_was_picked() {
    let site = Site::new(SITE);
    let told = Told::new(&site, "gw", 60)
        .seen_apart()
        .talk("10.30.0.5", "10.20.0.11", tcp(51_234), End::Answered)
        .announced();
    let audit = site.audit(&[told.evidence]);
    let all = lines(&audit, "management-point/site-server/rpc");
    let used: Vec<_> = all.iter().filter(|line| line.contains(" used")).collect();
    assert_eq!(
        used,
        ["10.30.0.5/32 -> 10.20.0.11/32 tcp/49152-65535 used dynamic"],
        "{all:#?}"
    );
}

#[test]
fn udp_135_is_idle_where_tcp_135_is_unused() {
    let site = Site::new(SITE);
    let audit = site.audit(&[Told::new(&site, "gw", 60).seen_apart().evidence]);
    let all = lines(&audit, "site-server/distribution-point/rpc-endpoint-mapper");
    for line in [
        "10.30.0.5/32 -> 10.20.0.21/32,10.20.0.22/32 tcp/135 unused",
        "10.30.0.5/32 -> 10.20.0.21/32,10.20.0.22/32 udp/135 expected-idle",
    ] {
        assert!(all.iter().any(|one| one == line), "{all:#?}");
    }
}

#[test]
fn everybody_on_the_internet_is_one_destination() {
    let site = Site::new(SITE);
    let told = Told::new(&site, "gw", 60)
        .seen_apart()
        .talk("10.20.0.31", "20.1.2.3", tcp(80), End::Answered);
    let audit = site.audit(&[told.evidence]);
    let all = lines(&audit, "software-update-point/internet/http");
    assert!(
        all.contains(&"10.20.0.31/32 -> 0.0.0.0/0 tcp/80 used".to_owned()),
        "{all:#?}"
    );
}

#[test]
fn what_hides_in_a_tunnel_is_not_observable_pair_by_pair() {
    let site = Site::new(SITE);
    let told =
        Told::new(&site, "gw", 60)
            .seen_apart()
            .talk("10.30.0.5", "10.20.0.11", udp(4500), End::Answered);
    let audit = site.audit(&[told.evidence]);
    let all = lines(&audit, "management-point/site-server/smb");
    for line in [
        "10.30.0.5/32 -> 10.20.0.11/32 tcp/445 not-observable",
        "10.30.0.5/32 -> 10.20.0.12/32 tcp/445 unused",
    ] {
        assert!(all.iter().any(|one| one == line), "{all:#?}");
    }
}
