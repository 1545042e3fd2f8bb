//! One number: what it is, in which unit, what it came to, and what it is to reach.

use std::fmt;

use serde_json::{Value, json};

/// A number to reach (`DESIGN`'s word for a promise about speed).
#[derive(Clone, Copy, Debug)]
pub enum Reach {
    /// As much or less.
    AtMost(f64),
    /// As much or more.
    AtLeast(f64),
}

/// A measured number, or why there is none.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Its name, of which there is one.
    pub name: String,
    /// `ns` are nanoseconds a packet over a program that does nothing.
    pub unit: &'static str,
    /// The median, or why there is none.
    pub value: Result<f64, String>,
    /// The lowest of all: what was disturbed least, where less is better.
    pub lowest: Option<f64>,
    /// What it is to reach.
    pub reach: Option<Reach>,
    /// What else is to be said of it.
    pub detail: Vec<(&'static str, f64)>,
}

impl Figure {
    /// The median and the lowest of several measurements.
    pub fn of(name: impl Into<String>, unit: &'static str, mut samples: Vec<f64>) -> Self {
        let value = median(&mut samples);
        Self {
            lowest: samples.first().copied(),
            ..Self::new(name, unit, Ok(value))
        }
    }

    /// A number by itself, or why there is none.
    pub fn new(name: impl Into<String>, unit: &'static str, value: Result<f64, String>) -> Self {
        Self {
            name: name.into(),
            unit,
            value,
            lowest: None,
            reach: None,
            detail: Vec::new(),
        }
    }

    /// To reach that much or less.
    pub fn at_most(self, bound: f64) -> Self {
        Self {
            reach: Some(Reach::AtMost(bound)),
            ..self
        }
    }

    /// To reach that much or more.
    pub fn at_least(self, bound: f64) -> Self {
        Self {
            reach: Some(Reach::AtLeast(bound)),
            ..self
        }
    }

    /// With another number that belongs to it.
    pub fn with(mut self, name: &'static str, value: f64) -> Self {
        self.detail.push((name, value));
        self
    }

    /// Whether it reached what it is to reach; nothing where there is no number, or none to reach.
    pub fn reached(&self) -> Option<bool> {
        let value = *self.value.as_ref().ok()?;
        Some(match self.reach? {
            Reach::AtMost(bound) => value <= bound,
            Reach::AtLeast(bound) => value >= bound,
        })
    }

    /// The shape that all figures have.
    pub fn json(&self) -> Value {
        let (reach, better) = match self.reach {
            Some(Reach::AtMost(bound)) => (Some(bound), Some("lower")),
            Some(Reach::AtLeast(bound)) => (Some(bound), Some("higher")),
            None => (None, None),
        };
        let detail: serde_json::Map<_, _> = self
            .detail
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(rounded(*value))))
            .collect();
        json!({
            "name": self.name,
            "unit": self.unit,
            "value": self.value.as_ref().ok().copied().map(rounded),
            "lowest": self.lowest.map(rounded),
            "reach": reach,
            "better": better,
            "reached": self.reached(),
            "why": self.value.as_ref().err(),
            "detail": detail,
        })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<34}", self.name)?;
        let value = match &self.value {
            Ok(value) => *value,
            Err(why) => return write!(f, "{:>12}  {why}", "-"),
        };
        write!(f, "{:>12} {:<10}", short(value), self.unit)?;
        write!(f, "{:>12}", self.lowest.map(short).unwrap_or_default())?;
        if let (Some(reach), Some(reached)) = (self.reach, self.reached()) {
            let verdict = if reached { "reached" } else { "NOT reached" };
            match reach {
                Reach::AtMost(bound) => write!(f, "  {verdict}: at most {}", short(bound))?,
                Reach::AtLeast(bound) => write!(f, "  {verdict}: at least {}", short(bound))?,
            }
        }
        for (name, value) in &self.detail {
            write!(f, "  {name} {}", short(*value))?;
        }
        Ok(())
    }
}

/// The median; sorts on the way.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// As many digits as say something.
fn rounded(value: f64) -> f64 {
    if value.abs() >= 100.0 {
        value.round()
    } else {
        (value * 1000.0).round() / 1000.0
    }
}

fn short(value: f64) -> String {
    if value.abs() >= 1e6 {
        format!("{:.2} M", value / 1e6)
    } else if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.3}")
    }
}
