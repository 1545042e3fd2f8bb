//! The Unix socket: a question is a line of JSON, and so is its reply.

use std::fs::{self, Permissions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;

use super::{Question, Reply};

/// No question is longer.
const LONGEST_QUESTION: u64 = 64 * 1024;

/// Whoever asks gives up after this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Listens, mode 0660: the file's group may ask.
///
/// # Errors
/// Where the socket cannot be made.
pub(crate) fn listen(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// Answers questions until the task is dropped. `answer` runs where it may block.
pub(crate) async fn serve<A>(listener: UnixListener, answer: Arc<A>)
where
    A: Fn(Question) -> Reply + Send + Sync + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(talk(stream, Arc::clone(&answer)));
            }
            Err(error) => {
                log::warn!("a question could not be taken: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// One conversation with somebody who asks.
async fn talk<A>(stream: tokio::net::UnixStream, answer: Arc<A>)
where
    A: Fn(Question) -> Reply + Send + Sync + 'static,
{
    let (reader, mut writer) = stream.into_split();
    let mut lines = tokio::io::BufReader::new(reader.take(LONGEST_QUESTION)).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let reply = match serde_json::from_str(&line) {
            Ok(question) => {
                let answer = Arc::clone(&answer);
                tokio::task::spawn_blocking(move || answer(question))
                    .await
                    .unwrap_or_else(|error| Reply::Refusal(format!("the daemon could not answer: {error}")))
            }
            Err(error) => Reply::Refusal(format!("not a question of this version of cmflow: {error}")),
        };
        let Ok(mut text) = serde_json::to_vec(&reply) else {
            return;
        };
        text.push(b'\n');
        if writer.write_all(&text).await.is_err() {
            return;
        }
    }
}

/// Asks a daemon.
///
/// # Errors
/// Where none listens, or it refuses.
pub fn ask(path: &Path, question: &Question) -> anyhow::Result<serde_json::Value> {
    let mut stream = UnixStream::connect(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => anyhow::anyhow!(
            "no daemon listens at {}; start one with `cmflow run`, or name another with --instance",
            path.display()
        ),
        io::ErrorKind::PermissionDenied => {
            anyhow::anyhow!(
                "{} may not be opened; run as root or as a member of its group",
                path.display()
            )
        }
        _ => anyhow::Error::new(error).context(format!("asking at {}", path.display())),
    })?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_string(question)?;
    line.push('\n');
    stream.write_all(line.as_bytes()).context("asking the daemon")?;
    let mut reply = String::new();
    BufReader::new(stream.take(u64::MAX))
        .read_line(&mut reply)
        .context("waiting for the daemon's answer")?;
    if reply.is_empty() {
        anyhow::bail!("the daemon ended before it answered");
    }
    match serde_json::from_str(&reply).context("the daemon is another version of cmflow")? {
        Reply::Answer(answer) => Ok(answer),
        Reply::Refusal(why) => anyhow::bail!("{why}"),
    }
}
