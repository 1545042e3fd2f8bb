//! Families of metrics as text.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

/// Names and values.
pub(super) type Labels = Vec<(&'static str, String)>;

/// A metric with all its labels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Family {
    /// Its name, without unit and without `_total`.
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) unit: Option<&'static str>,
    pub(super) samples: Samples,
}

/// Values of a family.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Samples {
    /// They only grow.
    Counters(Vec<(Labels, u64)>),
    /// They may do either.
    Gauges(Vec<(Labels, f64)>),
}

#[derive(Debug)]
struct Scrape(Vec<(Family, Option<Unit>)>);

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Self(families) = self;
        for (family, unit) in families {
            let kind = match family.samples {
                Samples::Counters(_) => MetricType::Counter,
                Samples::Gauges(_) => MetricType::Gauge,
            };
            let mut metric = encoder.encode_descriptor(family.name, family.help, unit.as_ref(), kind)?;
            match &family.samples {
                // Without braces where there are no labels.
                Samples::Counters(all)
                    if let [(labels, value)] = all.as_slice()
                        && labels.is_empty() =>
                {
                    ConstCounter::new(*value).encode(metric)?;
                }
                Samples::Gauges(all)
                    if let [(labels, value)] = all.as_slice()
                        && labels.is_empty() =>
                {
                    ConstGauge::new(*value).encode(metric)?;
                }
                Samples::Counters(all) => {
                    for (labels, value) in all {
                        ConstCounter::new(*value).encode(metric.encode_family(labels)?)?;
                    }
                }
                Samples::Gauges(all) => {
                    for (labels, value) in all {
                        ConstGauge::new(*value).encode(metric.encode_family(labels)?)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A label's value as both formats want it; the encoder takes it as it is.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn escape(samples: &mut Samples) {
    let labels: Vec<&mut Labels> = match samples {
        Samples::Counters(all) => all.iter_mut().map(|(labels, _)| labels).collect(),
        Samples::Gauges(all) => all.iter_mut().map(|(labels, _)| labels).collect(),
    };
    for (_, value) in labels.into_iter().flatten() {
        *value = escaped(value);
    }
}

/// The families as OpenMetrics, or in Prometheus' older text format.
pub(super) fn write(families: Vec<Family>, open: bool) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("cmflow");
    let families = families.into_iter().map(|mut family| {
        escape(&mut family.samples);
        let unit = family.unit.map(|unit| Unit::Other(unit.to_owned()));
        (family, unit)
    });
    registry.register_collector(Box::new(Scrape(families.collect())));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(if open { text } else { plain(&text) })
}

/// OpenMetrics says of a counter what it is called without `_total`, the older format with it; units and the end are
/// not said there.
fn plain(open: &str) -> String {
    let counters: Vec<&str> = open
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut text = String::with_capacity(open.len());
    for line in open.lines() {
        if line.starts_with("# UNIT ") || line == "# EOF" {
            continue;
        }
        let about = ["# HELP ", "# TYPE "].into_iter().find_map(|kind| {
            let (name, rest) = line.strip_prefix(kind)?.split_once(' ')?;
            counters.contains(&name).then_some((kind, name, rest))
        });
        match about {
            Some((kind, name, rest)) => text.extend([kind, name, "_total ", rest, "\n"]),
            None => text.extend([line, "\n"]),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn families() -> Vec<Family> {
        let labels = |value: &str| vec![("rule", value.to_owned())];
        vec![
            Family {
                name: "rule",
                help: "What a rule explained.",
                unit: Some("bytes"),
                samples: Samples::Counters(vec![(labels("a/b/\"c\""), 7), (labels("d"), 0)]),
            },
            Family {
                name: "generation",
                help: "Generation of the tables.",
                unit: None,
                samples: Samples::Gauges(vec![(Vec::new(), 3.0)]),
            },
        ]
    }

    #[test]
    fn both_formats_say_the_same() {
        let open = write(families(), true).expect("text");
        assert_eq!(
            open,
            "# HELP cmflow_rule_bytes What a rule explained.\n# TYPE cmflow_rule_bytes counter\n# UNIT cmflow_rule_bytes \
             bytes\ncmflow_rule_bytes_total{rule=\"a/b/\\\"c\\\"\"} 7\ncmflow_rule_bytes_total{rule=\"d\"} 0\n\
             # HELP cmflow_generation Generation of the tables.\n# TYPE cmflow_generation gauge\ncmflow_generation 3.0\n\
             # EOF\n"
        );
        let plain = write(families(), false).expect("text");
        assert_eq!(
            plain,
            "# HELP cmflow_rule_bytes_total What a rule explained.\n# TYPE cmflow_rule_bytes_total counter\n\
             cmflow_rule_bytes_total{rule=\"a/b/\\\"c\\\"\"} 7\ncmflow_rule_bytes_total{rule=\"d\"} 0\n\
             # HELP cmflow_generation Generation of the tables.\n# TYPE cmflow_generation gauge\ncmflow_generation 3.0\n"
        );
    }
}
