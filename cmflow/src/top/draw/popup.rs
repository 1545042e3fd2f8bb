//! What lies over a tab, in a frame.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::symbols::border;
use ratatui::widgets::{Block, Clear, Widget as _};

use super::fold::folded;
use super::look::{Look, Tone};
use crate::answer::Flow;
use crate::top::rows::{conversations, service};
use crate::top::state::Popup;
use crate::top::units;

/// What a terminal of every age can show.
const ASCII: border::Set<'_> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// No line of text is easier to read for being longer.
const WIDEST: u16 = 104;

const HELP: &str = "\
1-5, Tab, Shift-Tab   tabs
arrows, PgUp, PgDn    select; Home, End
Left, Right           columns of the matrix
Enter                 all that is known of the row
s, S                  next order, turned round
/                     filter; empty shows all
v                     one verdict after the other
p                     pause this tab, or go on
Esc                   back: filter, verdict, then end
q, ctrl-c             end; ctrl-z stops, fg goes on
?, h                  this

Filter: words that all have to fit: a role, an address or its beginning, a rule or its beginning, a verdict, \
tcp/443, a state. Flows: several roles (addresses, rules, verdicts) mean one of them.

!  nothing explains it    +  new since the last answer    *  both    ?  one end is not known
=  all explained (matrix)    .  nothing now    -  not known yet
->  seen to open it    ~>  inferred

Counted at ingress, before this gateway's own firewall. In the matrix, a packet that several rules explain counts for \
each of them; rules of your own are in no cell. Times are UTC. kB is 1000 bytes.";

/// Draws it over an area; what is scrolled too far comes back.
pub fn draw(buffer: &mut Buffer, area: Rect, popup: &mut Popup, look: Look) {
    let width = area.width.min(WIDEST);
    let inside = usize::from(width.saturating_sub(4));
    if inside < 8 || area.height < 4 {
        return;
    }
    let (title, lines) = told(popup);
    let lines: Vec<String> = lines.iter().flat_map(|line| folded(line, inside, 0)).collect();
    let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let height = wanted.min(area.height);
    let frame = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    let seen = usize::from(height - 2);
    let scrolled = popup.scrolled_mut();
    *scrolled = (*scrolled).min(lines.len().saturating_sub(seen));
    let below = lines.len().saturating_sub(*scrolled + seen);
    let foot = match below {
        0 => " Enter or Esc closes ".to_owned(),
        below => format!(" {below} more lines below "),
    };
    let title: String = title.chars().take(inside).collect();
    Clear.render(frame, buffer);
    Block::bordered()
        .border_set(if look.unicode { border::PLAIN } else { ASCII })
        .title_top(format!(" {title} "))
        .title_bottom(foot)
        .render(frame, buffer);
    for (line, y) in lines.iter().skip(*scrolled).take(seen).zip(frame.y + 1..) {
        buffer.set_stringn(frame.x + 2, y, line, inside, look.style(Tone::Plain));
    }
}

fn told(popup: &Popup) -> (String, Vec<String>) {
    match popup {
        Popup::Help { .. } => ("Help".to_owned(), HELP.lines().map(str::to_owned).collect()),
        Popup::Flow { flow, said, .. } => ("Flow".to_owned(), of_flow(flow, said.as_deref())),
        Popup::Group { group, found, .. } => (
            format!("Unexplained: {}/{}", group.protocol, group.port),
            conversations(group, found.as_deref()),
        ),
        Popup::Lines { title, lines, .. } => (title.clone(), lines.clone()),
    }
}

fn of_flow(flow: &Flow, said: Option<&[String]>) -> Vec<String> {
    let end = |what: &str, end: &crate::answer::FlowEnd| {
        let roles = match end.roles.as_slice() {
            [] => "no role".to_owned(),
            roles => roles.join(", "),
        };
        format!("{what:11} {} port {}  {roles}", end.address, end.port)
    };
    let way = |what: &str, count: &crate::answer::Count| {
        format!(
            "{what:11} {} packets, {}",
            count.packets,
            units::bytes(count.bytes)
        )
    };
    let mut lines = vec![
        end("initiator", &flow.initiator),
        end("responder", &flow.responder),
        format!(
            "opened      {}",
            if flow.initiator_seen {
                "seen to be by the initiator"
            } else {
                "inferred, not seen"
            }
        ),
        format!("service     {}, {}", service(flow), flow.state),
        format!(
            "verdict     {}{}",
            flow.verdict,
            flow.basis
                .as_ref()
                .map(|basis| format!(", by {basis}"))
                .unwrap_or_default()
        ),
    ];
    lines.extend(flow.rules.iter().map(|rule| format!("rule        {rule}")));
    if !flow.conditions.is_empty() {
        lines.push(format!("only if     {}", flow.conditions.join(" or ")));
    }
    lines.push(way("forward", &flow.forward));
    lines.push(way("reverse", &flow.reverse));
    lines.push(format!(
        "seen        {} to {} UTC",
        units::time(flow.first_seen),
        units::time(flow.last_seen)
    ));
    lines.push(String::new());
    match said {
        None => lines.push("asking cmflow explain".to_owned()),
        Some(said) => {
            lines.push("cmflow explain:".to_owned());
            lines.push(String::new());
            lines.extend(said.iter().cloned());
        }
    }
    lines
}
