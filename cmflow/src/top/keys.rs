//! Keys as the terminal tells them.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::state::Key;

/// What is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// A key for the model.
    Key(Key),
    /// Ctrl-z: in a raw terminal it is a key like others.
    Suspend,
    /// Ctrl-l: draw everything anew.
    Redraw,
}

/// What a key event means; nothing where it means nothing here.
#[must_use]
pub fn pressed(event: &KeyEvent) -> Option<Pressed> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    if event.modifiers.contains(KeyModifiers::CONTROL) {
        return match event.code {
            KeyCode::Char('c') => Some(Pressed::Key(Key::Interrupt)),
            KeyCode::Char('z') => Some(Pressed::Suspend),
            KeyCode::Char('l') => Some(Pressed::Redraw),
            // Terminals that send this for the backspace key.
            KeyCode::Char('h') => Some(Pressed::Key(Key::Backspace)),
            _ => None,
        };
    }
    if event.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    let key = match event.code {
        KeyCode::Char(char) => Key::Char(char),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        _ => return None,
    };
    Some(Pressed::Key(key))
}
