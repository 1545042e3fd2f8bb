//! File shares: smbd answers, smbclient asks.

use std::net::SocketAddr;

use anyhow::Result;

use super::conversation::{Conversation, Family};
use super::stage::{Servers, Stage, rows, speak};
use crate::step::find_program;

pub(super) fn start(stage: &Stage<'_>) -> Result<Servers> {
    stage.require(&["smbd", "smbclient"])?;
    let addresses: Vec<SocketAddr> = rows(Family::Smb).map(Conversation::destination).collect();
    stage.write("share/state.bin", vec![0x5a; 100_000])?;
    for folder in ["private", "lock", "state", "cache", "pid", "rpc"] {
        stage.write(&format!("smb-{folder}/.made"), "")?;
    }
    stage.write("smb.conf", configuration(stage, &addresses))?;

    let program = find_program("smbd").unwrap_or_else(|| "smbd".into());
    let mut command = stage.lab.tier("site").netns().command(&program.to_string_lossy());
    command.args([
        "--foreground",
        "--no-process-group",
        "--debug-stdout",
        "--configfile",
    ]);
    command.arg(stage.folder.join("smb.conf"));
    let server = stage.serve("site", command, "smbd", &addresses)?;
    Ok(server.into())
}

/// smbclient cannot be told its address: the row names the first computer of the tier, which the kernel
/// chooses.
pub(super) fn hold(stage: &Stage<'_>, conversation: &Conversation) -> Result<()> {
    let mut smbclient = stage.initiator(conversation).command("smbclient");
    smbclient.arg(format!("//{}/content", conversation.destination().ip()));
    smbclient.args([
        "--no-pass",
        "--timeout",
        "5",
        "--command",
        "get state.bin /dev/null",
        "--configfile",
    ]);
    smbclient.arg(stage.folder.join("smb.conf"));
    speak(&mut smbclient).map(drop)
}

fn configuration(stage: &Stage<'_>, addresses: &[SocketAddr]) -> String {
    let folder = stage.folder.display();
    let interfaces: Vec<String> = addresses
        .iter()
        .map(|address| format!("{}/32", address.ip()))
        .collect();
    format!(
        "[global]\n\
         server role = standalone server\n\
         workgroup = DEMO\n\
         interfaces = {}\n\
         bind interfaces only = yes\n\
         smb ports = 445\n\
         disable netbios = yes\n\
         map to guest = Bad User\n\
         load printers = no\n\
         printing = bsd\n\
         printcap name = /dev/null\n\
         disable spoolss = yes\n\
         private dir = {folder}/smb-private\n\
         lock directory = {folder}/smb-lock\n\
         state directory = {folder}/smb-state\n\
         cache directory = {folder}/smb-cache\n\
         pid directory = {folder}/smb-pid\n\
         ncalrpc dir = {folder}/smb-rpc\n\
         log file = {folder}/smbd-%m.log\n\
         [content]\n\
         path = {folder}/share\n\
         read only = yes\n\
         guest ok = yes\n",
        interfaces.join(" ")
    )
}
