//! TFTP with real sockets: the one protocol here whose answer comes from a port that nobody was told.

use std::net::{SocketAddr, UdpSocket};

use anyhow::{Context as _, Result, ensure};

use crate::office::Office;
use crate::traffic::ends;

/// Blocks of a transfer that arrives whole.
pub const BLOCKS: usize = 3;

/// A transfer as RFC 1350 has it: the answer comes from a port that nobody was told. How many of its
/// [`BLOCKS`] arrive.
///
/// # Errors
/// Where the request itself does not arrive, or something else than a block comes.
pub fn transfer(office: &Office, client: &str, server: &str) -> Result<usize> {
    let (from, asked) = ends(&format!("{client}:0"), &format!("{server}:69"))?;
    let asking = office.of(from)?.udp(from)?;
    let waiting = office.of(asked)?.udp(asked)?;
    asking.send_to(b"\0\x01boot.wim\0octet\0", asked)?;
    let mut heard = [0; 600];
    let (_, peer) = waiting.recv_from(&mut heard).context("the request arrives")?;
    let answering = office.of(asked)?.udp(SocketAddr::new(asked.ip(), 0))?;
    let mut arrived = 0;
    for block in 1..=u16::try_from(BLOCKS)? {
        let head = [&[0, 3][..], &block.to_be_bytes()].concat();
        answering.send_to(&[head.as_slice(), &[7; 512]].concat(), peer)?;
        let Ok((length, from)) = asking.recv_from(&mut heard) else {
            return Ok(arrived);
        };
        ensure!(length == 516 && from.port() != 69, "{length} bytes from {from}");
        asking.send_to(&[&[0, 4][..], &block.to_be_bytes()].concat(), from)?;
        acknowledged(&answering, block)?;
        arrived += 1;
    }
    Ok(arrived)
}

fn acknowledged(answering: &UdpSocket, block: u16) -> Result<()> {
    let mut heard = [0; 16];
    let (length, _) = answering.recv_from(&mut heard).context("an acknowledgement")?;
    ensure!(
        heard[..length] == [&[0, 4][..], &block.to_be_bytes()].concat(),
        "block {block}"
    );
    Ok(())
}
