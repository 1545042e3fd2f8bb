//! Small servers on plain sockets.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;

/// How soon a server notices that it should end.
const ROUND: Duration = Duration::from_millis(100);

/// An echo server on threads of its own; it ends when dropped.
#[derive(Debug)]
pub struct Service {
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct State {
    ended: AtomicBool,
    served: AtomicU64,
    bytes: AtomicU64,
}

impl Service {
    pub(super) fn tcp(listener: TcpListener) -> Result<Self> {
        // A listener's receive timeout bounds `accept`.
        socket2::SockRef::from(&listener).set_read_timeout(Some(ROUND))?;
        Ok(Self::run(move |state| {
            while !state.ended.load(Ordering::Relaxed) {
                if let Ok((connection, _)) = listener.accept() {
                    state.served.fetch_add(1, Ordering::Relaxed);
                    let state = Arc::clone(state);
                    thread::spawn(move || {
                        let _ = echo(&connection, &state);
                        let _ = connection.shutdown(Shutdown::Both);
                    });
                }
            }
        }))
    }

    pub(super) fn udp(socket: UdpSocket) -> Result<Self> {
        socket.set_read_timeout(Some(ROUND))?;
        Ok(Self::run(move |state| {
            let mut datagram = vec![0; usize::from(u16::MAX)];
            while !state.ended.load(Ordering::Relaxed) {
                if let Ok((length, peer)) = socket.recv_from(&mut datagram) {
                    state.served.fetch_add(1, Ordering::Relaxed);
                    state.bytes.fetch_add(length as u64, Ordering::Relaxed);
                    let _ = socket.send_to(&datagram[..length], peer);
                }
            }
        }))
    }

    /// Takes datagrams and says nothing: whoever sends them is not told that nobody is there.
    pub(super) fn silent(socket: UdpSocket) -> Result<Self> {
        socket.set_read_timeout(Some(ROUND))?;
        Ok(Self::run(move |state| {
            let mut datagram = vec![0; usize::from(u16::MAX)];
            while !state.ended.load(Ordering::Relaxed) {
                if let Ok((length, _)) = socket.recv_from(&mut datagram) {
                    state.served.fetch_add(1, Ordering::Relaxed);
                    state.bytes.fetch_add(length as u64, Ordering::Relaxed);
                }
            }
        }))
    }

    fn run(serve: impl FnOnce(&Arc<State>) + Send + 'static) -> Self {
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        Self {
            state,
            thread: Some(thread::spawn(move || serve(&shared))),
        }
    }

    /// Connections accepted, or datagrams answered.
    pub fn served(&self) -> u64 {
        self.state.served.load(Ordering::Relaxed)
    }

    /// Bytes of payload received and sent back.
    pub fn bytes(&self) -> u64 {
        self.state.bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn echo(mut connection: &TcpStream, state: &State) -> io::Result<()> {
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(super::sockets::LIMIT))?;
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let length = connection.read(&mut chunk)?;
        if length == 0 {
            return Ok(());
        }
        state.bytes.fetch_add(length as u64, Ordering::Relaxed);
        connection.write_all(&chunk[..length])?;
    }
}
