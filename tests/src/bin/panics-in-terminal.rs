//! Takes the terminal as `cmflow top` does, and panics: in a thread beside it where an argument says so.

use cmflow::top::terminal::Guard;

fn main() -> std::io::Result<()> {
    let guard = Guard::take()?;
    let mut screen = guard.screen()?;
    screen.draw(|frame| frame.render_widget("taken", frame.area()))?;
    // Whoever holds the lock of the standard output must not keep the terminal from being given back.
    let _lock = std::io::stdout().lock();
    if std::env::args().nth(1).as_deref() == Some("beside") {
        let beside = std::thread::spawn(|| panic!("on purpose"));
        let ended = beside.join();
        assert!(ended.is_err() && !guard.holds());
        return Ok(());
    }
    panic!("on purpose");
}
