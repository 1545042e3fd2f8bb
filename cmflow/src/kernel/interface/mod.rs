//! What the machine says of its interfaces, which hook suits each, and what is refused, in words that help.
//!
//! - [`choose`]: the interfaces that were named, or why one of them is refused;
//! - [`plan`] and [`constants`]: the hooks to try on one, and what its copy of the program must know;
//! - [`report`]: all of that for `cmflow check`, without attaching anything; [`forewarn`] for `cmflow run`;
//! - [`unseen_sides`]: what the site file says of interfaces that nobody looks at;
//! - [`privileges`] and [`kernel`]: what the machine must have before anything is loaded;
//! - [`all`], [`find`], [`counters`], [`addresses`], [`broadcasts`]: plain facts.

mod choice;
mod drivers;
mod error;
mod ethtool;
mod link;
mod machine;
mod native;
mod netlink;
mod plan;
mod report;
mod sides;
#[cfg(test)]
mod tests;

pub use choice::{Choice, choose, refuse_stacked};
pub use error::InterfaceError;
pub use ethtool::Offloads;
pub use link::{Attached, Interface, addresses, all, broadcasts, counters, find};
pub use machine::{kernel, privileges, running};
pub use native::Native;
pub use plan::{Mode, Plan, constants, plan};
pub use report::{Outlook, Report, forewarn, outlooks, report};
pub use sides::unseen_sides;
