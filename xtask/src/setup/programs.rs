//! Programs that the tests and the demo run, and the packages they come in.

use std::collections::BTreeSet;

use super::administrator::Administrator;
use crate::step::{find_program, step};

/// A program of another project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// Name of its file.
    pub name: &'static str,
    /// Debian package that brings it.
    pub package: &'static str,
    /// Services of the package, which are not to run on the host.
    services: &'static [&'static str],
}

const fn program(name: &'static str, package: &'static str, services: &'static [&'static str]) -> Program {
    Program {
        name,
        package,
        services,
    }
}

/// Makes namespaces.
pub const IP: Program = program("ip", "iproute2", &[]);

/// Counts conversations of captures, which the tests compare with.
pub const TSHARK: Program = program("tshark", "tshark", &[]);

/// A browser and what drives it, for the dashboard.
pub const CHROMIUM: [Program; 2] = [
    program("chromium", "chromium", &[]),
    program("chromedriver", "chromium-driver", &[]),
];

/// A terminal that the tests type into and read.
pub const TMUX: Program = program("tmux", "tmux", &[]);
/// Scrapes the daemon's metrics, and checks them and the rules over them. Both come in one package.
pub const PROMETHEUS: [Program; 2] = [
    program("prometheus", "prometheus", &["prometheus"]),
    program("promtool", "prometheus", &["prometheus"]),
];

/// Makes certificates, and asks over TLS.
pub const WEB: [Program; 2] = [program("openssl", "openssl", &[]), program("curl", "curl", &[])];

/// Loads tables of packet filters, and translates addresses in a lab's gateway.
pub const NFT: Program = program("nft", "nftables", &["nftables"]);

/// Reads what is exported for it; ip6tables-restore comes with it.
pub const IPTABLES: Program = program("iptables-restore", "iptables", &[]);

/// What the benches measure with, and what stands beside cmflow there.
pub const BENCH: [Program; 5] = [
    IP,
    NFT,
    program("iperf3", "iperf3", &["iperf3"]),
    program("xdp-filter", "xdp-tools", &[]),
    program("bpftool", "bpftool", &[]),
];

/// What the demo talks through, the servers and their clients, and what loads the firewall that follows.
pub const DEMO: [Program; 13] = [
    IP,
    NFT,
    program("nginx", "nginx-light", &["nginx"]),
    program("curl", "curl", &[]),
    program("openssl", "openssl", &[]),
    program("smbd", "samba", &["smbd", "nmbd", "samba-ad-dc"]),
    program("samba-dcerpcd", "samba", &["smbd", "nmbd", "samba-ad-dc"]),
    program("smbclient", "smbclient", &[]),
    program("rpcclient", "smbclient", &[]),
    program("in.tftpd", "tftpd-hpa", &["tftpd-hpa"]),
    program("tftp", "tftp-hpa", &[]),
    program("dnsmasq", "dnsmasq-base", &[]),
    program("dig", "bind9-dnsutils", &[]),
];

/// Installs what is missing of these, where that is possible, and gives what is missing still. A program
/// that cannot be had is no error here: whoever needs it says what it does instead.
pub fn bring(wanted: &[Program]) -> Vec<Program> {
    let missing = missing_of(wanted);
    if missing.is_empty() {
        return missing;
    }
    // Several programs may come in one package.
    let packages: BTreeSet<&str> = missing.iter().map(|program| program.package).collect();
    let services: BTreeSet<&str> = missing
        .iter()
        .flat_map(|program| program.services)
        .copied()
        .collect();
    let packages = Vec::from_iter(packages);
    let services = Vec::from_iter(services);
    let installed = step("packages", || Administrator::here().install(&packages, &services));
    if let Err(error) = installed {
        eprintln!("{error:#}");
        // One package that is not to be had must not keep the others away.
        for program in missing_of(wanted) {
            let one = || Administrator::here().install(&[program.package], program.services);
            let _ = step(&format!("package {}", program.package), one);
        }
    }
    missing_of(wanted)
}

fn missing_of(wanted: &[Program]) -> Vec<Program> {
    wanted
        .iter()
        .copied()
        .filter(|program| find_program(program.name).is_none())
        .collect()
}
