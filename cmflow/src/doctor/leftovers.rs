//! What daemons left that do not run any more.

use super::Check;

const GROUP: &str = "leftovers";

/// An instance of which something is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Its name.
    pub instance: String,
    /// Whether a daemon holds its lock.
    pub runs: bool,
    /// Its socket, where it is there.
    pub socket: Option<String>,
    /// The folder of its pins, where it is there.
    pub pins: Option<String>,
    /// How many programs hang on interfaces by them.
    pub attached: usize,
}

/// Every instance of which something is there.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// They.
    pub traces: Vec<Trace>,
}

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let dead = facts.traces.iter().filter(|trace| !trace.runs);
    let left: Vec<Check> = dead.flat_map(left).collect();
    if left.is_empty() {
        let running = facts.traces.iter().filter(|trace| trace.runs).count();
        return vec![Check::ok(
            GROUP,
            "of dead daemons",
            format!("none; {running} instances run"),
        )];
    }
    left
}

fn left(trace: &Trace) -> Vec<Check> {
    let name = &trace.instance;
    let check = format!("instance {name}");
    let mut checks = Vec::new();
    if let Some(pins) = &trace.pins {
        let attached = match trace.attached {
            0 => "nothing attached".to_owned(),
            1 => "1 program attached and counting".to_owned(),
            many => format!("{many} programs attached and counting"),
        };
        checks.push(Check::warning(
            GROUP,
            &check,
            format!("no daemon runs, and it left pins in {pins}, with {attached}"),
            format!("start it again with cmflow run --instance {name}, or remove them: cmflow detach --instance {name}"),
        ));
    }
    if let Some(socket) = &trace.socket {
        checks.push(Check::warning(
            GROUP,
            &check,
            format!("no daemon runs, and its socket {socket} is left"),
            format!("the next cmflow run --instance {name} replaces it; else remove it: rm {socket}"),
        ));
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::super::Grade::{Ok as Fine, Warning};
    use super::*;

    #[test]
    fn only_the_dead_leave_something() {
        let trace = |runs, socket: bool, pins: bool| Trace {
            instance: "gw".to_owned(),
            runs,
            socket: socket.then(|| "gw.sock".to_owned()),
            pins: pins.then(|| "gw".to_owned()),
            attached: 2,
        };
        for (traces, expected) in [
            (vec![], vec![Fine]),
            (vec![trace(true, true, true)], vec![Fine]),
            // A lock alone, which always stays.
            (vec![trace(false, false, false)], vec![Fine]),
            (vec![trace(false, true, false)], vec![Warning]),
            (
                vec![trace(true, true, true), trace(false, true, true)],
                vec![Warning, Warning],
            ),
        ] {
            let checks = judge(&Facts { traces });
            let found: Vec<_> = checks.iter().map(|one| one.grade).collect();
            assert_eq!(found, expected, "{checks:?}");
        }
    }
}
