//! How well what is drawn stands out from what it is drawn on.

use anyhow::Result;
use serde::Deserialize;

use super::Browser;

/// Something that is hard to see.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Faint {
    /// Its words, or which line it is.
    pub what: String,
    /// How much lighter one is than the other, as the guidelines count it.
    pub ratio: f64,
    /// How much it has to be.
    pub least: f64,
    /// Colour of the words or the line.
    pub colour: String,
    /// Colour behind them.
    pub behind: String,
}

impl Browser<'_> {
    /// Words and lines of the page that stand out less than people with weak eyes need: WCAG 2.2, 1.4.3 (words: 4.5, large
    /// ones 3) and 1.4.11 (lines of pictures: 3). What cannot be seen at all is left out.
    ///
    /// # Errors
    /// Where the page is gone.
    pub fn faint(&self) -> Result<Vec<Faint>> {
        Ok(serde_json::from_value(self.run(FAINT)?)?)
    }
}

const FAINT: &str = r#"
const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
const read = new Map();
function rgba(colour) {
    if (!read.has(colour)) {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        read.set(colour, [r, g, b, a / 255]);
    }
    return read.get(colour);
}
const over = ([r, g, b, a], under) => [r, g, b].map((c, i) => c * a + under[i] * (1 - a));
function light(rgb) {
    const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function ratio(one, other) {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
}
function opacity(element) {
    let all = 1;
    for (let at = element; at; at = at.parentElement) all *= Number(getComputedStyle(at).opacity);
    return all;
}
// What lies behind, from the page itself up; a box of a picture is drawn beside its words, not around them.
function ground(element) {
    const layers = [];
    const box = element.closest('svg a')?.querySelector('rect.box');
    if (box && box !== element) layers.push(rgba(getComputedStyle(box).fill));
    for (let at = element; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
}
const written = ([r, g, b]) => `rgb(${[r, g, b].map(Math.round).join(' ')})`;
const faint = [];
function check(what, element, colour, least) {
    const behind = ground(element);
    const [r, g, b, a] = rgba(colour);
    const seen = over([r, g, b, a * opacity(element)], behind);
    const found = ratio(seen, behind);
    if (found < least) faint.push({ what, ratio: found, least, colour: written(seen), behind: written(behind) });
}
const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (words.nextNode()) {
    const element = words.currentNode.parentElement;
    const text = words.currentNode.nodeValue.trim();
    if (!text || ['SCRIPT', 'STYLE', 'NOSCRIPT', 'TITLE', 'title', 'OPTION'].includes(element.tagName)) continue;
    const { width, height } = element.getBoundingClientRect();
    if (width < 2 || height < 2 || !element.checkVisibility({ visibilityProperty: true })) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    check(text.slice(0, 40), element, element.closest('svg') ? style.fill : style.color, large ? 3 : 4.5);
}
for (const line of document.querySelectorAll('svg path.edge')) {
    check(`line ${line.getAttribute('class')}`, line, getComputedStyle(line).stroke, 3);
}
return faint;
"#;
