//! A daemon that root starts and that goes on as a user of its own: what it may, who may ask it, that it still counts.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result, ensure};
use cmflow::serve::{self, Question};
use cmflow_tests::binary::cmflow;
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan, ask};
use cmflow_tests::office::{BOTH, Office, SITE};
use cmflow_tests::traffic::{conversation, datagrams, ends};
use rustix::process::Signal;
use xtask::lab::{ScratchDir, wait_until};

/// The group whose members may ask.
const GROUP: u32 = 54322;
const CAP_BPF: u64 = 1 << 39;
const CAP_NET_ADMIN: u64 = 1 << 12;
const CAP_PERFMON: u64 = 1 << 38;

/// Path of a folder, its user, its group.
type Owned = (PathBuf, Option<(u32, u32)>);

/// The folders that a daemon's user is given. They belong to the machine: afterwards they are whose they were, and one
/// test at a time has them.
struct Folders(
    Vec<Owned>,
    #[expect(dead_code, reason = "held until the folders are back")] MutexGuard<'static, ()>,
);

impl Folders {
    fn now() -> Self {
        let folders = ["/run/cmflow", "/var/lib/cmflow"];
        let owner = |folder| {
            let found = fs::metadata(folder).ok()?;
            Some((found.uid(), found.gid()))
        };
        static ONE: Mutex<()> = Mutex::new(());
        let alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        Self(folders.map(|one| (one.into(), owner(one))).into(), alone)
    }

    /// A user that they may belong to: the one that they belong to, where that is not root.
    fn user(&self) -> u32 {
        let owners = self.0.iter().filter_map(|(_, owner)| *owner);
        owners
            .map(|(user, _)| user)
            .find(|user| *user != 0)
            .unwrap_or(54321)
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        for (folder, owner) in &self.0 {
            let (user, group) = owner.unwrap_or((0, 0));
            let _ = chown(folder, Some(user), Some(group));
        }
    }
}

/// What `/proc/PID/status` says in a line.
fn status_line(process: u32, line: &str) -> Result<String> {
    let text = fs::read_to_string(format!("/proc/{process}/status"))?;
    let found = text.lines().find_map(|one| one.strip_prefix(line));
    Ok(found.with_context(|| line.to_owned())?.trim().to_owned())
}

/// Every thread of the process has these capabilities and no others, and no way back.
fn has_only(process: u32, capabilities: u64, bound: u64) -> Result<()> {
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let thread: u32 = thread?.file_name().to_string_lossy().parse()?;
        for (line, expected) in [
            ("CapEff:", capabilities),
            ("CapPrm:", capabilities),
            ("CapBnd:", bound),
            ("CapInh:", 0),
            ("CapAmb:", 0),
        ] {
            let found = u64::from_str_radix(&status_line(thread, line)?, 16)?;
            ensure!(found == expected, "{line} {found:x} instead of {expected:x}");
        }
        assert_eq!(status_line(thread, "NoNewPrivs:")?, "1");
    }
    Ok(())
}

/// Asks for the status as somebody else: a thread of its own becomes that user, in that group alone.
fn ask_as(socket: &Path, user: u32, group: u32) -> Result<(), String> {
    let asking = || {
        // SAFETY: numbers only; the bare calls change this short-lived thread alone.
        let became = unsafe {
            libc::syscall(libc::SYS_setgroups, 0, std::ptr::null::<u32>()) == 0
                && libc::syscall(libc::SYS_setresgid, group, group, group) == 0
                && libc::syscall(libc::SYS_setresuid, user, user, user) == 0
        };
        assert!(became, "{}", io::Error::last_os_error());
        serve::ask(socket, &Question::Status).map(drop)
    };
    let answer = std::thread::scope(|scope| scope.spawn(asking).join().expect("asking does not panic"));
    answer.map_err(|error| format!("{error:#}"))
}

/// Mode, user and group of everything under the own BPF file system, as the gateway sees it: `660 54321 54322 FLOWS`.
fn pins(office: &Office, instance: &str) -> Result<Vec<String>> {
    let mut find = office.gateway().command_with_sys("find")?;
    find.arg(format!("/run/cmflow.bpf/{instance}"));
    let output = find.args(["-printf", "%m %U %G %y %f\n"]).output()?;
    Ok(String::from_utf8(output.stdout)?
        .lines()
        .map(str::to_owned)
        .collect())
}

fn start(office: &Office, user: u32, more: &[&str]) -> Result<Daemon> {
    let (user, group) = (user.to_string(), GROUP.to_string());
    let plan = Plan::on(&BOTH).with(&["--user", &user, "--group", &group]);
    office.run(&plan.with(more))
}

#[test]
fn it_goes_on_as_its_own_user_with_one_capability() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let folders = Folders::now();
    let user = folders.user();
    let mut daemon = start(&office, user, &[])?;
    let process = daemon.process()?;
    // Real, effective, saved, and the one for files.
    for (line, number) in [("Uid:", user), ("Gid:", GROUP)] {
        let all = [
            number.to_string(),
            number.to_string(),
            number.to_string(),
            number.to_string(),
        ];
        assert_eq!(status_line(process, line)?, all.join("\t"));
    }
    assert_eq!(status_line(process, "Groups:")?, GROUP.to_string());
    has_only(process, CAP_BPF, CAP_BPF)?;

    // It counts, ticks, expires and tells as before.
    let (from, to) = ends("10.10.0.5:0", "10.20.0.11:443")?;
    conversation(&office, from, to)?;
    daemon.flow(to, |flow| flow.state == "answered")?;
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:9999")?;
    datagrams(&office, from, to, 3, 10)?;
    daemon.flow(to, |flow| flow.forward.packets == 3)?;
    wait_until("the news of an unexplained flow", LIMIT, || {
        daemon.log().contains("10.20.0.12")
    })?;
    let counted = daemon.status()?;
    assert!(counted.conservation.ok && counted.frames > 0, "{counted:#?}");

    // The socket is for the group.
    let socket = PathBuf::from(format!("/run/cmflow/{}.sock", daemon.instance()));
    let found = fs::metadata(&socket)?;
    assert_eq!((found.uid(), found.gid()), (user, GROUP));
    assert_eq!(found.permissions().mode() & 0o777, 0o660);
    assert_eq!(
        ask_as(&socket, 61_000, GROUP),
        Ok(()),
        "a member of the group asks"
    );
    let refused = ask_as(&socket, 61_000, 61_000).expect_err("somebody else asks");
    assert!(
        refused.contains("may not be opened") && refused.contains("group"),
        "{refused}"
    );

    // So are the pins, and nobody else may even look.
    let listed = pins(&office, daemon.instance())?;
    assert!(listed.len() > 10, "{listed:#?}");
    for line in listed {
        let mode = if line.contains(" d ") { "750" } else { "660" };
        assert!(line.starts_with(&format!("{mode} {user} {GROUP} ")), "{line}");
    }

    let (status, log) = daemon.end(Signal::TERM)?;
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("conservation law held at every tick"), "{log}");
    assert!(log.contains("with CAP_BPF alone"), "{log}");
    assert!(!socket.exists(), "the socket is left");
    assert_eq!(pins(&office, daemon.instance())?, [""; 0], "pins are left");
    wait_until("the programs to go", LIMIT, || {
        BOTH.iter()
            .all(|one| office.program(one).is_ok_and(|id| id.is_none()))
    })
}

#[test]
fn what_is_kept_for_interfaces_that_come_back_is_asked_for() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let folders = Folders::now();
    let daemon = start(&office, folders.user(), &["--keep-net-admin", "--mode", "tcx"])?;
    let kept = CAP_BPF | CAP_NET_ADMIN | CAP_PERFMON;
    has_only(daemon.process()?, kept, kept)?;
    daemon.finish()
}

/// As the shipped unit starts it: never root, with what loading takes as ambient capabilities, on a file system that was
/// mounted before.
#[test]
fn it_starts_without_root_where_the_file_system_is_mounted() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let folders = Folders::now();
    let user = folders.user();
    // The first one mounts it, and leaves the folders to the user.
    start(&office, user, &[])?.finish()?;

    let scratch = ScratchDir::new("unit")?;
    let site = scratch.path().join("site.toml");
    fs::write(&site, SITE)?;
    // The copy of the program lies where that user may go.
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755))?;
    let program = scratch.path().join("cmflow");
    fs::copy(cmflow(), &program)?;
    let (user, group) = (user.to_string(), GROUP.to_string());
    let plan = Plan::on(&BOTH).with(&["--user", &user, "--group", &group, "--mode", "tcx"]);
    let asked = plan.command(office.gateway(), &site.to_string_lossy())?;
    let started = |capabilities: &str| -> Result<Command> {
        let mut command = office.gateway().command_with_sys("setpriv")?;
        command.args([
            "--reuid",
            &user,
            "--regid",
            &group,
            "--clear-groups",
            "--no-new-privs",
        ]);
        for set in ["--inh-caps", "--ambient-caps", "--bounding-set"] {
            command.args([set, capabilities]);
        }
        command.arg("--").arg(&program).args(asked.get_args());
        Ok(command)
    };
    let needed = "-all,+bpf,+net_admin,+perfmon";
    let mut daemon = office
        .gateway()
        .start(started(needed)?, Some(scratch.path().join("log")))?;
    daemon.wait_ready(LIMIT, || ask(plan.instance(), &["status"]).status.success())?;
    // What it was started with bounds it; without new privileges that gives nothing back.
    has_only(daemon.id(), CAP_BPF, CAP_BPF | CAP_NET_ADMIN | CAP_PERFMON)?;
    for line in pins(&office, plan.instance())? {
        let mode = if line.contains(" d ") { "750" } else { "660" };
        assert!(line.starts_with(&format!("{mode} {user} {group} ")), "{line}");
    }
    let status = daemon.stop(Signal::TERM, LIMIT)?;
    assert!(status.success(), "{status}");
    assert_eq!(pins(&office, plan.instance())?, [""; 0], "pins are left");

    // What is missing is named, each by itself.
    for (capabilities, missing) in [
        ("-all,+net_admin,+perfmon", "CAP_BPF is missing"),
        ("-all,+bpf,+perfmon", "CAP_NET_ADMIN is missing"),
        ("-all,+bpf,+net_admin", "CAP_PERFMON is missing"),
        ("-all,+bpf", "CAP_NET_ADMIN, CAP_PERFMON are missing"),
    ] {
        let output = started(capabilities)?.output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(missing), "{said}");
    }
    Ok(())
}

#[test]
fn what_it_keeps_is_removed_by_root() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let folders = Folders::now();
    let mut daemon = start(&office, folders.user(), &["--keep"])?;
    daemon.end(Signal::KILL)?;
    ensure!(office.program("client")?.is_some(), "--keep outlives SIGKILL");
    assert!(!pins(&office, daemon.instance())?.is_empty());
    let mut detach = office.gateway().command_with_sys(&cmflow().to_string_lossy())?;
    let detached = detach
        .args(["detach", "--instance", daemon.instance()])
        .output()?;
    assert!(
        String::from_utf8_lossy(&detached.stdout).contains("is detached"),
        "{detached:?}"
    );
    assert_eq!(pins(&office, daemon.instance())?, [""; 0]);
    wait_until("the programs to go", LIMIT, || {
        BOTH.iter()
            .all(|one| office.program(one).is_ok_and(|id| id.is_none()))
    })
}

#[test]
fn without_a_user_nothing_is_given_up() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let process = daemon.process()?;
    assert_eq!(status_line(process, "Uid:")?, "0\t0\t0\t0");
    assert_eq!(status_line(process, "NoNewPrivs:")?, "0");
    daemon.finish()
}
