//! Every kind of bad input to `cmflow run`: one clear message on stderr, exit code 2, and nothing attached.
//!
//! `cmflow check` is looked at in `check.rs`, each mistake of a site file in `cmflow/src/config/tests.rs`, each
//! refusal of an interface in `interfaces.rs`. Here they come by way of the daemon.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output};

use anyhow::{Result, ensure};
use cmflow_tests::binary::{cmflow, run};
use cmflow_tests::gateway_daemon::Plan;
use cmflow_tests::office::{BOTH, Office, SITE};
use xtask::lab::{self, ScratchDir};

/// What it said on stderr, where it ended with 2 and answered nothing.
fn refusal(what: &str, output: &Output) -> Result<String> {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(
        output.status.code() == Some(2),
        "{what}: it ended with {} and said {said}",
        output.status
    );
    ensure!(output.stdout.is_empty(), "{what}: it answers as well");
    ensure!(!said.contains("panicked"), "{what}: {said}");
    Ok(said)
}

/// No program on the gateway's interfaces, and no pin.
fn nothing_attached(office: &Office, what: &str) -> Result<()> {
    for interface in BOTH {
        let program = office.program(interface)?;
        ensure!(program.is_none(), "{what}: {interface} carries {program:?}");
    }
    let pins = office.pins()?;
    ensure!(pins.is_empty(), "{what}: pins are left: {pins}");
    Ok(())
}

#[test]
fn a_bad_site_file() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let folder = ScratchDir::new("bad-site")?;
    let rows: [(&str, &[&str]); 13] = [
        (
            "[roles]\nmanagment-point = []",
            &["2: unknown role \"managment-point\"; did you mean \"management-point\"?"],
        ),
        (
            "[roles]\nclient = [\"10.0.0.0/33\"]",
            &["2: \"10.0.0.0/33\" is not a prefix: \"33\" is not a length of IPv4, 0 to 32"],
        ),
        (
            "[roles]\nclient = [\"10.1.2.3/16\"]",
            &[
                "2: \"10.1.2.3/16\" has bits set beyond its first 16; did you mean \"10.1.0.0/16\" or \"10.1.2.3\"?",
            ],
        ),
        (
            "[roles]\nclient = [\n\"fd00:10::/64\",\n\"!fd00:10::/64\"]",
            &["4: \"fd00:10::/64\" is both given to \"client\" and excluded from it (line 3); remove one"],
        ),
        ("[ports]\nsql = 0", &["2: port 0 is outside 1 to 65535"]),
        ("[ports]\nsql = 65536", &["2: port 65536 is outside 1 to 65535"]),
        (
            "[ports]\nrpc-dynamic = \"65535-49152\"",
            &["2: the range \"65535-49152\" ends before it begins; did you mean \"49152-65535\"?"],
        ),
        (
            "edition = \"2020-4\"",
            &["1: unknown edition \"2020-4\"; did you mean \"2020-04\"?"],
        ),
        (
            "[network]\ninternal = []",
            &["1: unknown key \"network\"; did you mean \"networks\"?"],
        ),
        (
            "[ports]\nclient-htps = 443",
            &["2: unknown key \"client-htps\" in [ports]; did you mean \"client-https\"?"],
        ),
        (
            "companions = [\"windows-domian\"]",
            &["1: unknown companion \"windows-domian\"; did you mean \"windows-domain\"?"],
        ),
        ("edition = \"current\"\n[roles\n", &["2: not TOML: "]),
        (
            "edition = \"curent\"\n[roles]\nclent = []\n[ports]\nsql = 70000\n",
            &[
                "1: unknown edition \"curent\"; did you mean \"current\"?",
                "3: unknown role \"clent\"; did you mean \"client\"?",
                "5: port 70000 is outside 1 to 65535",
            ],
        ),
    ];
    for (text, expected) in rows {
        let file = folder.path().join("site.toml");
        fs::write(&file, text)?;
        let file = file.to_string_lossy();
        let said = refusal(text, &Plan::on(&BOTH).command(office.gateway(), &file)?.output()?)?;
        let lines: Vec<_> = said.lines().collect();
        assert_eq!(lines.len(), expected.len(), "{text}: {said}");
        for (line, expected) in lines.iter().zip(expected) {
            assert!(line.starts_with(&format!("{file}:{expected}")), "{text}: {line}");
        }
    }
    nothing_attached(&office, "a bad site file")
}

#[test]
fn a_site_file_that_is_none() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let folder = ScratchDir::new("no-site")?;
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    fs::write(path("latin1.toml"), b"edition = \"current\"\n# \xe4\n")?;
    let rows = [
        (
            path("missing.toml"),
            ": cannot be read: No such file or directory",
        ),
        (path("."), ": cannot be read: Is a directory"),
        (path("latin1.toml"), ":2: not UTF-8; save the file as UTF-8"),
    ];
    for (file, expected) in rows {
        let output = Plan::on(&BOTH).command(office.gateway(), &file)?.output()?;
        let said = refusal(&file, &output)?;
        assert!(said.starts_with(&format!("{file}{expected}")), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    nothing_attached(&office, "no site file")
}

#[test]
fn a_bad_interface() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let folder = ScratchDir::new("bad-interface")?;
    let file = folder.path().join("site.toml");
    fs::write(&file, SITE)?;
    for line in [
        "link add asleep type veth peer name quiet",
        "link add br0 type bridge",
        "link set br0 up",
        "link add port type veth peer name far",
        "link set port master br0",
        "link set port up",
        "tuntap add dev bare mode tun",
        "link set bare up",
    ] {
        office.gateway().ip(line)?;
    }
    let rows: [(&[&str], &[&str], &str); 8] = [
        (
            &["clinet", "site"],
            &[],
            "there is no interface \"clinet\"; did you mean \"client\"?",
        ),
        (&["client", "sitee"], &[], "did you mean \"site\"?"),
        (&["client", "zzzzzzzz"], &[], "there is no interface \"zzzzzzzz\""),
        (
            &["client", "asleep"],
            &[],
            "asleep is down; set it up first: ip link set asleep up",
        ),
        (
            &["client", "site", "client"],
            &[],
            "client is named twice; name each interface once",
        ),
        (
            &["client", "br0", "port"],
            &[],
            "port is a port of the bridge br0; leave one of them out",
        ),
        (
            &["client", "bare"],
            &["--mode", "native"],
            "bare cannot do native XDP: its frames have no Ethernet header; leave out --mode, or choose --mode tcx",
        ),
        (
            &["client", "a-name-that-no-interface-can-have"],
            &[],
            "there is no interface",
        ),
    ];
    for (interfaces, more, expected) in rows {
        let plan = Plan::on(interfaces).with(more);
        let output = plan
            .command(office.gateway(), &file.to_string_lossy())?
            .output()?;
        let said = refusal(expected, &output)?;
        assert!(
            said.starts_with("cmflow: ") && said.contains(expected),
            "{interfaces:?}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
        nothing_attached(&office, expected)?;
    }
    Ok(())
}

#[test]
fn capabilities_that_are_missing_are_named() -> Result<()> {
    // Numbers of linux/capability.h.
    const NET_ADMIN: libc::c_ulong = 12;
    const SYS_ADMIN: libc::c_ulong = 21;
    const PERFMON: libc::c_ulong = 38;
    const BPF: libc::c_ulong = 39;
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let folder = ScratchDir::new("rights")?;
    let file = folder.path().join("site.toml");
    fs::write(&file, SITE)?;
    let rows: [(&[libc::c_ulong], &str); 4] = [
        (&[NET_ADMIN], "CAP_NET_ADMIN is missing"),
        (&[BPF, SYS_ADMIN], "CAP_BPF is missing"),
        (&[PERFMON, SYS_ADMIN], "CAP_PERFMON is missing"),
        (
            &[BPF, NET_ADMIN, PERFMON, SYS_ADMIN],
            "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON are missing",
        ),
    ];
    for (without, expected) in rows {
        let mut command = Plan::on(&BOTH).command(office.gateway(), &file.to_string_lossy())?;
        let drop_them = move || {
            for capability in without {
                // SAFETY: a system call that takes numbers only.
                if unsafe { libc::prctl(libc::PR_CAPBSET_DROP, *capability, 0, 0, 0) } != 0 {
                    return Err(std::io::Error::last_os_error());
                }
            }
            Ok(())
        };
        // SAFETY: between fork and exec the closure makes system calls only.
        unsafe { command.pre_exec(drop_them) };
        let said = refusal(expected, &command.output()?)?;
        assert_eq!(
            said,
            format!("cmflow: {expected} to load the kernel program; run as root, or grant what is missing\n")
        );
    }
    nothing_attached(&office, "missing capabilities")
}

#[test]
fn an_ordinary_user_is_told_what_is_missing() -> Result<()> {
    const NOBODY: u32 = 65534;
    if let Some(reason) = lab::unavailable() {
        println!("skipped: {reason}");
        return Ok(());
    }
    // A place that everybody may enter, which the folder of the build need not be.
    let folder = ScratchDir::new("nobody")?;
    let (program, file) = (folder.path().join("cmflow"), folder.path().join("site.toml"));
    fs::copy(cmflow(), &program)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    fs::write(&file, SITE)?;
    let file = file.to_string_lossy();
    let rows: [(&[&str], &str); 2] = [
        (
            &["run", "--site", &file, "--interface", "lo"],
            "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON are missing to load the kernel program; run as root",
        ),
        // The file is read first: whoever writes it needs no rights to learn of a mistake.
        (
            &["run", "--site", "/nonexistent.toml", "--interface", "lo"],
            "/nonexistent.toml: cannot be read",
        ),
    ];
    for (arguments, expected) in rows {
        let output = Command::new(&program)
            .args(arguments)
            .uid(NOBODY)
            .gid(NOBODY)
            .output()?;
        let said = refusal(expected, &output)?;
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    Ok(())
}

#[test]
fn asking_where_no_daemon_is() -> Result<()> {
    let instance = format!("nobody-{}", std::process::id());
    for verb in ["status", "flows", "rules", "undocumented"] {
        let said = refusal(verb, &run(&[verb, "--instance", &instance]))?;
        assert_eq!(
            said,
            format!(
                "cmflow: no daemon listens at /run/cmflow/{instance}.sock; start one with `cmflow run`, or name \
                 another with --instance\n"
            )
        );
    }
    Ok(())
}

#[test]
fn what_is_mistyped_gets_a_hint() -> Result<()> {
    let rows: [(&[&str], &str); 13] = [
        (&["stat"], "similar subcommand exists: 'status'"),
        (&["undocumentd"], "similar subcommand exists: 'undocumented'"),
        (&["fly"], "unrecognized subcommand 'fly'"),
        (
            &["status", "--instnce", "x"],
            "similar argument exists: '--instance'",
        ),
        (
            &["flows", "--verdct", "x"],
            "similar argument exists: '--verdict'",
        ),
        (&["run"], "--site <FILE>"),
        (&["run", "--site", "x.toml"], "--interface <IF>"),
        (
            &["run", "--site", "x.toml", "--interfaces", "eth0"],
            "similar argument exists: '--interface'",
        ),
        (
            &["run", "--site", "x.toml", "--interface", "lo", "--mode", "nativ"],
            "similar value exists: 'native'",
        ),
        (
            &["run", "--site", "x.toml", "--interface", "lo", "--flows", "3"],
            "3 is not in 8..=16777216",
        ),
        (
            &[
                "run",
                "--site",
                "x.toml",
                "--interface",
                "lo",
                "--instance",
                "a/b",
            ],
            "\"a/b\" is no instance name; use up to 60 letters, digits, - and _",
        ),
        (&["status", "--instance", ""], "is no instance name"),
        (&["flows", "--limit", "-1"], "'-1'"),
    ];
    for (arguments, expected) in rows {
        let said = refusal(expected, &run(arguments))?;
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    Ok(())
}
