//! Where the bytes of a frame come from.

/// Bytes of a frame, read by copy. Bounds are checked here and nowhere else.
pub trait Frame {
    /// The `N` bytes at `offset`, or nothing where they are not all there.
    ///
    /// The kernel's implementation sees the linear part of a frame only; headers lie there.
    fn at<const N: usize>(&self, offset: usize) -> Option<[u8; N]>;
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
}
