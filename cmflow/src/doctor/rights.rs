//! Capabilities: what a daemon started now would have, and what the one that runs has.

use super::Check;

const GROUP: &str = "rights";

/// What processes may.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What is missing to load and attach, in words, where something is.
    pub missing: Option<String>,
    /// The daemon that runs.
    pub daemon: Option<DaemonRights>,
}

/// What a daemon that runs may.
#[derive(Clone, Copy, Debug)]
pub struct DaemonRights {
    /// Number of its user.
    pub user: u32,
    /// Its effective capabilities.
    pub effective: u64,
}

/// Names by bit (linux/capability.h), those that a daemon may have.
const NAMES: [(&str, u32); 3] = [("CAP_BPF", 39), ("CAP_NET_ADMIN", 12), ("CAP_PERFMON", 38)];

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let check = "to load and attach";
    let own = match &facts.missing {
        None => Check::ok(GROUP, check, "nothing is missing"),
        // Whoever looks at a daemon that runs needs no more than to ask it.
        Some(missing) if facts.daemon.is_some() => Check::ok(
            GROUP,
            check,
            format!("not for this user ({missing}); the daemon has what it needs"),
        ),
        Some(missing) => Check::problem(GROUP, check, missing.clone(), "start the daemon as root"),
    };
    let mut checks = vec![own];
    checks.extend(facts.daemon.map(daemon));
    checks
}

fn daemon(DaemonRights { user, effective }: DaemonRights) -> Check {
    let check = "of the daemon";
    let has = |bit: u32| effective & (1 << bit) != 0;
    let names: Vec<_> = NAMES
        .iter()
        .filter(|(_, bit)| has(*bit))
        .map(|(name, _)| *name)
        .collect();
    let others = effective.count_ones() as usize - names.len();
    let found = format!(
        "user {user}, {}",
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    );
    if !has(39) && !has(21) {
        return Check::problem(
            GROUP,
            check,
            found,
            "without CAP_BPF no reload can bring new tables in; start it as root, with --user",
        );
    }
    if others > 0 {
        return Check::warning(
            GROUP,
            check,
            format!("{found} and {others} more that it does not need"),
            "start it with --user cmflow: it then keeps CAP_BPF alone",
        );
    }
    Check::ok(GROUP, check, found)
}

#[cfg(test)]
mod tests {
    use super::super::Grade::{Ok as Fine, Problem, Warning};
    use super::super::check::grades;
    use super::*;

    #[test]
    fn a_daemon_has_what_it_needs_and_no_more() {
        for (missing, effective, expected) in [
            (None, None, vec![("to load and attach", Fine)]),
            (
                Some("CAP_BPF is missing"),
                None,
                vec![("to load and attach", Problem)],
            ),
            (
                Some("CAP_BPF is missing"),
                Some(1 << 39),
                vec![("to load and attach", Fine), ("of the daemon", Fine)],
            ),
            (
                None,
                Some(1 << 39 | 1 << 12 | 1 << 38),
                vec![("to load and attach", Fine), ("of the daemon", Fine)],
            ),
            (
                None,
                Some(0x1ff_ffff_ffff),
                vec![("to load and attach", Fine), ("of the daemon", Warning)],
            ),
            (
                None,
                Some(1 << 12),
                vec![("to load and attach", Fine), ("of the daemon", Problem)],
            ),
        ] {
            let facts = Facts {
                missing: missing.map(str::to_owned),
                daemon: effective.map(|effective| DaemonRights { user: 7, effective }),
            };
            assert_eq!(grades(&judge(&facts)), expected, "{missing:?} {effective:?}");
        }
    }
}
