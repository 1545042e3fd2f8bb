//! `cmflow run`: the daemon.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Outcome;
use crate::clock::Wall;
use crate::daemon::{self, Account, Demotion, Instance, Settings};
use crate::kernel::interface::Mode;
use crate::serve::http::{Door, Listen};

#[derive(Debug, Args)]
#[command(
    after_help = "Counts every frame that the interfaces receive, before this gateway's own firewall, \
    and lets every frame pass unchanged.\n\nExample:\n  cmflow run --site site.toml --interface eth0 --interface eth1"
)]
pub(super) struct Arguments {
    /// The site file: which addresses hold which roles
    #[arg(long, value_name = "FILE")]
    site: PathBuf,
    /// An interface to look at; give one for each network that the gateway stands between
    #[arg(long = "interface", value_name = "IF", required = true)]
    interfaces: Vec<String>,
    /// Where in the kernel to look; auto is native XDP, else tcx, else generic XDP
    #[arg(long, value_enum, default_value_t = Mode::Auto)]
    mode: Mode,
    /// Name of this daemon on this machine, for its socket and its pins
    #[arg(long, value_name = "NAME", default_value = "default")]
    instance: Instance,
    /// Leave the program attached and counting when the daemon ends (for a service)
    #[arg(long)]
    keep: bool,
    /// Remove what an earlier daemon of this name left in the kernel, its counters with it, and begin anew
    #[arg(long)]
    fresh: bool,
    /// Read the site file anew whenever it, a file that it includes or the catalogue file changes
    #[arg(long)]
    watch: bool,
    /// Slots of the flow table, 128 bytes each; rounded up to a power of two
    #[arg(long, value_name = "N", default_value_t = 262_144, value_parser = clap::value_parser!(u32).range(8..=16_777_216))]
    flows: u32,
    /// Become this user (name or number) when everything is attached, and keep CAP_BPF alone
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// The group that may ask the daemon and open its pins; the user's own group where it is left out
    #[arg(long, value_name = "GROUP", requires = "user")]
    group: Option<String>,
    /// Also keep CAP_NET_ADMIN and CAP_PERFMON, to look again at an interface that was deleted and made anew
    #[arg(long, requires = "user")]
    keep_net_admin: bool,
    /// A file with the seconds by which the clocks are ahead, so that tests need not wait for weeks to pass
    #[arg(long, value_name = "FILE", hide = true)]
    clock: Option<PathBuf>,
    /// Where the dashboard and the API listen; off for nowhere
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8077")]
    listen: Listen,
    /// The certificate that the dashboard is served with (PEM, chain after it)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The file with the token that changes take over HTTP, and from other computers reading too
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Log every frame (for debugging: slow)
    #[arg(long)]
    debug_frames: bool,
}

pub(super) fn run(arguments: &Arguments, catalogue: Option<&Path>) -> anyhow::Result<Outcome> {
    let level = if arguments.debug_frames {
        "info,cmflow_ebpf=debug"
    } else {
        "info"
    };
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or(level)).init();
    let demotion = match &arguments.user {
        None => None,
        Some(user) => Some(Demotion {
            account: Account::find(user, arguments.group.as_deref())?,
            keep_net_admin: arguments.keep_net_admin,
        }),
    };
    daemon::run(&Settings {
        site: arguments.site.clone(),
        catalogue: catalogue.map(Path::to_owned),
        interfaces: arguments.interfaces.clone(),
        mode: arguments.mode,
        instance: arguments.instance.clone(),
        keep: arguments.keep,
        fresh: arguments.fresh,
        watch: arguments.watch,
        flow_bits: arguments.flows.next_power_of_two().trailing_zeros(),
        demotion,
        door: match arguments.listen {
            Listen::Off => None,
            Listen::At(address) => Some(Door {
                address,
                tls: arguments.tls_cert.clone().zip(arguments.tls_key.clone()),
                token: arguments.token_file.clone(),
            }),
        },
        debug_frames: arguments.debug_frames,
        wall: arguments.clock.clone().map_or_else(Wall::default, Wall::ahead_by),
    })?;
    Ok(Outcome::Done)
}
