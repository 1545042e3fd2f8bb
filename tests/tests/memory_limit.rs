//! A flow table larger than the control group's memory: one line that says what to do, and nothing is left.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use cmflow_tests::gateway_daemon::Plan;
use cmflow_tests::office::{Office, SITE};
use xtask::lab::ScratchDir;

/// A control group of this test's, removed with the value.
struct Group(PathBuf);

impl Group {
    /// One with so many bytes of memory; nothing, with the reason printed, where none can be made.
    fn limited(bytes: u64) -> Option<Self> {
        let name = format!("cmflow-test-{}", std::process::id());
        let roots = [
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            ("/sys/fs/cgroup", "memory.max"),
        ];
        for (root, limit) in roots {
            let folder = Path::new(root).join(&name);
            if fs::create_dir(&folder).is_err() {
                continue;
            }
            let group = Self(folder);
            if fs::write(group.0.join(limit), bytes.to_string()).is_ok() {
                return Some(group);
            }
        }
        println!("skipped: no control group with a limit of memory can be made here");
        None
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn a_table_that_is_too_large_is_refused_in_one_line() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let Some(group) = Group::limited(64 << 20) else {
        return Ok(());
    };
    let folder = ScratchDir::new("limit")?;
    let site = folder.path().join("site.toml");
    fs::write(&site, SITE)?;
    // 4,194,304 flows take 512 MiB.
    let plan = Plan::on(&["client"]).with(&["--mode", "tcx", "--flows", "4194304"]);
    let asked = plan.command(office.gateway(), &site.to_string_lossy())?;
    let arguments: Vec<_> = asked.get_args().map(ToOwned::to_owned).collect();
    // Of two --flows the last would be one too many.
    let flows = arguments
        .iter()
        .position(|one| one == "--flows")
        .expect("the plan says how many");
    let arguments = [&arguments[..flows], &arguments[flows + 2..]].concat();
    let mut command = office
        .gateway()
        .command_with_sys(&asked.get_program().to_string_lossy())?;
    command.args(arguments);
    let mut members = File::options().write(true).open(group.0.join("cgroup.procs"))?;
    // SAFETY: between fork and exec the closure writes two bytes to an open file, no more.
    unsafe { command.pre_exec(move || members.write_all(b"0\n")) };
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    let last = said.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("cmflow: the kernel has no memory for")
            && last.contains("--flows")
            && last.contains("memory.max"),
        "{said}"
    );
    assert_eq!(office.pins()?, "", "nothing is left");
    Ok(())
}
