//! What is read of rule bases, and that parts end at the first line that fits.

use proptest::prelude::*;

use super::ranges::{Range, Ranges};
use super::region::{Block, Region, addresses, services};
use super::{Action, Chain, FirewallLine, RuleBase, read};

const HEADER: &str = "name,source,destination,protocol,port,action\n";

/// Each line as `action sources > destinations : services`.
fn told(base: &RuleBase) -> Vec<String> {
    let lines = base
        .chains
        .iter()
        .flat_map(|chain| &chain.lines)
        .filter(|line| !line.policy);
    lines
        .map(|line| {
            let list = |both| {
                addresses(both)
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            format!(
                "{} {} > {} : {}",
                line.action.name(),
                list(&line.region.sources),
                list(&line.region.destinations),
                services(&line.region.services).join(" ")
            )
        })
        .collect()
}

#[test]
fn cells_of_a_table_mean_what_they_say() {
    for (row, meant) in [
        (
            "a,10.0.0.0/8,10.1.1.1;10.1.1.2,tcp,80;443,allow",
            "accept 10.0.0.0/8 > 10.1.1.1/32 10.1.1.2/32 : tcp/80 tcp/443",
        ),
        (
            "a,10.0.0.0/8,10.1.1.1 10.1.1.3,tcp,80 443,permit",
            "accept 10.0.0.0/8 > 10.1.1.1/32 10.1.1.3/32 : tcp/80 tcp/443",
        ),
        (
            "a,10.1.0.0/255.255.0.0,10.1.1.1,UDP,67-68,deny",
            "drop 10.1.0.0/16 > 10.1.1.1/32 : udp/67-68",
        ),
        (
            "a,10.1.0.0-10.1.0.255,fd00::1;10.2.0.1,tcp,https,Accept",
            "accept 10.1.0.0/24 > 10.2.0.1/32 fd00::1/128 : tcp/443",
        ),
        (
            "a,any,10.1.1.1,any,any,drop",
            "drop 0.0.0.0/0 ::/0 > 10.1.1.1/32 : any",
        ),
        (
            "a,0.0.0.0/0,10.1.1.1,,tcp/443;53/udp,allow",
            "accept 0.0.0.0/0 > 10.1.1.1/32 : tcp/443 udp/53",
        ),
        (
            "a,10.0.0.1,10.1.1.1,tcp/udp,53,allow",
            "accept 10.0.0.1/32 > 10.1.1.1/32 : tcp/53 udp/53",
        ),
        (
            "a,10.0.0.1,10.1.1.1,icmp,,allow",
            "accept 10.0.0.1/32 > 10.1.1.1/32 : icmp",
        ),
        (
            "a,10.0.0.1,10.1.1.1,tcp,any,allow",
            "accept 10.0.0.1/32 > 10.1.1.1/32 : tcp",
        ),
        (
            "a,10.0.0.1,10.1.1.1,esp,any,allow",
            "accept 10.0.0.1/32 > 10.1.1.1/32 : esp",
        ),
    ] {
        let base = read("r.csv", &(HEADER.to_owned() + row)).unwrap_or_else(|error| panic!("{row}: {error}"));
        assert_eq!(told(&base), [meant], "{row}: {:?}", base.unread);
    }
}

#[test]
fn what_is_not_understood_is_listed_and_never_guessed() {
    for (row, why) in [
        (
            "a,grp-clients,10.1.1.1,tcp,443,allow",
            "source: \"grp-clients\" is no address; names and groups are not looked up",
        ),
        (
            "a,10.0.0.1,,tcp,443,allow",
            "destination: the cell is empty; write \"any\"",
        ),
        (
            "a,10.0.0.1,10.1.1.1,tcp,htps,allow",
            "\"htps\" is no port; write its number, as 443 or 49152-65535; did you mean",
        ),
        (
            "a,10.0.0.1,10.1.1.1,tcp,,allow",
            "no port; write \"any\" where all are meant",
        ),
        (
            "a,10.0.0.1,10.1.1.1,any,443,allow",
            "port 443 of which protocol? write tcp or udp beside it",
        ),
        (
            "a,10.0.0.1,10.1.1.1,tcq,443,allow",
            "unknown protocol \"tcq\"; did you mean \"tcp\"?",
        ),
        (
            "a,10.0.0.1,10.1.1.1,tcp,443,perhaps",
            "\"perhaps\" is no action; write allow or deny",
        ),
        (
            "a,10.0.0.1,fd00::1,tcp,443,allow",
            "source and destination are of different address families",
        ),
        (
            "a,10.0.0.9-10.0.0.1,10.1.1.1,tcp,443,allow",
            "source: the range 10.0.0.9-10.0.0.1 ends before it begins",
        ),
        ("a,10.0.0.1,10.1.1.1,tcp,99999,allow", "\"99999\" is no port"),
        (
            "a,!10.0.0.1,10.1.1.1,tcp,443,allow",
            "source: \"!10.0.0.1\" is no address",
        ),
    ] {
        let base = read("r.csv", &(HEADER.to_owned() + row)).unwrap_or_else(|error| panic!("{row}: {error}"));
        let [unread] = base.unread.as_slice() else {
            panic!("{row}: {base:?}")
        };
        assert!(unread.why.starts_with(why), "{row}: {}", unread.why);
        assert_eq!((unread.place.as_str(), told(&base).len()), ("r.csv:2", 0));
    }
}

#[test]
fn columns_may_stand_in_any_order_and_be_called_otherwise() {
    for text in [
        "Action;Dst;Src;Service;Rule\nallow;10.1.1.1;10.0.0.0/8;tcp/443;x",
        "\u{feff}Rule Name\tSource Address\tDestination Address\tProto\tDst Port\tAccess\nx\t10.0.0.0/8\t10.1.1.1\tTCP\t443\tAllow",
        "name,source,destination,protocol,port,action,enabled\nx,10.0.0.0/8,10.1.1.1,tcp,443,allow,yes\ny,any,any,any,any,allow,no",
    ] {
        let base = read("r.csv", text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(
            told(&base),
            ["accept 10.0.0.0/8 > 10.1.1.1/32 : tcp/443"],
            "{text}: {:?}",
            base.unread
        );
        assert_eq!(base.chains[0].lines[0].name, "x");
    }
}

#[test]
fn what_is_no_firewall_is_refused_with_what_to_do() {
    for (text, why) in [
        ("", "r.csv:1: no column \"source\""),
        (
            "name,soruce,destination,port,action\n",
            "r.csv:1: no column \"source\"; is it \"soruce\"?",
        ),
        (HEADER, "r.csv has no line that filters what is forwarded"),
        ("{", "r.csv: EOF"),
        (
            "{\"a\": 1}",
            "r.csv: there is no \"nftables\" in it; make it by nft -j list ruleset",
        ),
        (
            "{\"nftables\": []}",
            "r.csv: no chain of it filters what is forwarded",
        ),
    ] {
        let error = read("r.csv", text).expect_err(text);
        assert!(error.starts_with(why), "{text}: {error}");
    }
}

/// Numbers of a small world, so that ranges meet.
fn ranges() -> impl Strategy<Value = Ranges> {
    prop::collection::vec((0..16_u128, 0..6_u128), 0..4)
        .prop_map(|list| Ranges::of(list.into_iter().map(|(first, more)| (first, first + more))))
}

fn regions() -> impl Strategy<Value = Region> {
    (ranges(), ranges(), ranges()).prop_map(|(sources, destinations, services)| Region {
        sources: [sources, Ranges::default()],
        destinations: [destinations, Ranges::default()],
        services,
    })
}

fn has(ranges: &Ranges, number: u128) -> bool {
    ranges
        .iter()
        .any(|(first, last)| (first..=last).contains(&number))
}

fn holds(region: &Region, point: [u128; 3]) -> bool {
    has(&region.sources[0], point[0])
        && has(&region.destinations[0], point[1])
        && has(&region.services, point[2])
}

fn in_block(block: &Block, point: [u128; 3]) -> bool {
    let inside = |(side, number): (Range, u128)| side.0 <= number && number <= side.1;
    block.sides.into_iter().zip(point).all(inside)
}

proptest! {
    #[test]
    fn sets_of_ranges_are_sets(a in ranges(), b in ranges()) {
        for number in 0..24 {
            prop_assert_eq!(has(&a.both(&b), number), has(&a, number) && has(&b, number));
            prop_assert_eq!(has(&a.without(&b), number), has(&a, number) && !has(&b, number));
        }
    }

    /// Each point of a region ends at the first line that holds it, at it alone, and once.
    #[test]
    fn each_point_ends_at_the_first_line_that_fits(
        lines in prop::collection::vec(regions(), 1..6),
        region in regions(),
        points in prop::collection::vec([0..22_u128, 0..22_u128, 0..22_u128], 200),
    ) {
        let line = |region: &Region| FirewallLine {
            place: String::new(),
            name: String::new(),
            action: Action::Accept,
            region: region.clone(),
            policy: false,
        };
        let chain = Chain { lines: lines.iter().map(line).collect(), families: [true; 2] };
        let walked = chain.walk(&region);
        for point in points {
            let first = lines.iter().position(|line| holds(line, point)).filter(|_| holds(&region, point));
            let parts = walked.iter().flat_map(|(line, parts)| parts.iter().map(move |part| (*line, part)));
            let met: Vec<_> = parts.filter(|(_, part)| in_block(part, point)).map(|(line, _)| line).collect();
            prop_assert_eq!(met, Vec::from_iter(first));
        }
    }
}
