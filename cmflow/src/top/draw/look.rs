//! What a terminal can show: colours and signs. No meaning hangs on a colour alone.

use ratatui::style::{Color, Modifier, Style};

/// What a terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether there may be colours.
    pub color: bool,
    /// Whether there may be more than ASCII.
    pub unicode: bool,
}

/// What a text is to look like, by what it means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// As any text.
    #[default]
    Plain,
    /// Somebody should look at it.
    Bad,
    /// It is new.
    New,
    /// There is nothing in it now.
    Faint,
    /// A heading.
    Heading,
}

impl Look {
    /// By the variables of the environment that say so: `NO_COLOR`, `TERM`, and the locale's.
    pub fn of<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let charset = locale.unwrap_or_default().to_ascii_lowercase().replace('-', "");
        Self {
            color: set("NO_COLOR").is_none() && set("TERM") != Some("dumb"),
            unicode: charset.contains("utf8"),
        }
    }

    /// The style of a tone.
    #[must_use]
    pub fn style(self, tone: Tone) -> Style {
        let style = Style::new();
        match (tone, self.color) {
            (Tone::Plain, _) => style,
            (Tone::Bad, true) => style.fg(Color::Red).add_modifier(Modifier::BOLD),
            (Tone::New, true) => style.fg(Color::Green),
            (Tone::Faint, true) => style.fg(Color::DarkGray),
            (Tone::Bad | Tone::Heading, _) => style.add_modifier(Modifier::BOLD),
            (Tone::New | Tone::Faint, false) => style,
        }
    }

    /// Stands where a text was cut.
    #[must_use]
    pub const fn cut(self) -> char {
        if self.unicode { '…' } else { '~' }
    }
}

#[cfg(test)]
mod tests {
    use super::Look;

    #[test]
    fn the_environment_says_what_can_be_shown() {
        for (variables, color, unicode) in [
            (&[][..], true, false),
            (&[("LANG", "C.UTF-8")], true, true),
            (&[("LANG", "de_DE.utf8"), ("NO_COLOR", "1")], false, true),
            (&[("LANG", "C.UTF-8"), ("LC_ALL", "C")], true, false),
            (&[("LANG", "C"), ("LC_CTYPE", "en_US.UTF-8")], true, true),
            (&[("NO_COLOR", "")], true, false),
            (&[("TERM", "dumb")], false, false),
        ] {
            let find = |name: &str| {
                variables
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| *value)
            };
            assert_eq!(Look::of(find), Look { color, unicode }, "{variables:?}");
        }
    }
}
