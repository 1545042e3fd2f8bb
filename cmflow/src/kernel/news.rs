//! The ring by which the program tells of flows that nothing explains.

use std::os::fd::{AsRawFd, RawFd};

use aya::maps::{MapData, RingBuf};
use cmflow_common::news::News;

/// The ring. Readable (`poll`) when there is news.
pub struct NewsRing {
    ring: RingBuf<MapData>,
}

impl NewsRing {
    pub(super) const fn new(ring: RingBuf<MapData>) -> Self {
        Self { ring }
    }

    /// The next news, if there is any.
    pub fn take(&mut self) -> Option<News> {
        loop {
            let item = self.ring.next()?;
            if item.len() == size_of::<News>() {
                // SAFETY: the program writes whole `News` values, and the length says that this is one; plain
                // data, read without asking for alignment.
                return Some(unsafe { item.as_ptr().cast::<News>().read_unaligned() });
            }
        }
    }
}

impl AsRawFd for NewsRing {
    fn as_raw_fd(&self) -> RawFd {
        self.ring.as_raw_fd()
    }
}
