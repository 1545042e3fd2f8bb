//! What hides ports, in one line.

use crate::answer::Opaque;

use super::asking::bytes;

/// The line; nothing where there is nothing to tell.
pub(super) fn told(opaque: &[Opaque]) -> Option<String> {
    let each: Vec<String> = opaque
        .iter()
        .map(|one| {
            let plural =
                |count: u64, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
            let (flows, packets) = (plural(one.flows, "flow"), plural(one.packets, "packet"));
            format!("{} {flows} ({packets}, {})", one.protocol, bytes(one.bytes))
        })
        .collect();
    (!each.is_empty()).then(|| format!("ports hidden by: {}", each.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_is_counted_apart() {
        let one = |protocol: &str, packets, flows| Opaque {
            protocol: protocol.to_owned(),
            packets,
            bytes: 2048,
            flows,
        };
        assert_eq!(told(&[]), None);
        assert_eq!(
            told(&[one("esp", 1, 1), one("vxlan", 20, 3)]).as_deref(),
            Some("ports hidden by: esp 1 flow (1 packet, 2.0 KiB), vxlan 3 flows (20 packets, 2.0 KiB)")
        );
    }
}
