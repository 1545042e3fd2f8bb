//! HTTP and HTTPS: nginx answers, curl asks.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use anyhow::{Result, ensure};

use super::conversation::{Conversation, Family};
use super::stage::{Servers, Stage, rows, speak};
use crate::certificate;
use crate::step::find_program;

/// Large enough that a download is many packets.
const PACKAGE_BYTES: usize = 400_000;

pub(super) fn start(stage: &Stage<'_>) -> Result<Servers> {
    stage.require(&["nginx", "curl", "openssl"])?;
    let addresses: BTreeSet<SocketAddr> = rows(Family::Web).map(Conversation::destination).collect();
    stage.write("web/index.html", "policy")?;
    stage.write("web/package.bin", vec![0x5a; PACKAGE_BYTES])?;
    let servers: BTreeSet<IpAddr> = addresses.iter().map(SocketAddr::ip).collect();
    let servers: Vec<IpAddr> = servers.into_iter().collect();
    let [certificate, key] = ["web.crt", "web.key"].map(|name| stage.folder.join(name));
    certificate::make(&servers, &certificate, &key)?;
    stage.write("nginx.conf", configuration(stage, &addresses))?;

    let program = find_program("nginx").unwrap_or_else(|| "nginx".into());
    let mut command = stage.lab.tier("site").netns().command(&program.to_string_lossy());
    command
        .arg("-p")
        .arg(stage.folder)
        .args(["-e", "stderr", "-c"])
        .arg(stage.folder.join("nginx.conf"));
    let addresses: Vec<SocketAddr> = addresses.into_iter().collect();
    let server = stage.serve("site", command, "nginx", &addresses)?;
    Ok(server.into())
}

pub(super) fn hold(stage: &Stage<'_>, conversation: &Conversation) -> Result<()> {
    let file = if conversation.what.contains("download") {
        "package.bin"
    } else {
        "index.html"
    };
    let scheme = if secure(conversation.port) {
        "https"
    } else {
        "http"
    };
    let mut curl = stage.initiator(conversation).command("curl");
    curl.args([
        "--silent",
        "--show-error",
        "--fail",
        "--max-time",
        "5",
        "--noproxy",
        "*",
    ]);
    curl.args(["--interface", &conversation.source().ip().to_string()]);
    curl.arg("--cacert").arg(stage.folder.join("web.crt"));
    curl.args(["--output", "/dev/null", "--write-out", "%{size_download}"]);
    curl.arg(format!("{scheme}://{}/{file}", conversation.destination()));
    let downloaded = speak(&mut curl)?.stdout;
    ensure!(downloaded != b"0", "curl downloaded nothing");
    Ok(())
}

const fn secure(port: u16) -> bool {
    matches!(port, 443 | 8531)
}

fn configuration(stage: &Stage<'_>, addresses: &BTreeSet<SocketAddr>) -> String {
    let folder = stage.folder.display();
    let mut text = format!(
        "daemon off; worker_processes 1; user root; pid {folder}/nginx.pid;\n\
         events {{ worker_connections 128; }}\n\
         http {{\n access_log off; keepalive_timeout 2;\n"
    );
    for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        let _ = writeln!(text, " {kind}_temp_path {folder}/nginx-{kind};");
    }
    let _ = writeln!(
        text,
        " server {{\n  root {folder}/web;\n  ssl_certificate {folder}/web.crt;\n  ssl_certificate_key {folder}/web.key;"
    );
    for address in addresses {
        let _ = writeln!(
            text,
            "  listen {address}{};",
            if secure(address.port()) { " ssl" } else { "" }
        );
    }
    text + " }\n}\n"
}
