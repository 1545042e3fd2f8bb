//! Where the bytes of a frame come from.

/// Bytes of a frame, read by copy. Bounds are checked here and nowhere else.
pub trait Frame {
    /// The `N` bytes at `offset`, or nothing where they are not all there.
    ///
    /// The kernel's implementation sees the linear part of a frame only; headers lie there.
    ///
    /// `N` is 2 or more: of a single byte the kernel's verifier cannot follow the check.
    fn at<const N: usize>(&self, offset: usize) -> Option<[u8; N]>;

    /// The same value, but one that the kernel's verifier knows nothing about any more. Where ways through the
    /// parser meet, this is what lets the verifier see that they go on alike.
    #[inline(always)]
    fn forget(&self, value: u64) -> u64 {
        value
    }
}

impl Frame for [u8] {
    #[inline(always)]
    fn at<const N: usize>(&self, offset: usize) -> Option<[u8; N]> {
        self.get(offset..)?.first_chunk().copied()
    }
}

impl<F: Frame + ?Sized> Frame for &F {
    #[inline(always)]
    fn at<const N: usize>(&self, offset: usize) -> Option<[u8; N]> {
        (**self).at(offset)
    }

    #[inline(always)]
    fn forget(&self, value: u64) -> u64 {
        (**self).forget(value)
    }
}
