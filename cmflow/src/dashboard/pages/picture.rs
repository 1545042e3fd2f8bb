//! The picture of the site as SVG: a column for each tier, lines that go around the boxes between.

use std::collections::{BTreeMap, HashMap};

use maud::{Markup, html};

use super::cells::sign;
use crate::dashboard::Cast;
use crate::dashboard::asked::{Asked, View};
use crate::dashboard::cast::Tier;
use crate::dashboard::groups::UNKNOWN;
use crate::dashboard::map::{Edge, Kind, Node, SiteMap};
use crate::dashboard::quantity::{bits, count, many};

const WIDTH: f64 = 186.0;
const HEIGHT: f64 = 48.0;
/// Between columns, and between boxes of one.
const ACROSS: f64 = 124.0;
const BETWEEN: f64 = 30.0;
const MARGIN: f64 = 14.0;
/// Room for the tiers' names.
const HEAD: f64 = 34.0;
/// Lines that meet a box at one side stand so far apart, where there is room.
const STEP: f64 = 9.0;
/// Lines with a rate written at them.
const LABELS: usize = 16;
/// Letters of a name that fit.
const LETTERS: usize = 22;

/// Where a box is.
#[derive(Clone, Copy, Debug)]
struct Place {
    column: usize,
    x: f64,
    y: f64,
}

impl Place {
    fn middle(self) -> f64 {
        self.y + HEIGHT / 2.0
    }
}

/// A side of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Left,
    Right,
}

/// The boxes in their columns.
struct Plan<'a> {
    columns: Vec<(Tier, Vec<&'a Node>)>,
    places: HashMap<&'a str, Place>,
    width: f64,
    height: f64,
}

impl<'a> Plan<'a> {
    fn of(map: &'a SiteMap, cast: &Cast) -> Self {
        let mut columns: Vec<(Tier, Vec<&Node>)> = Vec::new();
        for tier in Tier::ALL {
            let nodes: Vec<&Node> = map.nodes.iter().filter(|node| node.tier == tier).collect();
            if !nodes.is_empty() {
                columns.push((tier, nodes));
            }
        }
        untangle(&mut columns, cast);
        let tall = |nodes: usize| nodes as f64 * (HEIGHT + BETWEEN) - BETWEEN;
        let most = columns.iter().map(|(_, nodes)| nodes.len()).max().unwrap_or(1);
        let height = HEAD + tall(most) + MARGIN * 2.0;
        let mut places = HashMap::new();
        for (column, (_, nodes)) in columns.iter().enumerate() {
            let top = HEAD + MARGIN + (tall(most) - tall(nodes.len())) / 2.0;
            for (row, node) in nodes.iter().enumerate() {
                let place = Place {
                    column,
                    x: MARGIN * 2.0 + column as f64 * (WIDTH + ACROSS),
                    y: top + row as f64 * (HEIGHT + BETWEEN),
                };
                places.insert(node.id.as_str(), place);
            }
        }
        let width = MARGIN * 4.0 + columns.len() as f64 * (WIDTH + ACROSS) - ACROSS;
        Self {
            columns,
            places,
            width,
            height,
        }
    }

    /// The middle between two boxes of a column, or above or below all, that is nearest to a height.
    fn gap(&self, column: usize, wanted: f64) -> f64 {
        let nodes = &self.columns[column].1;
        let tops: Vec<f64> = nodes.iter().map(|node| self.places[node.id.as_str()].y).collect();
        let first = tops.first().copied().unwrap_or(HEAD);
        let last = tops.last().copied().unwrap_or(HEAD);
        let mut gaps = vec![first - BETWEEN / 2.0, last + HEIGHT + BETWEEN / 2.0];
        gaps.extend(tops.iter().skip(1).map(|top| top - BETWEEN / 2.0));
        // Beyond the boxes any height is free.
        if wanted < gaps[0] || wanted > gaps[1] {
            return wanted;
        }
        gaps.into_iter()
            .min_by(|a, b| (a - wanted).abs().total_cmp(&(b - wanted).abs()))
            .unwrap_or(wanted)
    }
}

/// Orders the boxes of each column by what they may talk to: by rules, not by traffic, so that the picture stands still.
fn untangle(columns: &mut [(Tier, Vec<&Node>)], cast: &Cast) {
    const SWEEPS: usize = 4;
    for _ in 0..SWEEPS {
        let heights: HashMap<&str, f64> = columns
            .iter()
            .flat_map(|(_, nodes)| {
                let middle = nodes.len() as f64 / 2.0;
                let rows = nodes.iter().enumerate();
                rows.map(move |(row, node)| (node.id.as_str(), row as f64 + 0.5 - middle))
            })
            .collect();
        for (_, nodes) in columns.iter_mut() {
            let pull: HashMap<&str, f64> = nodes
                .iter()
                .map(|node| {
                    let others = cast.ways.iter().filter_map(|way| {
                        let other = match node.id.as_str() {
                            id if id == way.from => &way.to,
                            id if id == way.to => &way.from,
                            _ => return None,
                        };
                        heights.get(other.as_str()).copied()
                    });
                    let others: Vec<f64> = others.collect();
                    let pull = match others.len() {
                        0 => heights[node.id.as_str()],
                        number => others.iter().sum::<f64>() / number as f64,
                    };
                    (node.id.as_str(), pull)
                })
                .collect();
            nodes.sort_by(|a, b| {
                pull[a.id.as_str()]
                    .total_cmp(&pull[b.id.as_str()])
                    .then(a.name.cmp(&b.name))
            });
        }
    }
}

/// An edge and the sides of the boxes that it meets.
struct Line<'a> {
    edge: &'a Edge,
    ends: [(&'a str, Side); 2],
    at: [f64; 2],
}

/// Where a line that meets a box comes from, its number, and which of its ends it is.
type Meeting = (f64, usize, usize);

/// Which sides of two boxes a line joins: those that face each other; in one column the right ones.
fn sides(from: Place, to: Place) -> [Side; 2] {
    match from.column.cmp(&to.column) {
        std::cmp::Ordering::Less => [Side::Right, Side::Left],
        std::cmp::Ordering::Greater => [Side::Left, Side::Right],
        std::cmp::Ordering::Equal if from.column == 0 => [Side::Left, Side::Left],
        std::cmp::Ordering::Equal => [Side::Right, Side::Right],
    }
}

fn lines<'a>(map: &'a SiteMap, plan: &Plan<'a>) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for edge in &map.edges {
        let (Some(from), Some(to)) = (
            plan.places.get(edge.from.as_str()),
            plan.places.get(edge.to.as_str()),
        ) else {
            continue;
        };
        let [start, end] = sides(*from, *to);
        lines.push(Line {
            edge,
            ends: [(&edge.from, start), (&edge.to, end)],
            at: [0.0; 2],
        });
    }
    // At each side of a box lines are ordered by where they come from, so that they do not cross there.
    let mut meets: BTreeMap<(&str, Side), Vec<Meeting>> = BTreeMap::new();
    for (number, line) in lines.iter().enumerate() {
        for end in [0, 1] {
            let other = plan.places[line.ends[1 - end].0].middle();
            meets
                .entry(line.ends[end])
                .or_default()
                .push((other, number, end));
        }
    }
    for ((id, _), mut ends) in meets {
        ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let step = STEP.min((HEIGHT - 10.0) / ends.len() as f64);
        let top = plan.places[id].middle() - step * (ends.len() - 1) as f64 / 2.0;
        for (place, (_, number, end)) in ends.into_iter().enumerate() {
            lines[number].at[end] = top + step * place as f64;
        }
    }
    // What worries is drawn last, over the others.
    lines.sort_by_key(|line| line.edge.kind);
    lines
}

/// A curve: its ends, and the points that pull it.
type Curve = [(f64, f64); 4];

/// Where a curve is after a share of its way.
fn on(curve: Curve, share: f64) -> (f64, f64) {
    let rest = 1.0 - share;
    let weights = [
        rest.powi(3),
        3.0 * rest * rest * share,
        3.0 * rest * share * share,
        share.powi(3),
    ];
    let sum = |of: fn(&(f64, f64)) -> f64| {
        curve
            .iter()
            .zip(weights)
            .map(|(point, weight)| of(point) * weight)
            .sum()
    };
    (sum(|point| point.0), sum(|point| point.1))
}

/// The path of a line, and the last curve of it.
fn path(line: &Line<'_>, plan: &Plan<'_>, lane: f64) -> (String, Curve) {
    let [from, to] = line.ends.map(|(id, _)| plan.places[id]);
    let x = |place: Place, side: Side, clear: f64| match side {
        Side::Left => place.x - clear,
        Side::Right => place.x + WIDTH + clear,
    };
    let start = (x(from, line.ends[0].1, 0.0), line.at[0]);
    // The arrow's head stands outside the box.
    let end = (x(to, line.ends[1].1, 5.0), line.at[1]);
    if from.column == to.column {
        let out = if line.ends[0].1 == Side::Left { -1.0 } else { 1.0 };
        let far = out * (22.0 + (line.at[1] - line.at[0]).abs() * 0.16).min(ACROSS * 0.7);
        let path = format!(
            "M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
            start.0,
            start.1,
            start.0 + far,
            start.1,
            end.0 + far,
            end.1,
            end.0,
            end.1
        );
        return (path, [start, (start.0 + far, start.1), (end.0 + far, end.1), end]);
    }
    let forward = if to.column > from.column { 1.0 } else { -1.0 };
    // Through the gaps of the columns that lie between.
    let (low, high) = (from.column.min(to.column) + 1, from.column.max(to.column));
    let mut between: Vec<usize> = (low..high).collect();
    if forward < 0.0 {
        between.reverse();
    }
    let mut path = format!("M{:.1} {:.1}", start.0, start.1);
    let mut at = start;
    let columns = between.len() as f64 + 1.0;
    for (number, column) in between.into_iter().enumerate() {
        let share = (number as f64 + 1.0) / columns;
        let y = plan.gap(column, start.1 + (end.1 - start.1) * share) + lane;
        let left = MARGIN * 2.0 + column as f64 * (WIDTH + ACROSS);
        let (near, far) = if forward > 0.0 {
            (left - 6.0, left + WIDTH + 6.0)
        } else {
            (left + WIDTH + 6.0, left - 6.0)
        };
        bend(&mut path, at, (near, y), forward);
        path.push_str(&format!("L{far:.1} {y:.1}"));
        at = (far, y);
    }
    let last = bend(&mut path, at, end, forward);
    (path, last)
}

fn bend(path: &mut String, from: (f64, f64), to: (f64, f64), forward: f64) -> Curve {
    let reach = forward * ((to.0 - from.0).abs() * 0.5).max(24.0);
    path.push_str(&format!(
        "C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
        from.0 + reach,
        from.1,
        to.0 - reach,
        to.1,
        to.0,
        to.1
    ));
    [from, (from.0 + reach, from.1), (to.0 - reach, to.1), to]
}

/// What is written at a line; nothing where there is nothing to say.
fn label(edge: &Edge) -> Option<String> {
    let mut words = Vec::new();
    if edge.kind.is_unexplained() {
        words.push(sign(edge.kind.name()).to_owned());
    }
    if edge.rate.bytes > 0.0 {
        words.push(bits(edge.rate));
    }
    if edge.blocked > 0 {
        words.push(format!("✕{}", count(edge.blocked)));
    }
    (!words.is_empty()).then(|| words.join(" "))
}

/// Height of a label.
const HIGH: f64 = 13.0;
/// Width of a letter of it, at most.
const LETTER: f64 = 6.6;

/// Places of a label of that width, half of it, by its middle, the best first.
fn spots(line: &Line<'_>, curve: Curve, plan: &Plan<'_>, half: f64) -> Vec<(f64, f64)> {
    let [from, to] = line.ends.map(|(id, _)| plan.places[id]);
    let along = [0.5, 0.38, 0.62, 0.28, 0.72].map(|share| on(curve, share));
    if from.column != to.column {
        return along.to_vec();
    }
    // A line that leaves a column and comes back to it has little room beside the boxes: above or below them, where it
    // begins, there is some.
    let x = match line.ends[0].1 {
        Side::Left => from.x + half,
        Side::Right => from.x + WIDTH - half,
    };
    let (top, bottom) = (from.y.min(to.y), from.y.max(to.y) + HEIGHT);
    vec![(x, top - HIGH), (x, bottom + HIGH), along[0]]
}

/// Labels and their places, in the order of the lines: what worries first, then what carries most, as long as none lies
/// over another, over a box or beyond the picture.
fn labels(lines: &[Line<'_>], drawn: &[(String, Curve)], plan: &Plan<'_>) -> Vec<Option<(f64, f64, String)>> {
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by(|a, b| {
        let rate = |place: usize| lines[place].edge.rate.bytes;
        let worry = |place: usize| lines[place].edge.kind.is_unexplained() || lines[place].edge.blocked > 0;
        worry(*b).cmp(&worry(*a)).then(rate(*b).total_cmp(&rate(*a)))
    });
    let mut taken: Vec<(f64, f64, f64)> = Vec::new();
    let mut placed: Vec<Option<(f64, f64, String)>> = vec![None; lines.len()];
    for place in order.into_iter().take(LABELS) {
        let Some(text) = label(lines[place].edge) else {
            continue;
        };
        let half = text.chars().count() as f64 * LETTER / 2.0;
        let spots = spots(&lines[place], drawn[place].1, plan, half);
        let free = spots.into_iter().find(|(x, y)| {
            let apart = |(other_x, other_y, other_half): &(f64, f64, f64)| {
                (x - other_x).abs() > half + other_half || (y - other_y).abs() > HIGH
            };
            let beside = |known: &Place| {
                (x - known.x - WIDTH / 2.0).abs() > half + WIDTH / 2.0
                    || (y - known.middle()).abs() > (HIGH + HEIGHT) / 2.0
            };
            x - half >= 0.0
                && x + half <= plan.width
                && y + HIGH / 2.0 <= plan.height
                && plan.places.values().all(beside)
                && taken.iter().all(apart)
        });
        if let Some((x, y)) = free {
            taken.push((x, y, half));
            placed[place] = Some((x, y, text));
        }
    }
    placed
}

/// Width of a line, by the logarithm of its rate.
fn width(edge: &Edge) -> f64 {
    (1.3 + 0.42 * (edge.rate.bytes * 8.0 / 1000.0).ln_1p()).min(6.0)
}

/// What leads from an edge to what is behind it: its rules, or the groups that nothing explains.
pub(super) fn behind(edge: &Edge) -> Asked {
    /// Rules that an address names one by one.
    const NAMED: usize = 12;
    if edge.kind.is_unexplained() {
        let verdict = (edge.kind == Kind::Reversed).then_some("reversed");
        return Asked::view(View::Unexplained)
            .with("from", Some(&edge.from))
            .with("to", Some(&edge.to))
            .with("verdict", verdict);
    }
    if edge.by.is_empty() {
        return Asked::view(View::Flows)
            .with("verdict", Some(edge.kind.name()))
            .with("role", known(&edge.from));
    }
    if edge.by.len() > NAMED {
        return Asked::view(View::Rules)
            .with("from", known(&edge.from))
            .with("to", known(&edge.to));
    }
    Asked::view(View::Rules).and("rule", &edge.by)
}

fn known(role: &str) -> Option<&str> {
    (role != UNKNOWN).then_some(role)
}

/// An edge in a sentence.
pub(super) fn words(edge: &Edge, cast: &Cast) -> String {
    let name = |id: &str| match id {
        UNKNOWN => "computers not in the site file".to_owned(),
        id => cast.role_name(id).to_owned(),
    };
    let blocked = match edge.blocked {
        0 => String::new(),
        number => format!(", {} not answered or refused", many(number, "flow", "flows")),
    };
    format!(
        "{} to {}: {}, {}, {}{blocked}. {}",
        name(&edge.from),
        name(&edge.to),
        edge.kind.words(),
        bits(edge.rate),
        many(edge.tally.flows, "flow", "flows"),
        edge.by.iter().take(6).cloned().collect::<Vec<_>>().join(", ")
    )
}

/// The picture.
pub(super) fn picture(map: &SiteMap, cast: &Cast) -> Markup {
    let plan = Plan::of(map, cast);
    let lines = lines(map, &plan);
    let drawn: Vec<(String, Curve)> = lines
        .iter()
        .enumerate()
        .map(|(number, line)| path(line, &plan, (number % 5) as f64 * 4.0 - 8.0))
        .collect();
    let labels = labels(&lines, &drawn, &plan);
    html! {
        svg.map viewBox=(format!("0 0 {:.0} {:.0}", plan.width, plan.height)) width=(format!("{:.0}", plan.width)) height=(format!("{:.0}", plan.height)) role="group" aria-label="Site map: roles, and what flows between them. The table below says the same." {
            defs {
                @for kind in Kind::ALL {
                    marker id=(format!("head-{}", kind.name())) viewBox="0 0 8 8" refX="3" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto" {
                        path.(format!("f-{}", kind.name())) d="M0 0L8 4L0 8z" {}
                    }
                }
            }
            @for (column, (tier, _)) in plan.columns.iter().enumerate() {
                text.tier x=(format!("{:.0}", MARGIN * 2.0 + column as f64 * (WIDTH + ACROSS) + WIDTH / 2.0)) y="20" text-anchor="middle" { (tier.name()) }
            }
            @for (line, (d, _)) in lines.iter().zip(&drawn) {
                @let edge = line.edge;
                a.link href=(behind(edge).href()) aria-label=(words(edge, cast)) data-key=(format!("{} {} {}", edge.from, edge.to, edge.kind.is_unexplained())) {
                    title { (words(edge, cast)) }
                    path.hit d=(d) {}
                    path.edge.(format!("e-{}", edge.kind.name())) d=(d) stroke-width=(format!("{:.1}", width(edge))) marker-end=(format!("url(#head-{})", edge.kind.name())) {}
                }
            }
            @for (line, label) in lines.iter().zip(&labels) {
                @if let Some((x, y, text)) = label {
                    text.rate.(format!("t-{}", line.edge.kind.name())) x=(format!("{x:.0}")) y=(format!("{:.0}", y + 4.0)) text-anchor="middle" { (text) }
                }
            }
            @for (_, nodes) in &plan.columns {
                @for node in nodes {
                    (shown(node, plan.places[node.id.as_str()], cast))
                }
            }
        }
    }
}

fn shown(node: &Node, place: Place, cast: &Cast) -> Markup {
    let part = cast.parts.get(&node.id);
    let word = part.and_then(|part| part.by_word);
    let who = match (node.computers, node.some.as_slice()) {
        (0, _) if node.id == UNKNOWN => "strangers".to_owned(),
        (0, _) => word.unwrap_or("nobody").to_owned(),
        (1 | 2, some) => some.join(", "),
        (number, some) => format!("{} and {} more", some[0], number - 1),
    };
    let asked = Asked::view(View::Map).with("role", Some(&node.id));
    let title = format!("{}: {who}", node.name);
    html! {
        a.link.node href=(asked.href()) aria-label=(title) data-key=(format!("node {}", node.id)) {
            title { (title) }
            rect.box.(if node.id == UNKNOWN { "stranger" } else { "known" }) x=(format!("{:.0}", place.x)) y=(format!("{:.0}", place.y)) width=(format!("{WIDTH:.0}")) height=(format!("{HEIGHT:.0}")) rx="6" {}
            text.name x=(format!("{:.0}", place.x + WIDTH / 2.0)) y=(format!("{:.0}", place.y + 20.0)) text-anchor="middle" { (cut(&node.name, LETTERS)) }
            text.who x=(format!("{:.0}", place.x + WIDTH / 2.0)) y=(format!("{:.0}", place.y + 37.0)) text-anchor="middle" { (cut(&who, LETTERS + 4)) }
        }
    }
}

/// As much of a text as fits.
fn cut(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let kept: String = text.chars().take(letters - 1).collect();
    format!("{}…", kept.trim_end_matches([' ', ',']))
}
