//! The firewall that follows from an audit, as text: pure.
//!
//! [`Audit`] -> [`RuleSet`] (lines of one family, what is left out, what does not cross) -> one format a file.

mod azure_nsg;
mod change_request;
mod crossing;
mod csv_table;
mod dynamic;
mod facts;
mod iptables;
mod lines;
mod merge;
mod nftables;
mod plain;
mod remark;
mod sets;
mod windows_firewall;

use clap::ValueEnum;

use crate::answer::Audit;
use crate::history::Evidence;

pub use crossing::routed;
pub use lines::{LeftOut, Line, RuleSet};

/// What an export is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table of nftables, for `nft -f`
    Nftables,
    /// Lines for iptables-restore and ip6tables-restore, both in one file
    Iptables,
    /// A PowerShell script of New-NetFirewallRule
    WindowsFirewall,
    /// A network security group of Azure, as a template
    AzureNsg,
    /// A table for people and other tools
    Csv,
    /// A page for those who decide on changes, in Markdown
    ChangeRequest,
}

/// Which openings an export has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// All but those that are unused; what is not known for sure stays, marked REVIEW
    #[default]
    Used,
    /// Everything that is documented, approved or explained by a companion
    Documented,
}

/// An export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Its text.
    pub text: String,
    /// What whoever asked for it has to be told beside it.
    pub warnings: Vec<String>,
}

/// Why there is no export.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NothingToExport {
    /// The gateway was not observed in the window.
    #[error(
        "nothing was observed from {from} to {to}, so that no firewall follows from it; let cmflow run, or ask for another time by --since"
    )]
    NotObserved {
        /// Begin of the window.
        from: String,
        /// End of it.
        to: String,
    },
    /// It was, and not one packet was counted.
    #[error(
        "not one packet was counted from {from} to {to}: is it the right gateway, and are its interfaces looked at? cmflow status tells"
    )]
    NoTraffic {
        /// Begin of the window.
        from: String,
        /// End of it.
        to: String,
    },
    /// The site file makes no opening possible.
    #[error(
        "the audit has no openings: the site file gives no two roles that talk to each other; cmflow check tells what is missing"
    )]
    NoOpenings,
    /// None of them is used, and only used ones are asked for.
    #[error(
        "every opening is graded unused, so that this firewall would let nothing through; ask for --only documented, or for a longer time by --since"
    )]
    AllUnused,
}

/// Makes an export of an audit; histories, where there are some, tell which dynamic ports were asked at.
///
/// # Errors
/// Where the audit has no data that a firewall could follow from.
pub fn export(
    audit: &Audit,
    evidence: &[Evidence],
    format: Format,
    only: Only,
) -> Result<Exported, NothingToExport> {
    has_data(audit)?;
    let set = RuleSet::of(audit, evidence, only);
    if set.lines.is_empty() && set.not_crossing.is_empty() {
        return Err(NothingToExport::AllUnused);
    }
    Ok(match format {
        Format::Nftables => nftables::write(&set),
        Format::Iptables => iptables::write(&set),
        Format::WindowsFirewall => windows_firewall::write(&set),
        Format::AzureNsg => azure_nsg::write(&set),
        Format::Csv => csv_table::write(&set),
        Format::ChangeRequest => change_request::write(&set),
    })
}

/// Whether anything can follow from an audit at all.
///
/// # Errors
/// Where it has no data.
pub fn has_data(audit: &Audit) -> Result<(), NothingToExport> {
    let (from, to) = (audit.window.from.to_string(), audit.window.to.to_string());
    if audit.window.observed_s == 0 {
        return Err(NothingToExport::NotObserved { from, to });
    }
    if audit.openings.is_empty() {
        return Err(NothingToExport::NoOpenings);
    }
    let rules = audit.rules.iter().map(|rule| rule.packets);
    let openings = audit.openings.iter().map(|opening| opening.packets);
    let unexplained = audit.unexplained.iter().map(|group| group.packets);
    if rules
        .chain(openings)
        .chain(unexplained)
        .all(|packets| packets == 0)
    {
        return Err(NothingToExport::NoTraffic { from, to });
    }
    Ok(())
}
