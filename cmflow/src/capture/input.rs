//! Bytes of a file or a pipe, as many at hand as one block needs.

use std::io::{self, Read};

use super::error::Fault;

/// Bytes at hand to begin with: large enough that the system calls do not count.
const USUAL: usize = 256 << 10;

/// What a block may take at most, in bytes. Nothing that tools write comes near it (libpcap reads blocks of up to
/// 16 MiB), and a length in a damaged file must not take the machine's memory.
pub(super) const MOST: usize = 16 << 20;

/// A window over what is read. The block that was found last stays at hand until the next one is looked for.
#[derive(Debug)]
pub(super) struct Input<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Bytes of the block at `start` that are done with.
    consumed: usize,
    /// Where `start` is in the file.
    offset: u64,
}

impl<R: Read> Input<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: vec![0; USUAL],
            start: 0,
            end: 0,
            consumed: 0,
            offset: 0,
        }
    }

    /// What is at hand, from the current block on.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Where the current block begins in the file.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// That many bytes of the current block are done with, but stay at hand.
    pub(super) const fn consume(&mut self, bytes: usize) {
        self.consumed += bytes;
    }

    /// Lets go of what is done with.
    pub(super) const fn next_block(&mut self) {
        self.start += self.consumed;
        self.offset += self.consumed as u64;
        self.consumed = 0;
    }

    /// Lets go of that many bytes.
    pub(super) const fn skip(&mut self, bytes: usize) {
        self.consume(bytes);
        self.next_block();
    }

    /// Reads on until so many bytes of the current block are at hand; says whether there are so many.
    ///
    /// # Errors
    /// Where reading fails.
    #[inline]
    pub(super) fn holds(&mut self, bytes: usize) -> io::Result<bool> {
        Ok(self.end - self.start >= bytes || self.read_on(bytes)?)
    }

    #[cold]
    fn read_on(&mut self, bytes: usize) -> io::Result<bool> {
        debug_assert!(bytes <= MOST, "the caller checks what a block may take");
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() < bytes {
            self.buffer.resize(bytes, 0);
        }
        while self.end < bytes {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Reads a block of so many bytes.
    ///
    /// # Errors
    /// Where it is too large or the file ends inside it.
    pub(super) fn block(&mut self, bytes: usize) -> Result<&[u8], Fault> {
        if bytes > MOST {
            return Err(Fault::Corrupt(format!(
                "a block of {bytes} bytes, and none has more than {MOST}"
            )));
        }
        if !self.holds(bytes)? {
            return Err(Fault::Truncated);
        }
        Ok(&self.bytes()[..bytes])
    }

    /// Whether the file ends here.
    ///
    /// # Errors
    /// Where reading fails.
    pub(super) fn at_end(&mut self) -> io::Result<bool> {
        Ok(!self.holds(1)?)
    }
}
