//! The interfaces: hook, driver, offloads, limits, what is stacked. What is known of them is `cmflow check`'s report.

use super::Check;
use crate::kernel::interface::{Outlook, Report};

const GROUP: &str = "interfaces";

/// What the machine says of the interfaces that the instance looks at, or was asked about.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The report on them; problems of rights and of the kernel are other groups'.
    pub report: Report,
    /// The hooks that the daemon uses, by interface.
    pub used: Vec<(String, String)>,
}

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let mut checks: Vec<Check> = facts
        .report
        .problems
        .iter()
        .map(|problem| {
            // Each says what to do by itself.
            let (found, remedy) = problem
                .split_once("; ")
                .unwrap_or((problem, "see cmflow check --interface"));
            Check::problem(GROUP, "can be looked at", found, remedy)
        })
        .collect();
    for interface in &facts.report.interfaces {
        let used = facts.used.iter().find(|(name, _)| *name == interface.name);
        checks.push(hook(interface, used.map(|(_, mode)| mode.as_str())));
        checks.extend(interface.warnings.iter().map(|warning| {
            let (found, remedy) = warning
                .split_once("; ")
                .or_else(|| warning.split_once(": "))
                .unwrap_or((warning, "know it before cmflow is started, stopped or upgraded"));
            Check::warning(GROUP, &interface.name, found, remedy)
        }));
    }
    checks
}

fn hook(interface: &Outlook, used: Option<&str>) -> Check {
    let driver = interface.driver.as_deref().unwrap_or("unknown");
    let about = |mode: &str| format!("{mode}, driver {driver}, MTU {}", interface.mtu);
    let Some(used) = used else {
        return Check::ok(
            GROUP,
            &interface.name,
            format!("would be looked at: {}", about(interface.mode)),
        );
    };
    if used == "none" {
        return Check::problem(
            GROUP,
            &interface.name,
            "the daemon has no program on it, and counts nothing there",
            "cmflow status says why; start the daemon again",
        );
    }
    if used == "generic" && interface.mode != "generic" {
        return Check::warning(
            GROUP,
            &interface.name,
            format!("{}: packets are merged packets", about(used)),
            format!("--mode {} would see each frame", interface.mode),
        );
    }
    Check::ok(GROUP, &interface.name, about(used))
}

#[cfg(test)]
mod tests {
    use super::super::Grade::{Ok as Fine, Problem, Warning};
    use super::*;

    fn facts(mode: &'static str, used: Option<&str>, warning: Option<&str>, problem: Option<&str>) -> Facts {
        Facts {
            report: Report {
                interfaces: vec![Outlook {
                    name: "eth0".to_owned(),
                    driver: Some("veth".to_owned()),
                    kind: None,
                    mtu: 1500,
                    addresses: Vec::new(),
                    mode,
                    why: String::new(),
                    warnings: warning.map(str::to_owned).into_iter().collect(),
                }],
                problems: problem.map(str::to_owned).into_iter().collect(),
            },
            used: used
                .map(|mode| ("eth0".to_owned(), mode.to_owned()))
                .into_iter()
                .collect(),
        }
    }

    #[test]
    fn hooks_warnings_and_problems() {
        let lro = "the card merges packets (LRO); turn it off: ethtool -K eth0 lro off";
        for (facts, grades, remedy) in [
            (facts("native", None, None, None), vec![Fine], None),
            (facts("native", Some("native"), None, None), vec![Fine], None),
            (
                facts("native", Some("generic"), None, None),
                vec![Warning],
                Some("--mode native would see each frame"),
            ),
            (facts("generic", Some("generic"), None, None), vec![Fine], None),
            (facts("native", Some("none"), None, None), vec![Problem], None),
            (
                facts("native", None, Some(lro), None),
                vec![Fine, Warning],
                Some("turn it off: ethtool -K eth0 lro off"),
            ),
            (
                facts(
                    "native",
                    None,
                    None,
                    Some("eth0 is down; set it up first: ip link set eth0 up"),
                ),
                vec![Problem, Fine],
                Some("set it up first: ip link set eth0 up"),
            ),
        ] {
            let checks = judge(&facts);
            let found: Vec<_> = checks.iter().map(|one| one.grade).collect();
            assert_eq!(found, grades, "{checks:?}");
            if let Some(remedy) = remedy {
                assert!(
                    checks.iter().any(|one| one.remedy.as_deref() == Some(remedy)),
                    "{checks:?}"
                );
            }
        }
    }
}
