//! The demo's dashboard, where a browser can reach it: the daemon listens inside the gateway's namespace, and each
//! connection from this machine is taken there.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Scope};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::lab::Netns;

/// Where it listens inside the gateway.
pub(super) const INSIDE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8077);

/// How soon it is noticed that the demo is over.
const ROUND: Duration = Duration::from_millis(100);

/// A file with a token that nobody else can read.
pub(super) fn token(folder: &Path) -> Result<PathBuf> {
    let file = folder.join("token");
    let mut random = [0; 16];
    fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut random))
        .context("random bytes for a token")?;
    let token: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options
        .open(&file)
        .and_then(|mut file| file.write_all(token.as_bytes()));
    written.with_context(|| format!("writing {}", file.display()))?;
    Ok(file)
}

/// Opens the way and gives the address to ask for.
pub(super) fn open<'scope>(
    scope: &'scope Scope<'scope, '_>,
    gateway: &'scope Netns,
    over: &'scope AtomicBool,
) -> Result<SocketAddr> {
    // Another cmflow may have the usual port of this machine.
    let listener = TcpListener::bind(INSIDE)
        .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .context("a port of this machine for the dashboard")?;
    let address = listener.local_addr()?;
    // A listener's receive timeout bounds `accept`.
    socket2::SockRef::from(&listener).set_read_timeout(Some(ROUND))?;
    scope.spawn(move || {
        while !over.load(Ordering::Relaxed) {
            let Ok((near, _)) = listener.accept() else {
                continue;
            };
            // A daemon that is not there is seen by the browser as a connection that ends.
            if let Ok(far) = gateway.tcp_connect(SocketAddr::new(INSIDE.ip(), 0), INSIDE) {
                carry(near, far);
            }
        }
    });
    Ok(address)
}

/// Carries what either end says to the other until both have ended, by threads that end with them.
fn carry(near: TcpStream, far: TcpStream) {
    for socket in [&near, &far] {
        // Events come when there are some: silence is no end.
        let _ = socket.set_read_timeout(None);
    }
    for (from, to) in [(near.try_clone(), far.try_clone()), (Ok(far), Ok(near))] {
        let (Ok(mut from), Ok(mut to)) = (from, to) else {
            return;
        };
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
}
