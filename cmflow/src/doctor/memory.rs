//! Memory and other limits of the process that makes the maps.

use super::Check;

const GROUP: &str = "memory";

/// What there is, and what the flow table takes.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Slots of the flow table.
    pub slots: u64,
    /// Whether those are a daemon's that runs; else the default's.
    pub running: bool,
    /// Bytes that the control group may have.
    pub limit: Option<u64>,
    /// Bytes that are free or can be freed.
    pub available: Option<u64>,
    /// Files that a process may have open.
    pub files: u64,
}

/// What the other maps take, the daemon beside them: tables, counters, expectations, rings.
const REST: u64 = 96 << 20;
/// Interfaces, pins, programs, maps, and whoever asks at a time.
const FILES: u64 = 512;

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let table = facts.slots * 128;
    let takes = format!("{} flows take {} MiB", facts.slots, table >> 20);
    let needed = table + REST;
    let fewer = "give fewer --flows, or raise memory.max of the control group (MemoryMax= of the unit)";
    let mut checks = vec![match facts.limit {
        None => Check::ok(GROUP, "control group", format!("{takes}, and no limit is set")),
        Some(limit) if limit >= needed => Check::ok(
            GROUP,
            "control group",
            format!("{takes} of {} MiB allowed", limit >> 20),
        ),
        Some(limit) => {
            let found = format!(
                "{takes}, about {} MiB with the other maps and the daemon, and {} MiB are allowed",
                needed >> 20,
                limit >> 20
            );
            // What runs has got its maps.
            if facts.running || limit >= table {
                Check::warning(GROUP, "control group", found, fewer)
            } else {
                Check::problem(GROUP, "control group", found, fewer)
            }
        }
    }];
    checks.extend(facts.available.map(|available| {
        let found = format!("{} MiB available", available >> 20);
        if facts.running || available >= needed {
            Check::ok(GROUP, "machine", found)
        } else {
            Check::warning(
                GROUP,
                "machine",
                format!("{takes}, and only {found}"),
                "give fewer --flows",
            )
        }
    }));
    checks.push(if facts.files >= FILES {
        Check::ok(GROUP, "open files", format!("{} allowed", facts.files))
    } else {
        Check::warning(
            GROUP,
            "open files",
            format!("only {} allowed", facts.files),
            format!("allow {FILES} or more: ulimit -n, LimitNOFILE= of the unit"),
        )
    });
    checks
}

#[cfg(test)]
mod tests {
    use super::super::Grade::{Ok as Fine, Problem, Warning};
    use super::*;

    #[test]
    fn limits_against_what_the_table_takes() {
        let mib = |count: u64| Some(count << 20);
        // Running, limit, available, open files; grades of the three.
        for (running, limit, available, files, expected) in [
            (false, None, mib(1024), 1024, [Fine, Fine, Fine]),
            (false, mib(1024), mib(1024), 1024, [Fine, Fine, Fine]),
            (false, mib(64), mib(1024), 1024, [Warning, Fine, Fine]),
            (false, mib(16), mib(1024), 1024, [Problem, Fine, Fine]),
            (true, mib(16), mib(1024), 1024, [Warning, Fine, Fine]),
            (false, None, mib(100), 1024, [Fine, Warning, Fine]),
            (true, None, mib(100), 1024, [Fine, Fine, Fine]),
            (false, None, mib(1024), 256, [Fine, Fine, Warning]),
        ] {
            let facts = Facts {
                slots: 262_144,
                running,
                limit,
                available,
                files,
            };
            let found: Vec<_> = judge(&facts).iter().map(|one| one.grade).collect();
            assert_eq!(found, expected, "{facts:?}");
        }
    }
}
