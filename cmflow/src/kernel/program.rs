//! The program of one interface.

use std::fmt;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;

use aya::Ebpf;
use aya::programs::links::FdLink;
use aya::programs::tc::TcAttachOptions;
use aya::programs::{
    LinkOrder, ProgramError, SchedClassifier, TcAttachType, TestRun as _, TestRunOptions, TestRunResult,
    XdpMode,
};

use super::calls::{self, Hanging};
use super::maps::{load, xdp};
use super::{KernelError, Maps, Part};

/// Where in the kernel a program looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// XDP in the driver.
    Native,
    /// Traffic control at ingress (kernel 6.6), after the buffer is built.
    Tcx,
    /// XDP in the kernel's stack, which sees packets that were merged.
    Generic,
}

impl Hook {
    /// What people are shown.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Native => "native XDP",
            Self::Tcx => "tcx ingress",
            Self::Generic => "generic XDP: packets are merged packets",
        }
    }

    /// The name that JSON and options use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Tcx => "tcx",
            Self::Generic => "generic",
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is fixed for an interface's copy of the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Constants {
    /// Index of the interface.
    pub interface: u32,
    /// Its place among the outcome counters.
    pub interface_slot: u32,
    /// Number of the link that link-local addresses belong to.
    pub link: u32,
    /// Whether VLANs keep equal addresses apart.
    pub tags_apart: bool,
    /// Whether frames begin with an IP header.
    pub raw_ip: bool,
    /// Whether a frame may lie in several pieces.
    pub in_pieces: bool,
    /// Whether every frame is logged.
    pub debug: bool,
}

impl Constants {
    /// The program's globals by name.
    pub(super) fn globals(&self) -> [(&'static str, u32); 7] {
        [
            ("INTERFACE", self.interface),
            ("INTERFACE_SLOT", self.interface_slot),
            ("LINK", self.link),
            ("TAGS_APART", self.tags_apart.into()),
            ("RAW_IP", self.raw_ip.into()),
            ("IN_PIECES", self.in_pieces.into()),
            ("DEBUG", self.debug.into()),
        ]
    }
}

/// What a test run of the program gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestRun {
    /// The program's return value.
    pub returned: u32,
    /// Mean time of one run.
    pub duration: Duration,
}

/// A loaded program. Dropping it detaches it, unless its link was pinned.
#[derive(Debug)]
pub struct Program {
    object: Ebpf,
    hook: Hook,
    name: &'static str,
    link: Option<FdLink>,
    /// The link of its pin, which goes on without this value.
    pinned: Option<OwnedFd>,
}

impl Program {
    /// Loads the program for a hook over an instance's maps. Nothing is attached yet.
    ///
    /// # Errors
    /// Where rights are missing or the verifier refuses it.
    pub fn load(maps: &Maps, hook: Hook, constants: &Constants) -> Result<Self, KernelError> {
        let name = if hook == Hook::Tcx {
            "cmflow_tcx"
        } else {
            "cmflow_xdp"
        };
        Self::load_named(maps, hook, name, constants, 0)
    }

    /// Loads a program that does nothing, to measure against.
    ///
    /// # Errors
    /// As [`Program::load`].
    pub fn load_noop(maps: &Maps) -> Result<Self, KernelError> {
        Self::load_named(maps, Hook::Native, "cmflow_noop", &Constants::default(), 0)
    }

    /// Loads the program of the benches: as the one for XDP, but source port and source address change by the
    /// random bits of `mask` with every run (16 bits of port, then 16 of address).
    ///
    /// # Errors
    /// As [`Program::load`].
    pub fn load_bench(maps: &Maps, mask: u32) -> Result<Self, KernelError> {
        Self::load_named(maps, Hook::Native, "cmflow_bench", &Constants::default(), mask)
    }

    /// Loads the path of a packet cut short after a part.
    ///
    /// # Errors
    /// As [`Program::load`].
    pub fn load_part(maps: &Maps, part: Part) -> Result<Self, KernelError> {
        Self::load_named(maps, Hook::Native, part.program(), &Constants::default(), 0)
    }

    fn load_named(
        maps: &Maps,
        hook: Hook,
        name: &'static str,
        constants: &Constants,
        random_bits: u32,
    ) -> Result<Self, KernelError> {
        let mut object = load(maps.pins(), maps.flow_bits(), constants, random_bits)?;
        let refused = |error: ProgramError| KernelError::refused(name, &error);
        if hook == Hook::Tcx {
            tcx(&mut object)?.load().map_err(refused)?;
        } else {
            xdp(&mut object, name)?.load().map_err(refused)?;
        }
        Ok(Self {
            object,
            hook,
            name,
            link: None,
            pinned: None,
        })
    }

    /// The hook it was loaded for.
    #[must_use]
    pub const fn hook(&self) -> Hook {
        self.hook
    }

    /// Attaches it to an interface, by a link that the kernel removes when this value goes.
    ///
    /// # Errors
    /// Where another program is there, or the driver cannot.
    pub fn attach(&mut self, interface: &str, index: u32) -> Result<(), KernelError> {
        let failed = |error: ProgramError| attach_error(interface, self.hook, &error);
        let link = if self.hook == Hook::Tcx {
            let program = tcx(&mut self.object)?;
            let options = TcAttachOptions::TcxOrder(LinkOrder::first());
            let id = program
                .attach_with_options(interface, TcAttachType::Ingress, options)
                .map_err(failed)?;
            program.take_link(id).map_err(failed)?.try_into().ok()
        } else {
            let mode = if self.hook == Hook::Native {
                XdpMode::Driver
            } else {
                XdpMode::Skb
            };
            let program = xdp(&mut self.object, self.name)?;
            let id = program.attach_to_if_index(index, mode).map_err(failed)?;
            program.take_link(id).map_err(failed)?.try_into().ok()
        };
        // Without a link of its own (very old kernels) nothing would detach it when the daemon dies.
        let link = link.ok_or_else(|| KernelError::NoSuchMode {
            interface: interface.to_owned(),
            mode: self.hook.name().to_owned(),
            why: "the kernel gives no link for it; 5.18 or newer is needed, 6.6 for tcx".to_owned(),
        })?;
        self.link = Some(link);
        Ok(())
    }

    /// Pins the link, so that the program goes on counting when this process ends.
    ///
    /// # Errors
    /// Where the pin cannot be made.
    pub fn keep(&mut self, maps: &Maps, interface: &str) -> Result<(), KernelError> {
        let path = maps.pins().link(interface);
        let Some(link) = self.link.take() else {
            return Ok(());
        };
        let failed = |source| KernelError::Pin {
            path: path.clone(),
            source,
        };
        link.pin(&path)
            .map_err(|error| failed(io::Error::other(error.to_string())))?;
        let (_, link) = calls::open(&path).map_err(failed)?;
        self.pinned = Some(link);
        Ok(())
    }

    /// Takes the place of the program behind an interface's pinned link, between two packets. Says whether it did: not
    /// where there is no such link, or it hangs elsewhere. Native and generic links look alike; the caller knows.
    ///
    /// # Errors
    /// Where the kernel refuses.
    pub fn succeed(&mut self, maps: &Maps, interface: &str, index: u32) -> Result<bool, KernelError> {
        let Some((link, hanging)) = maps.pins().pinned_link(interface) else {
            return Ok(false);
        };
        if hanging.interface != index || hanging.tcx != (self.hook == Hook::Tcx) {
            return Ok(false);
        }
        let refused = |error: ProgramError| KernelError::refused("the program", &error);
        let program = if self.hook == Hook::Tcx {
            tcx(&mut self.object)?.fd().map_err(refused)?
        } else {
            xdp(&mut self.object, self.name)?.fd().map_err(refused)?
        };
        calls::exchange(link.as_fd(), program.as_fd()).map_err(|source| KernelError::Call {
            call: "putting the program behind its link",
            source,
        })?;
        self.pinned = Some(link);
        Ok(true)
    }

    /// Whether its pinned link lost its interface: that was deleted, or moved elsewhere.
    #[must_use]
    pub fn is_severed(&self) -> bool {
        let link = self.pinned.as_ref();
        let hanging = link.map(|link| calls::hanging(link.as_fd()));
        matches!(hanging, Some(Ok(Some(Hanging { interface: 0, .. }))))
    }

    /// Runs the program over a frame without any interface, `repeat` times.
    ///
    /// # Errors
    /// Where the kernel refuses: frames under 14 bytes are `EINVAL`.
    pub fn test_run(&mut self, frame: &[u8], repeat: u32) -> Result<TestRun, KernelError> {
        let result = self.tested(TestRunOptions {
            data_in: Some(frame),
            repeat,
            ..TestRunOptions::new()
        })?;
        Ok(TestRun {
            returned: result.return_value,
            duration: result.duration,
        })
    }

    /// Runs the program over a frame once and writes the frame as it left the program into `left`. Gives what
    /// the program returned, and the length of what it left.
    ///
    /// # Errors
    /// As [`Program::test_run`], and where `left` is too short.
    pub fn test_run_into(&mut self, frame: &[u8], left: &mut [u8]) -> Result<(u32, usize), KernelError> {
        let result = self.tested(TestRunOptions {
            data_in: Some(frame),
            data_out: Some(left),
            ..TestRunOptions::new()
        })?;
        Ok((result.return_value, result.data_size_out as usize))
    }

    fn tested(&mut self, options: TestRunOptions<'_>) -> Result<TestRunResult, KernelError> {
        let refused = |error: ProgramError| KernelError::refused("a test run", &error);
        if self.hook == Hook::Tcx {
            tcx(&mut self.object)?.test_run(options).map_err(refused)
        } else {
            xdp(&mut self.object, self.name)?
                .test_run(options)
                .map_err(refused)
        }
    }

    /// Reads what the program logs of frames, where it was loaded to.
    ///
    /// # Errors
    /// Where the program's log cannot be opened.
    pub fn logger(&mut self) -> Result<FrameLogger, KernelError> {
        aya_log::EbpfLogger::init(&mut self.object)
            .map_err(|error| KernelError::refused("the log of frames", &error))
    }
}

/// Reads a program's log and hands it to [`log`].
pub type FrameLogger = aya_log::EbpfLogger<&'static dyn log::Log>;

fn tcx(object: &mut Ebpf) -> Result<&mut SchedClassifier, KernelError> {
    object
        .program_mut("cmflow_tcx")
        .and_then(|program| program.try_into().ok())
        .ok_or_else(|| KernelError::Refused {
            what: "cmflow_tcx".to_owned(),
            why: "the object has no such program".to_owned(),
        })
}

/// Which refusals of an attachment have a remedy.
fn attach_error(interface: &str, hook: Hook, error: &ProgramError) -> KernelError {
    let number = match error {
        ProgramError::SyscallError(call) => call.io_error.raw_os_error(),
        _ => None,
    };
    let no_mode = |why: &str| KernelError::NoSuchMode {
        interface: interface.to_owned(),
        mode: hook.describe().to_owned(),
        why: why.to_owned(),
    };
    match number {
        Some(libc::EBUSY) => KernelError::Busy {
            interface: interface.to_owned(),
            by: "attached by another tool".to_owned(),
        },
        Some(libc::EEXIST) => KernelError::Busy {
            interface: interface.to_owned(),
            by: "attached in another mode".to_owned(),
        },
        Some(libc::EOPNOTSUPP) => no_mode("its driver has no such hook"),
        Some(libc::ENODEV) => no_mode("it is gone"),
        _ => match KernelError::refused(&format!("{} on {interface}", hook.describe()), error) {
            // Drivers refuse what their rings cannot do (MTU, queues, merging) by many numbers.
            KernelError::Refused { why, .. } if hook == Hook::Native => no_mode(&why),
            other => other,
        },
    }
}
