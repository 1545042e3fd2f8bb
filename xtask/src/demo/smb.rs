//! File shares: smbd answers, smbclient asks.

use std::net::SocketAddr;

use anyhow::Result;

use super::conversation::{Conversation, Family};
use super::samba;
use super::stage::{Servers, Stage, rows, speak};

pub(super) fn start(stage: &Stage<'_>) -> Result<Servers> {
    stage.require(&["smbd", "smbclient"])?;
    let addresses: Vec<SocketAddr> = rows(Family::Smb).map(Conversation::destination).collect();
    stage.write("share/state.bin", vec![0x5a; 100_000])?;
    let command = samba::server(stage, "site", "smbd", "smb", &configuration(stage, &addresses))?;
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
        "server role = standalone server\n\
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
         [content]\n\
         path = {folder}/share\n\
         read only = yes\n\
         guest ok = yes\n",
        interfaces.join(" ")
    )
}
