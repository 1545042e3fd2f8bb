//! The BPF file system and the pins of the instance.

use super::Check;

const GROUP: &str = "pins";

/// What lies where the instance's pins belong.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The BPF file system that they are or would be in.
    pub file_system: String,
    /// Whether it is mounted, and for whom; nothing where it is not.
    pub mounted: Option<Mounted>,
    /// The instance's folder.
    pub folder: String,
    /// Names in it, where it is there; or why it cannot be read.
    pub names: Option<Result<Vec<String>, String>>,
    /// What is wrong with the layout of the maps, where somebody compared it.
    pub layout: Option<String>,
    /// Pins that more than their user and group may open.
    pub open_to_all: Vec<String>,
}

/// A file system's root.
#[derive(Clone, Copy, Debug)]
pub struct Mounted {
    /// Permissions.
    pub mode: u32,
    /// User.
    pub user: u32,
    /// Group.
    pub group: u32,
}

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let mut checks = vec![file_system(facts)];
    match &facts.names {
        None => checks.push(Check::ok(GROUP, "of the instance", "none")),
        Some(Err(why)) => checks.push(Check::warning(
            GROUP,
            "of the instance",
            format!("{} cannot be read: {why}", facts.folder),
            "run cmflow doctor as root",
        )),
        Some(Ok(names)) => checks.extend(instance(facts, names)),
    }
    checks
}

fn file_system(facts: &Facts) -> Check {
    let path = &facts.file_system;
    let Some(Mounted { mode, user, group }) = facts.mounted else {
        return Check::warning(
            GROUP,
            "BPF file system",
            format!("none is mounted at {path}"),
            format!("cmflow run mounts it as root; else: mount -t bpf bpf {path}"),
        );
    };
    let found = format!("{path}, mode {mode:o}, user {user}, group {group}");
    // Sticky as /tmp is: everybody may pin, nobody may take away what is another's.
    if mode & 0o002 != 0 && mode & 0o1000 == 0 {
        return Check::problem(
            GROUP,
            "BPF file system",
            format!("{found}: everybody may remove pins"),
            format!("chmod o-w {path}"),
        );
    }
    Check::ok(GROUP, "BPF file system", found)
}

fn instance(facts: &Facts, names: &[String]) -> Vec<Check> {
    let whole = ["CONTROL", "FLOWS"]
        .iter()
        .all(|map| names.iter().any(|name| name == map));
    let mut checks = vec![match &facts.layout {
        _ if !whole => Check::problem(
            GROUP,
            "of the instance",
            format!(
                "{} holds {}, which is no whole set of cmflow's maps",
                facts.folder,
                listed(names)
            ),
            "remove what is cmflow's with cmflow detach, and look at the rest yourself",
        ),
        Some(layout) => Check::problem(
            GROUP,
            "of the instance",
            layout.clone(),
            "another version of cmflow left them: cmflow detach removes them",
        ),
        None => Check::ok(
            GROUP,
            "of the instance",
            format!("{} pins in {}", names.len(), facts.folder),
        ),
    }];
    if !facts.open_to_all.is_empty() {
        checks.push(Check::problem(
            GROUP,
            "permissions",
            format!(
                "everybody may open {}, and so read and change counters",
                listed(&facts.open_to_all)
            ),
            format!("chmod o-rwx {}/*", facts.folder),
        ));
    }
    checks
}

fn listed(names: &[String]) -> String {
    const SHOWN: usize = 3;
    match names {
        [] => "nothing".to_owned(),
        few if few.len() <= SHOWN => few.join(", "),
        many => format!("{} and {} more", many[..SHOWN].join(", "), many.len() - SHOWN),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Grade::{Ok as Fine, Problem, Warning};
    use super::super::check::grades;
    use super::*;

    fn facts() -> Facts {
        Facts {
            mounted: Some(Mounted {
                mode: 0o700,
                user: 0,
                group: 0,
            }),
            names: Some(Ok(["CONTROL", "FLOWS", "links"].map(str::to_owned).to_vec())),
            ..Facts::default()
        }
    }

    #[test]
    fn pins_are_whole_mounted_and_closed() {
        type Change = fn(&mut Facts);
        let rows: [(Change, &[(&str, super::super::Grade)]); 8] = [
            (|_| {}, &[("BPF file system", Fine), ("of the instance", Fine)]),
            (
                |facts| facts.names = None,
                &[("BPF file system", Fine), ("of the instance", Fine)],
            ),
            (
                |facts| facts.names = Some(Err("no".to_owned())),
                &[("BPF file system", Fine), ("of the instance", Warning)],
            ),
            (
                |facts| facts.names = Some(Ok(vec!["else".to_owned()])),
                &[("BPF file system", Fine), ("of the instance", Problem)],
            ),
            (
                |facts| facts.layout = Some("FLOWS has values of 96 bytes".to_owned()),
                &[("BPF file system", Fine), ("of the instance", Problem)],
            ),
            (
                |facts| facts.open_to_all = vec!["FLOWS".to_owned()],
                &[
                    ("BPF file system", Fine),
                    ("of the instance", Fine),
                    ("permissions", Problem),
                ],
            ),
            (
                |facts| facts.mounted = None,
                &[("BPF file system", Warning), ("of the instance", Fine)],
            ),
            (
                |facts| {
                    facts.mounted = Some(Mounted {
                        mode: 0o777,
                        user: 0,
                        group: 0,
                    });
                },
                &[("BPF file system", Problem), ("of the instance", Fine)],
            ),
        ];
        for (number, (change, expected)) in rows.into_iter().enumerate() {
            let mut facts = facts();
            change(&mut facts);
            assert_eq!(grades(&judge(&facts)), expected, "row {number}");
        }
    }
}
