//! The kernel: its release, and what of it is needed.

use super::Check;

const GROUP: &str = "kernel";

/// What the kernel has. Nothing stands where it cannot be asked (rights, or a file that is not there).
#[derive(Clone, Debug)]
pub struct Facts {
    /// Its release, or why it is too old.
    pub release: Result<String, String>,
    /// Whether it has tcx.
    pub tcx: bool,
    /// Whether it tells its types (BTF).
    pub btf: bool,
    /// `net.core.bpf_jit_enable`.
    pub jit: Option<u32>,
    /// What was tried: name, and whether the kernel has it.
    pub tried: Vec<(&'static str, Option<bool>)>,
}

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let mut checks = vec![match &facts.release {
        Ok(release) => Check::ok(GROUP, "release", release.clone()),
        Err(why) => Check::problem(GROUP, "release", why.clone(), "run a newer kernel"),
    }];
    checks.push(if facts.tcx {
        Check::ok(GROUP, "tcx", "the kernel has it")
    } else {
        Check::warning(
            GROUP,
            "tcx",
            "the kernel has none (6.6 or newer has)",
            "where a driver has no native XDP, only generic XDP is left, which sees merged packets",
        )
    });
    checks.push(if facts.btf {
        Check::ok(GROUP, "types (BTF)", "the kernel tells them")
    } else {
        Check::warning(
            GROUP,
            "types (BTF)",
            "/sys/kernel/btf/vmlinux is missing",
            "tools that look into maps (bpftool) show bytes only; build the kernel with CONFIG_DEBUG_INFO_BTF",
        )
    });
    checks.extend(facts.jit.map(|jit| match jit {
        0 => Check::problem(
            GROUP,
            "compiler (JIT)",
            "net.core.bpf_jit_enable is 0: programs are interpreted, many times slower",
            "sysctl -w net.core.bpf_jit_enable=1",
        ),
        2 => Check::warning(
            GROUP,
            "compiler (JIT)",
            "net.core.bpf_jit_enable is 2: the kernel writes every program into its log",
            "sysctl -w net.core.bpf_jit_enable=1",
        ),
        _ => Check::ok(GROUP, "compiler (JIT)", "on"),
    }));
    checks.extend(facts.tried.iter().filter_map(|(name, has)| {
        Some(if (*has)? {
            Check::ok(GROUP, name, "the kernel has it")
        } else {
            Check::problem(
                GROUP,
                name,
                "the kernel has none",
                "run a newer kernel, or one built with it",
            )
        })
    }));
    checks
}

#[cfg(test)]
mod tests {
    use super::super::Grade::{Ok as Fine, Problem, Warning};
    use super::*;

    fn new() -> Facts {
        Facts {
            release: Ok("6.12".to_owned()),
            tcx: true,
            btf: true,
            jit: Some(1),
            tried: vec![("ring buffer", Some(true)), ("XDP", None)],
        }
    }

    #[test]
    fn each_thing_that_a_kernel_lacks_is_told() {
        type Change = fn(&mut Facts);
        let rows: [(Change, &str, super::super::Grade); 7] = [
            (|_| {}, "ring buffer", Fine),
            (
                |facts| facts.release = Err("too old".to_owned()),
                "release",
                Problem,
            ),
            (|facts| facts.tcx = false, "tcx", Warning),
            (|facts| facts.btf = false, "types (BTF)", Warning),
            (|facts| facts.jit = Some(0), "compiler (JIT)", Problem),
            (|facts| facts.jit = Some(2), "compiler (JIT)", Warning),
            (|facts| facts.tried[0].1 = Some(false), "ring buffer", Problem),
        ];
        for (change, check, grade) in rows {
            let mut facts = new();
            change(&mut facts);
            let checks = judge(&facts);
            let worse: Vec<_> = checks.iter().filter(|one| one.grade != Fine).collect();
            if grade == Fine {
                assert!(worse.is_empty(), "{worse:?}");
            } else {
                assert_eq!(worse.len(), 1, "{worse:?}");
                assert_eq!((worse[0].check.as_str(), worse[0].grade), (check, grade));
            }
            assert!(
                checks.iter().all(|one| one.check != "XDP"),
                "what was not found out is not told"
            );
        }
    }
}
