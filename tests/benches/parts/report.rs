//! All sections, one after the other.

use std::fmt;

use anyhow::Result;
use serde_json::{Value, json};

use super::asked::Asked;
use super::figure::Figure;
use super::{
    audit, beside, browsers, company, cut_short, daemon, flood, forwarding, known, machine, million, new,
    replay, web,
};

/// A section: the figures that it gives, and how.
struct Section {
    names: &'static [(&'static str, &'static str)],
    measure: fn(&Asked) -> Result<Vec<Figure>>,
}

const SECTIONS: [Section; 13] = [
    Section {
        names: &[
            ("known-flow-ipv4", "ns"),
            ("known-flow-ipv6", "ns"),
            ("known-flow-vlan", "ns"),
        ],
        measure: known::measure,
    },
    Section {
        names: &[
            ("new-flow", "ns"),
            ("undocumented-new-flow", "ns"),
            ("new-flow-by-expectation", "ns"),
        ],
        measure: new::measure,
    },
    Section {
        names: &[("flood-full-table", "ns")],
        measure: flood::measure,
    },
    Section {
        names: &[("known-flow-1m", "ns"), ("read-1m-flows", "ms")],
        measure: million::measure,
    },
    Section {
        names: &[("compile-company", "ms"), ("reload-full", "ms")],
        measure: company::measure,
    },
    Section {
        names: &[("replay", "packets/s")],
        measure: replay::measure,
    },
    Section {
        names: &[
            ("daemon-rss-1m", "MiB"),
            ("daemon-cpu-idle-100k", "% of core"),
            ("history-cpu-100k", "% of core"),
        ],
        measure: daemon::measure,
    },
    Section {
        names: &[("audit-year", "ms")],
        measure: audit::measure,
    },
    Section {
        names: &[("http-flows-100k", "ms"), ("sse-20-clients", "% of core")],
        measure: web::measure,
    },
    Section {
        names: &[
            ("first-paint-100k", "ms"),
            ("browsers-20", "% of core"),
            ("first-seen-100k", "ms"),
        ],
        measure: browsers::measure,
    },
    Section {
        names: &[("forwarding-ratio", "ratio")],
        measure: forwarding::measure,
    },
    Section {
        names: &[("beside-xdp-filter", "ns")],
        measure: beside::xdp_filter,
    },
    Section {
        names: &[
            ("beside-cmflow-forwarded", "ns"),
            ("beside-nftables-list", "ns"),
            ("beside-nftables-set", "ns"),
        ],
        measure: beside::nftables,
    },
];

const PARTS: Section = Section {
    names: &[("part-all", "ns")],
    measure: cut_short::measure,
};

/// All that was measured.
pub struct Report {
    figures: Vec<Figure>,
    /// The machine before anything was measured: its load is then that of others.
    machine: Value,
}

/// Measures what was asked for.
pub fn measure(asked: &Asked) -> Report {
    let machine = machine::describe();
    let mut figures = Vec::new();
    for section in SECTIONS.iter().chain(asked.parts.then_some(&PARTS)) {
        let wanted = |name: &str| asked.only.as_deref().is_none_or(|word| name.contains(word));
        if !section.names.iter().any(|(name, _)| wanted(name)) {
            continue;
        }
        eprintln!("measuring {} ...", section.names[0].0);
        match (section.measure)(asked) {
            Ok(measured) => figures.extend(measured),
            Err(why) => {
                eprintln!("left out: {why:#}");
                let empty =
                    |(name, unit): &(&str, &'static str)| Figure::new(*name, unit, Err(format!("{why:#}")));
                figures.extend(section.names.iter().map(empty));
            }
        }
    }
    Report { figures, machine }
}

impl Report {
    /// The machine, and all figures in one shape.
    pub fn json(&self) -> Value {
        let figures: Vec<Value> = self.figures.iter().map(Figure::json).collect();
        json!({ "machine": self.machine, "figures": figures })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for key in ["cpu", "cores", "kernel", "load"] {
            writeln!(f, "{key:>7}  {}", self.machine[key].to_string().trim_matches('"'))?;
        }
        writeln!(f, "\n{:<34}{:>12} {:<10}{:>12}", "", "median", "", "lowest")?;
        for figure in &self.figures {
            writeln!(f, "{figure}")?;
        }
        Ok(())
    }
}
