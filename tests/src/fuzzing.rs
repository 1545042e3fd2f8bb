//! What fuzzing asks of the code that reads what others made: whatever the bytes, it neither panics nor contradicts
//! itself. libFuzzer (`cargo xtask fuzz`) and the test over the corpus run the same functions.

use std::cell::RefCell;
use std::io::{self, Read};
use std::sync::LazyLock;

use cmflow::capture::Capture;
use cmflow::catalogue::Catalogue;
use cmflow::compile::{Machine, compile};
use cmflow::config;
use cmflow::kernel::Constants;
use cmflow::reader::Timeouts;
use cmflow::replay::{InMemory, play};
use cmflow_common::memory::MemoryTables;
use cmflow_common::parse::{LinkLayer, parse};

use crate::office;
use crate::slice_rig::SliceRig;
use crate::small_site::tables;

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 4] = [
    ("parser", parser),
    ("capture", capture),
    ("site", site),
    ("catalogue", catalogue),
];

static TABLES: LazyLock<MemoryTables> = LazyLock::new(tables);
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::embedded().expect("a test reads it"));

/// Slots of the flow table, as a power of two: few, so that it is full soon.
const FLOW_BITS: u32 = 7;

thread_local! {
    static RIG: RefCell<SliceRig<'static>> =
        RefCell::new(SliceRig::new(&TABLES, &Constants::default(), FLOW_BITS));
}

/// A frame: parsed as each link layer, with and without a tag that a card took off, and looked at as the kernel
/// does. It counts under one outcome, and the conservation law holds.
pub fn parser(frame: &[u8]) {
    for link_layer in [LinkLayer::Ethernet, LinkLayer::RawIp] {
        for tag in [None, Some(7)] {
            let _ = parse(frame, link_layer, tag);
        }
    }
    RIG.with_borrow(|rig| {
        let frames = |rig: &SliceRig<'_>| rig.counted().outcomes.values().map(|pair| pair.0).sum::<u64>();
        let before = frames(rig);
        rig.run(frame);
        assert_eq!(frames(rig), before + 1, "one outcome");
        rig.counted().assert_conserved("a frame");
    });
}

/// A capture file: its frames lie in it, and are the same however the file arrives; it can be replayed.
pub fn capture(file: &[u8]) {
    let whole = frames(file);
    assert_eq!(whole, frames(Trickle(file)), "a file that comes byte by byte");
    let bytes: usize = whole.0.iter().map(|frame| frame.1).sum();
    assert!(
        bytes <= file.len(),
        "{bytes} bytes of frames in {} bytes",
        file.len()
    );
    if let Ok(replayed) = play(file, InMemory::new(&TABLES, Timeouts::default(), 1), |_| {}) {
        assert!(replayed.frames().packets <= whole.0.len() as u64);
    }
}

/// Time and length of each frame, and how it ended.
type Frames = (Vec<(Option<u64>, usize)>, Option<String>);

fn frames(reader: impl Read) -> Frames {
    let mut frames = Vec::new();
    let mut capture = match Capture::new(reader) {
        Ok(capture) => capture,
        Err(error) => return (frames, Some(error.to_string())),
    };
    loop {
        match capture.next_frame() {
            Ok(Some(record)) => frames.push((record.at_ns, record.bytes.len())),
            Ok(None) => return (frames, None),
            Err(error) => return (frames, Some(error.to_string())),
        }
    }
}

/// Gives one byte at a time.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(1);
        self.0.read(&mut buffer[..length])
    }
}

/// A site file: it is compiled, or every problem of it names a line that it has.
pub fn site(text: &[u8]) {
    let Ok(text) = str::from_utf8(text) else { return };
    // Whatever else lies on this machine is not to be read.
    if text.contains("include") {
        return;
    }
    match config::parse(&CATALOGUE, "site.toml", text) {
        Ok(file) => {
            let _ = compile(&CATALOGUE, &file.model, &Machine::default(), &[]);
        }
        Err(problems) => {
            let said = problems.to_string();
            let lines = text.lines().count() + 1;
            assert!(!said.is_empty(), "a refusal says why");
            for line in said.lines().filter_map(|line| line.strip_prefix("site.toml:")) {
                let number = line.split(|c: char| !c.is_ascii_digit()).next();
                let number = number.and_then(|number| number.parse::<usize>().ok());
                assert!(number.is_none_or(|number| number <= lines), "{line} of {lines}");
            }
        }
    }
}

/// A catalogue file over the built-in one: refused with a reason, or good enough to compile a site by it.
pub fn catalogue(text: &[u8]) {
    let Ok(text) = str::from_utf8(text) else { return };
    match Catalogue::with("own.toml", text) {
        Ok(catalogue) => {
            if let Ok(file) = config::parse(&catalogue, "site.toml", office::SITE) {
                let _ = compile(&catalogue, &file.model, &Machine::default(), &[]);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty(), "a refusal says why"),
    }
}
