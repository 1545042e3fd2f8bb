//! One network namespace, owned.

use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::{io, panic, thread};

use anyhow::{Context, Result, ensure};
use rustix::process::{Signal, set_parent_process_death_signal, setsid};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::mount_space::MountSpace;
use super::{InterfaceCounters, Running, cleanup, counters};

/// A network namespace that is removed, with every process in it, when this value is dropped.
#[derive(Debug)]
pub struct Netns {
    name: String,
    handle: Arc<File>,
    mount_space: OnceLock<Arc<MountSpace>>,
}

impl Netns {
    /// Makes one whose name ends in `label`.
    pub fn new(label: &str) -> Result<Self> {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        cleanup::prepare();
        let name = cleanup::namespace_name(SERIAL.fetch_add(1, Ordering::Relaxed), label);
        cleanup::register_namespace(&name);
        let made = ip_batch(&format!("netns add {name}"))
            .and_then(|()| File::open(path_of(&name)).with_context(|| format!("opening namespace {name}")));
        match made {
            Ok(handle) => Ok(Self {
                name,
                handle: Arc::new(handle),
                mount_space: OnceLock::new(),
            }),
            Err(error) => {
                cleanup::remove_namespace(&name);
                Err(error)
            }
        }
    }

    /// Name under which `ip netns` knows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// File to give to `nsenter --net=`.
    pub fn path(&self) -> PathBuf {
        path_of(&self.name)
    }

    /// Runs a closure inside, on a thread of its own. Sockets that it makes stay in the namespace,
    /// whichever thread uses them later.
    pub fn enter<T: Send>(&self, inside: impl FnOnce() -> T + Send) -> Result<T> {
        let outcome = thread::scope(|scope| {
            scope
                .spawn(|| {
                    move_into_link_name_space(self.handle.as_fd(), Some(LinkNameSpaceType::Network))?;
                    Ok::<T, io::Error>(inside())
                })
                .join()
        });
        match outcome {
            Ok(value) => value.with_context(|| format!("entering namespace {}", self.name)),
            Err(panicked) => panic::resume_unwind(panicked),
        }
    }

    /// A command that will run inside, in a session of its own, and that dies with the thread that
    /// starts it. Its /sys stays the one of the host.
    pub fn command(&self, program: &str) -> Command {
        self.prepare(program, None)
    }

    /// The same with a /sys that shows this namespace's interfaces and an own, empty bpffs under
    /// /sys/fs/bpf. All commands of one namespace share them; they go with the namespace.
    pub fn command_with_sys(&self, program: &str) -> Result<Command> {
        if self.mount_space.get().is_none() {
            // Two threads may both get here; the second space is dropped unused.
            let _ = self
                .mount_space
                .set(Arc::new(MountSpace::new(self.handle.as_fd())?));
        }
        Ok(self.prepare(program, self.mount_space.get().cloned()))
    }

    fn prepare(&self, program: &str, mounts: Option<Arc<MountSpace>>) -> Command {
        let network = Arc::clone(&self.handle);
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        let enter = move || {
            setsid()?;
            set_parent_process_death_signal(Some(Signal::KILL))?;
            move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))?;
            mounts.as_ref().map_or(Ok(()), |mounts| mounts.enter())
        };
        // SAFETY: between fork and exec the closure makes system calls only; it neither allocates nor
        // takes a lock.
        unsafe { command.pre_exec(enter) };
        command
    }

    /// Starts a command made by [`Netns::command`] and owns the process; `log` takes what it prints.
    pub fn start(&self, command: Command, log: Option<PathBuf>) -> Result<Running> {
        Running::start(command, log)
    }

    /// `ip` inside, with a line of arguments.
    pub fn ip(&self, arguments: &str) -> Result<()> {
        self.ip_batch(arguments)
    }

    /// Many `ip` commands inside, one a line.
    pub(super) fn ip_batch(&self, lines: &str) -> Result<()> {
        // Not `ip -netns`: it mounts another /sys each time.
        let mut command = self.command(ip_program()?);
        command.args(["-batch", "-"]);
        run_ip(command, lines)
    }

    /// Counters of one of its interfaces.
    pub fn counters(&self, interface: &str) -> Result<InterfaceCounters> {
        self.enter(|| counters::read(interface))?
    }

    /// Writes a setting below /proc/sys/net, such as `ipv4/ip_forward`.
    pub fn set_sysctl(&self, setting: &str, value: &str) -> Result<()> {
        let path = format!("/proc/sys/net/{setting}");
        self.enter(|| std::fs::write(&path, value))?
            .with_context(|| format!("writing {path}"))
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        cleanup::remove_namespace(&self.name);
    }
}

fn path_of(name: &str) -> PathBuf {
    PathBuf::from(cleanup::NAMESPACES).join(name)
}

/// Runs many `ip` commands, one a line, in the namespace of the host.
pub(super) fn ip_batch(lines: &str) -> Result<()> {
    let mut command = Command::new(ip_program()?);
    command.args(["-batch", "-"]);
    run_ip(command, lines)
}

fn run_ip(mut command: Command, lines: &str) -> Result<()> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().context("starting ip")?;
    if let Some(mut stdin) = child.stdin.take() {
        // Where it ends early, its own words say more than the broken pipe.
        let _ = io::Write::write_all(&mut stdin, lines.as_bytes());
    }
    let output = child.wait_with_output().context("waiting for ip")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "ip did not accept a line of this:\n{}\n{}",
        lines.trim(),
        said.trim()
    );
    Ok(())
}

/// Where `ip` is; root's PATH under sudo may lack /usr/sbin.
pub(super) fn ip_program() -> Result<&'static str> {
    ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"]
        .into_iter()
        .find(|path| std::path::Path::new(path).exists())
        .context("`ip` is missing: install the package iproute2 (Debian: apt-get install iproute2)")
}
