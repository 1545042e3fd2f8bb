//! How much memory this process may have: maps are charged to the control group of whoever makes them.

use std::fs;
use std::path::{Path, PathBuf};

/// Where control groups are mounted; under version 1 each controller below it.
const GROUPS: &str = "/sys/fs/cgroup";

/// The smallest limit of this process's control group and of those around it; nothing where there is none.
#[must_use]
pub fn limit() -> Option<u64> {
    limit_of("self")
}

/// The same of another process, by its number.
#[must_use]
pub fn limit_of(process: &str) -> Option<u64> {
    let groups = fs::read_to_string(format!("/proc/{process}/cgroup")).ok()?;
    limit_by(&groups, &|path| fs::read_to_string(path).ok())
}

/// The same from the text of `/proc/self/cgroup` and a way to read files.
fn limit_by(groups: &str, read: &dyn Fn(&Path) -> Option<String>) -> Option<u64> {
    groups.lines().filter_map(|line| of_group(line, read)).min()
}

/// The smallest limit on the way up from one line's group: `0::/path`, or `4:memory:/path` under version 1.
fn of_group(line: &str, read: &dyn Fn(&Path) -> Option<String>) -> Option<u64> {
    let mut parts = line.splitn(3, ':');
    let (number, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
    let (root, file) = if number == "0" && controllers.is_empty() {
        (PathBuf::from(GROUPS), "memory.max")
    } else if controllers.split(',').any(|one| one == "memory") {
        (Path::new(GROUPS).join("memory"), "memory.limit_in_bytes")
    } else {
        return None;
    };
    let group = Path::new(path.trim_start_matches('/'));
    let limits = group.ancestors().filter_map(|above| {
        let text = read(&root.join(above).join(file))?;
        let bytes: u64 = text.trim().parse().ok()?;
        // Version 1 says "no limit" by the largest number of whole pages.
        (bytes < 1 << 60).then_some(bytes)
    });
    limits.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tightest_group_around_a_process_counts() {
        let files = [
            ("/sys/fs/cgroup/system.slice/cmflow.service/memory.max", "max\n"),
            ("/sys/fs/cgroup/system.slice/memory.max", "268435456\n"),
            ("/sys/fs/cgroup/memory/box/memory.limit_in_bytes", "1048576\n"),
            (
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                "9223372036854771712\n",
            ),
        ];
        let read = |path: &Path| {
            let found = files.iter().find(|(name, _)| Path::new(name) == path)?;
            Some(found.1.to_owned())
        };
        for (groups, limit) in [
            ("0::/system.slice/cmflow.service\n", Some(256 << 20)),
            ("0::/\n", None),
            ("4:memory:/box\n0::/\n", Some(1 << 20)),
            ("4:memory:/\n", None),
            ("3:cpu,cpuacct:/box\n", None),
            ("nonsense", None),
        ] {
            assert_eq!(limit_by(groups, &read), limit, "{groups}");
        }
    }
}
