//! TFTP: tftpd-hpa answers, from a port that nobody documented, and tftp asks.

use anyhow::{Context, Result, ensure};

use super::conversation::{Conversation, Family};
use super::stage::{START_LIMIT, Servers, Stage, rows, speak};
use crate::step::find_program;

const IMAGE: &str = "boot.wim";
pub(super) const IMAGE_BYTES: usize = 20_000;
/// Datagrams that it takes, of 512 bytes each but the last.
pub(super) const BLOCKS: u64 = IMAGE_BYTES as u64 / 512 + 1;

pub(super) fn start(stage: &Stage<'_>) -> Result<Servers> {
    stage.require(&["in.tftpd", "tftp"])?;
    let conversation = rows(Family::Tftp).next().context("no row speaks TFTP")?;
    stage.write(&format!("tftp/{IMAGE}"), vec![0x5a; IMAGE_BYTES])?;

    let program = find_program("in.tftpd").unwrap_or_else(|| "in.tftpd".into());
    let mut command = stage.responder(conversation).command(&program.to_string_lossy());
    command.args([
        "--foreground",
        "--user",
        "nobody",
        "--address",
        &conversation.destination().to_string(),
    ]);
    command.arg("--secure").arg(stage.folder.join("tftp"));
    let mut server = stage
        .responder(conversation)
        .start(command, Some(stage.folder.join("tftpd.log")))?;
    server.wait_ready(START_LIMIT, || {
        stage.responder(conversation).has_udp_port(conversation.port)
    })?;
    Ok(server.into())
}

/// tftp cannot be told its address either; see `smb`.
pub(super) fn hold(stage: &Stage<'_>, conversation: &Conversation) -> Result<()> {
    let copy = stage.folder.join("tftp-copy");
    // A client that gets no answer would try for half a minute.
    let mut tftp = stage.initiator(conversation).command("timeout");
    tftp.args([
        "5",
        "tftp",
        "-m",
        "binary",
        &conversation.destination().ip().to_string(),
        "-c",
        "get",
        IMAGE,
    ]);
    tftp.arg(&copy);
    speak(&mut tftp)?;
    // tftp ends with success whatever happened.
    let got = std::fs::metadata(&copy)
        .map(|file| file.len())
        .unwrap_or_default();
    let _ = std::fs::remove_file(&copy);
    ensure!(got == IMAGE_BYTES as u64, "tftp got {got} of {IMAGE_BYTES} bytes");
    Ok(())
}
