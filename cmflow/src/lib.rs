//! cmflow: which documented Configuration Manager flow is it?
//!
//! - [`catalogue`]: the documented ports, read from data files;
//! - [`kernel`]: the XDP program's maps and hooks, the only part that names aya;
//! - [`cli`]: one file a verb.

pub mod catalogue;
pub mod cli;
pub mod kernel;
