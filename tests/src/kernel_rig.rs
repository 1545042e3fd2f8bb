//! Frames through the kernel program, by `BPF_PROG_TEST_RUN`: no interface, maps of its own.

use std::sync::atomic::{AtomicU32, Ordering};

use cmflow::account::Flow;
use cmflow::kernel::{Constants, Counters, Hook, Maps, NewsRing, Pins, Program};
use cmflow_common::flow::Slot;
use cmflow_common::memory::MemoryTables;
use cmflow_common::news::News;
use cmflow_common::outcome::Outcome;

use crate::sightings::Counted;
use crate::slice_rig::{LIFETIMES, SEED};
use crate::small_site::VERDICTS;

const XDP_PASS: u32 = 2;
/// `TCX_NEXT`, which a test run gives as it stands.
const TCX_NEXT: u32 = u32::MAX;

/// The maps of one instance. Its pins go when the value goes.
pub struct KernelRig {
    /// The maps.
    pub maps: Maps,
    pins: Pins,
}

impl KernelRig {
    /// Maps with those tables and `2^flow_bits` slots, or nothing where this process may not: then it says so.
    /// In CI (`CI` is set) that is a failure.
    ///
    /// # Panics
    /// Where the kernel refuses although this is root.
    #[must_use]
    pub fn new(tables: &MemoryTables, flow_bits: u32) -> Option<Self> {
        // SAFETY: the call takes nothing and cannot fail.
        if unsafe { libc::geteuid() } != 0 {
            assert!(
                std::env::var_os("CI").is_none(),
                "CI runs the kernel's half of the tests, and that takes root"
            );
            eprintln!("skipped: running the kernel program takes root");
            return None;
        }
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "test-{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        let pins = Pins::of(&name);
        let maps = Maps::create(&pins, flow_bits, SEED).unwrap_or_else(|error| panic!("{name}: {error}"));
        maps.know_from(0);
        maps.set_lifetimes(LIFETIMES);
        let mut rig = Self { maps, pins };
        rig.load_tables(tables);
        Some(rig)
    }

    /// Switches to other tables.
    ///
    /// # Panics
    /// Where the kernel refuses.
    pub fn load_tables(&mut self, tables: &MemoryTables) {
        self.maps
            .load_tables(tables)
            .unwrap_or_else(|error| panic!("loading tables: {error}"));
    }

    /// The program for a hook with those constants.
    ///
    /// # Panics
    /// Where the verifier refuses it.
    #[must_use]
    pub fn program(&self, hook: Hook, constants: &Constants) -> Looker {
        let program = Program::load(&self.maps, hook, constants);
        Looker {
            program: program.unwrap_or_else(|error| panic!("loading the program: {error}")),
            passes: if hook == Hook::Tcx { TCX_NEXT } else { XDP_PASS },
        }
    }

    /// What was counted so far, in both halves.
    #[must_use]
    pub fn counted(&self) -> Counted {
        self.counted_in(&[0, 1])
    }

    /// What was counted in those halves.
    ///
    /// # Panics
    /// Where a map cannot be read.
    #[must_use]
    pub fn counted_in(&self, halves: &[usize]) -> Counted {
        let mut counted = Counted::default();
        for half in halves {
            let Counters {
                outcomes,
                verdicts,
                without_entry,
            } = self
                .maps
                .counters(*half, 1, VERDICTS)
                .unwrap_or_else(|error| panic!("reading counters: {error}"));
            for (outcome, count) in Outcome::ALL.into_iter().zip(outcomes[0]) {
                counted.outcome(outcome, count);
            }
            for (number, count) in verdicts.into_iter().enumerate() {
                counted.verdict(number as u16, count);
            }
            counted.without_entry(without_entry);
        }
        self.maps.each_slot(|_, slot: Slot| counted.slot(&slot, halves));
        counted
    }

    /// Its flows, as a reader collects them.
    #[must_use]
    pub fn flows(&self) -> Vec<Flow> {
        let mut slots = Vec::new();
        self.maps.each_slot(|_, slot| slots.push(slot));
        Flow::collect(slots.into_iter())
    }

    /// Frees every slot, and forgets what was announced.
    pub fn forget(&self) {
        self.forget_flows();
        self.maps.forget_expectations();
    }

    /// Frees every slot. No frame runs meanwhile, so that nobody holds one.
    pub fn forget_flows(&self) {
        let mut live = Vec::new();
        self.maps.each_slot(|index, _| live.push(index));
        for index in live {
            self.maps.free_slot(index);
        }
        self.maps.allow_rooms([0; 3]);
    }

    /// The ring of news; once.
    ///
    /// # Panics
    /// Where it was taken.
    #[must_use]
    pub fn news(&mut self) -> NewsRing {
        self.maps
            .take_news()
            .unwrap_or_else(|error| panic!("the ring of news: {error}"))
    }
}

impl Drop for KernelRig {
    fn drop(&mut self) {
        if let Err(error) = self.pins.remove() {
            eprintln!("pins are left behind: {error}");
        }
    }
}

/// A loaded program that frames are run through.
pub struct Looker {
    program: Program,
    passes: u32,
}

impl Looker {
    /// Whether `BPF_PROG_TEST_RUN` takes such a frame. It refuses less than an Ethernet header, and for a socket
    /// buffer also nothing behind one, or less than the IP header that it announces (net/bpf/test_run.c).
    #[must_use]
    pub fn takes(&self, frame: &[u8]) -> bool {
        let behind = match frame.get(12..14) {
            None => return false,
            Some(_) if self.program.hook() != Hook::Tcx => 0,
            Some([0x08, 0x00]) => 20,
            Some([0x86, 0xdd]) => 40,
            Some(_) => 1,
        };
        frame.len() >= 14 + behind
    }

    /// Runs a frame, and checks that the program passes it on unchanged.
    ///
    /// # Panics
    /// Where it does not.
    pub fn run(&mut self, frame: &[u8]) {
        let mut left = vec![0; frame.len() + 64];
        let (returned, length) = self
            .program
            .test_run_into(frame, &mut left)
            .unwrap_or_else(|error| panic!("a frame of {} bytes: {error}", frame.len()));
        assert_eq!(returned, self.passes, "every frame is passed on");
        assert_eq!(&left[..length], frame, "no byte of a frame changes");
    }
}

/// All news that the ring holds.
#[must_use]
pub fn drain(ring: &mut NewsRing) -> Vec<News> {
    std::iter::from_fn(|| ring.take()).collect()
}
