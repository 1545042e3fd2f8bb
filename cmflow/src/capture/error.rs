//! What can be wrong with a capture, in words that say what to do.

use std::io;

/// Why a capture, or the rest of it, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// Not one byte.
    #[error("the capture is empty: not even a header; was the capturing program stopped before it wrote?")]
    Empty,
    /// Something else than a capture.
    #[error("is not a pcap or pcapng file; {0}")]
    NotACapture(&'static str),
    /// The file ends inside a block.
    #[error(
        "the capture ends inside the block at byte {offset}, after {frames} frames; it was cut off, \
         or is still being written"
    )]
    Truncated {
        /// Where the block begins.
        offset: u64,
        /// Frames before it.
        frames: u64,
    },
    /// A block that cannot be.
    #[error(
        "the capture is damaged at byte {offset}, after {frames} frames: {why}; what follows was not read"
    )]
    Corrupt {
        /// Where the block begins.
        offset: u64,
        /// Frames before it.
        frames: u64,
        /// What is wrong with it.
        why: String,
    },
    /// Reading failed.
    #[error("reading failed at byte {offset}, after {frames} frames: {source}")]
    Read {
        /// Where the block begins.
        offset: u64,
        /// Frames before it.
        frames: u64,
        /// Why.
        source: io::Error,
    },
}

impl From<io::Error> for CaptureError {
    fn from(source: io::Error) -> Self {
        Fault::Read(source).at(0, 0)
    }
}

impl CaptureError {
    /// What other files begin with, as far as people hand them over for captures.
    pub(super) fn not_a_capture(bytes: &[u8]) -> Self {
        Self::NotACapture(match bytes {
            [0x1f, 0x8b, ..] => {
                "it is compressed by gzip; unpack it first: gunzip -c FILE | cmflow replay … -"
            }
            [0x28, 0xb5, 0x2f, 0xfd, ..] => {
                "it is compressed by zstd; unpack it first: zstd -dc FILE | cmflow replay … -"
            }
            [0xfd, b'7', b'z', b'X', ..] => {
                "it is compressed by xz; unpack it first: xz -dc FILE | cmflow replay … -"
            }
            [0x04, 0x22, 0x4d, 0x18, ..] => {
                "it is compressed by lz4; unpack it first: lz4 -dc FILE | cmflow replay … -"
            }
            [b'P', b'K', ..] => "it is a zip archive; unpack it first",
            [b'G', b'M', b'B', b'U', ..] => {
                "it is a capture of Network Monitor; convert it first: editcap -F pcapng FILE NEW"
            }
            [b's', b'n', b'o', b'o', ..] => {
                "it is a capture of snoop; convert it first: editcap -F pcapng FILE NEW"
            }
            _ => "tcpdump -w, dumpcap and Wireshark write such files",
        })
    }
}

/// What is wrong with a block; [`Fault::at`] adds where it is.
#[derive(Debug)]
pub(super) enum Fault {
    Truncated,
    Corrupt(String),
    Read(io::Error),
}

impl From<io::Error> for Fault {
    fn from(source: io::Error) -> Self {
        Self::Read(source)
    }
}

impl Fault {
    pub(super) fn at(self, offset: u64, frames: u64) -> CaptureError {
        match self {
            Self::Truncated => CaptureError::Truncated { offset, frames },
            Self::Corrupt(why) => CaptureError::Corrupt { offset, frames, why },
            Self::Read(source) => CaptureError::Read {
                offset,
                frames,
                source,
            },
        }
    }
}
