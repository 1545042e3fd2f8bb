//! What hides the ports of a flow, by name.

use std::borrow::Cow;

use cmflow_common::packet::protocol;

use super::Flow;
use crate::answer::protocol_name;
use crate::compile::HIDING_UDP;

/// Name of what hides the ports of a flow of that protocol between those ports.
#[must_use]
pub fn hidden_by(number: u8, [initiator, responder]: [u16; 2]) -> Cow<'static, str> {
    if number != protocol::UDP {
        return protocol_name(number).into();
    }
    let named = |port: u16| HIDING_UDP.iter().find(|(hiding, _)| *hiding == port);
    match named(responder).or_else(|| named(initiator)) {
        Some((_, name)) => Cow::Borrowed(name),
        None => protocol_name(number).into(),
    }
}

/// The same of a flow.
#[must_use]
pub fn hides(flow: &Flow) -> Cow<'static, str> {
    hidden_by(flow.key.protocol(), [flow.initiator.port, flow.responder.port])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_ports_has_a_name() {
        for (number, ports, name) in [
            (50, [0, 0], "esp"),
            (51, [0, 0], "ah"),
            (47, [0, 0], "gre"),
            (4, [0, 0], "ipip"),
            (41, [0, 0], "6in4"),
            (200, [0, 0], "ip-200"),
            (protocol::FRAGMENT, [6, 6], "fragment"),
            (protocol::UDP, [500, 500], "ike"),
            (protocol::UDP, [40_000, 500], "ike"),
            (protocol::UDP, [4500, 4500], "ike-nat-t"),
            (protocol::UDP, [500, 4500], "ike-nat-t"),
            (protocol::UDP, [53_111, 4789], "vxlan"),
            (protocol::UDP, [53_111, 8472], "vxlan"),
            (protocol::UDP, [53_111, 6081], "geneve"),
            (protocol::UDP, [1701, 1701], "l2tp"),
        ] {
            assert_eq!(hidden_by(number, ports), name, "{number} {ports:?}");
        }
    }
}
