//! Samba's servers, each with folders of its own: two of them share nothing, and nothing is left in the system's.

use std::fmt::Write as _;
use std::process::Command;

use anyhow::Result;

use super::stage::Stage;
use crate::step::find_program;

/// The services that it starts write here before they read in its configuration where to.
const LOGS: &str = "/var/log/samba";
/// In a mount namespace of its own, so that nobody else sees those logs elsewhere.
const WITH_ITS_LOGS: &str = "mount --bind \"$0\" \"$1\" && shift && exec \"$@\"";

/// A server that is started in a tier, with the configuration `NAME.conf` of these lines and more.
pub(super) fn server(
    stage: &Stage<'_>,
    tier: &str,
    program: &str,
    name: &str,
    configuration: &str,
) -> Result<Command> {
    let settings = format!("[global]\n{}{configuration}", folders(stage, name)?);
    stage.write(&format!("{name}.conf"), settings)?;
    let file = find_program(program).unwrap_or_else(|| program.into());
    let netns = stage.lab.tier(tier).netns();
    let mut command = if std::path::Path::new(LOGS).is_dir() {
        let mut command = netns.command("unshare");
        command.args(["--mount", "sh", "-c", WITH_ITS_LOGS]);
        command.arg(stage.folder.join(format!("{name}-logs"))).arg(LOGS);
        command.arg(file);
        command
    } else {
        netns.command(&file.to_string_lossy())
    };
    // One process group, so that what it starts ends with it.
    command.args([
        "--foreground",
        "--no-process-group",
        "--debug-stdout",
        "--configfile",
    ]);
    command.arg(stage.folder.join(format!("{name}.conf")));
    Ok(command)
}

/// Makes its folders, and gives the lines of the configuration that name them.
fn folders(stage: &Stage<'_>, name: &str) -> Result<String> {
    let mut lines = String::new();
    for (setting, folder) in [
        ("private dir", "private"),
        ("lock directory", "lock"),
        ("state directory", "state"),
        ("cache directory", "cache"),
        ("pid directory", "pid"),
        ("ncalrpc dir", "rpc"),
    ] {
        let folder = format!("{name}-{folder}");
        stage.write(&format!("{folder}/.made"), "")?;
        let _ = writeln!(lines, "{setting} = {}", stage.folder.join(folder).display());
    }
    stage.write(&format!("{name}-logs/.made"), "")?;
    let log = stage.folder.join(format!("{name}-logs/%m.log"));
    let _ = writeln!(lines, "log file = {}", log.display());
    Ok(lines)
}
