//! RPC: samba's endpoint mapper answers at port 135, and rpcclient asks it where the service that it wants
//! listens, as Windows does; the service's port is one of the dynamic range, picked when samba starts.

use anyhow::{Context, Result};

use super::conversation::{Conversation, Family};
use super::samba;
use super::stage::{START_LIMIT, Servers, Stage, rows, speak};
use crate::lab::Netns;

const SERVER: &str = "samba-dcerpcd";

pub(super) fn start(stage: &Stage<'_>) -> Result<Servers> {
    stage.require(&[SERVER, "rpcclient"])?;
    let mapper = rows(Family::Rpc)
        .find(|row| !row.responder_picks)
        .context("no row asks the endpoint mapper")?;
    let tier = mapper.responder().tier;
    let mut command = samba::server(stage, tier, SERVER, "rpc", &configuration(mapper))?;
    command.arg("--libexec-rpcds");
    let mut server = stage.serve(tier, command, SERVER, &[mapper.destination()])?;
    // It listens before it knows every service: wait until one is found and answers.
    server.wait_ready(START_LIMIT, || {
        rows(Family::Rpc).all(|row| ask(stage, stage.responder(row), row).is_ok())
    })?;
    Ok(server.into())
}

/// rpcclient cannot be told its address either; see `smb`.
pub(super) fn hold(stage: &Stage<'_>, conversation: &Conversation) -> Result<()> {
    ask(stage, stage.initiator(conversation), conversation)
}

/// Asks the endpoint mapper alone, or the server about itself, for which rpcclient asks the mapper first.
fn ask(stage: &Stage<'_>, netns: &Netns, conversation: &Conversation) -> Result<()> {
    let to = conversation.destination();
    let (binding, question) = if conversation.responder_picks {
        (format!("ncacn_ip_tcp:{}", to.ip()), "srvinfo")
    } else {
        (format!("ncacn_ip_tcp:{}[{}]", to.ip(), to.port()), "epmlookup")
    };
    let mut rpcclient = netns.command("timeout");
    rpcclient.args([
        "5",
        "rpcclient",
        "--user=%",
        "--command",
        question,
        "--configfile",
    ]);
    rpcclient.arg(stage.folder.join("rpc.conf")).arg(binding);
    speak(&mut rpcclient).map(drop)
}

fn configuration(mapper: &Conversation) -> String {
    format!(
        "server role = standalone server\n\
         workgroup = DEMO\n\
         interfaces = {}/32\n\
         bind interfaces only = yes\n\
         disable netbios = yes\n\
         rpc start on demand helpers = no\n",
        mapper.destination().ip(),
    )
}
