//! What the parts of a packet's path cost: programs that end after each of them.

use anyhow::Result;
use cmflow::kernel::{Constants, Hook, Part, Program};

use super::asked::Asked;
use super::figure::Figure;
use super::known::{few, packet};
use super::rounds::rounds;
use super::tables;

/// Each over the no-op program, and the whole path last.
pub fn measure(asked: &Asked) -> Result<Vec<Figure>> {
    let rig = few(&tables::small())?;
    let mut noop = Program::load_noop(&rig.maps)?;
    let mut whole = Program::load(&rig.maps, Hook::Native, &Constants::default())?;
    let frame = packet().build();
    // The flow has to be known.
    whole.test_run(&frame, 2)?;
    let mut figures = Vec::new();
    for part in Part::ALL {
        let mut program = Program::load_part(&rig.maps, part)?;
        let cost = rounds(asked, &mut noop, &mut program, &frame, asked.repeat, || {})?;
        let name = part.program().replace('_', "-");
        figures.push(cost.figure(name));
    }
    let cost = rounds(asked, &mut noop, &mut whole, &frame, asked.repeat, || {})?;
    figures.push(cost.figure("part-all"));
    Ok(figures)
}
