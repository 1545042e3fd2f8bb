//! A table of packets: what each is, its bytes, and what must come of it, asked of the path in ordinary memory
//! and of the kernel program at the XDP and the traffic-control hook. The kernel has no test run of a frame
//! shorter than an Ethernet header: those are asked of memory alone.

use cmflow::kernel::{Constants, Hook};
use cmflow_common::memory::MemoryTables;
use cmflow_common::outcome::Outcome::{self, *};
use cmflow_common::verdict::VerdictId;
use cmflow_common::verdict::VerdictKind::{self, *};
use cmflow_tests::frames::{Frame, eth, raw};
use cmflow_tests::kernel_rig::{KernelRig, Looker};
use cmflow_tests::sightings::{Counted, Written, written_state};
use cmflow_tests::slice_rig::SliceRig;
use cmflow_tests::small_site::{
    CLIENT, CLIENT_V6, MANAGEMENT_POINT as MP, MANAGEMENT_POINT_V6 as MP_V6, SQL, SQL_V6, STRANGER,
    STRANGER_V6, kind, tables,
};

/// Slots of the flow tables; one frame at a time needs no more.
const FLOW_BITS: u32 = 4;
/// A router on the way, which the tables do not know.
const ROUTER: &str = "10.99.0.1";
const ROUTER_V6: &str = "fd99::1";

/// One row: what it is, its bytes, what must come of it.
type Row = (&'static str, Frame, Expected);

#[derive(Clone)]
enum Expected {
    /// A named reason why it is no packet of a flow.
    Other(Outcome),
    /// The flow as [`Written`] has it, its verdict, its state as [`written_state`] has it.
    Flow(&'static str, VerdictKind, &'static str),
}
use Expected::{Flow as Is, Other as No};

/// From the client to the management point and back.
fn ask() -> Frame {
    eth().ipv4(CLIENT, MP)
}
fn answer() -> Frame {
    eth().ipv4(MP, CLIENT)
}
fn ask6() -> Frame {
    eth().ipv6(CLIENT_V6, MP_V6)
}
fn answer6() -> Frame {
    eth().ipv6(MP_V6, CLIENT_V6)
}
/// An error that a router sends to the client, and what errors quote: the client's packets without Ethernet.
fn error(kind: u8, code: u8) -> Frame {
    eth().ipv4(ROUTER, CLIENT).icmp(kind, code)
}
fn error6(kind: u8, code: u8) -> Frame {
    eth().ipv6(ROUTER_V6, CLIENT_V6).icmp6(kind, code)
}
fn sent() -> Frame {
    raw().ipv4(CLIENT, MP)
}
fn sent6() -> Frame {
    raw().ipv6(CLIENT_V6, MP_V6)
}

#[rustfmt::skip]
fn link_rows() -> Vec<Row> {
    let https = |frame: Frame| frame.ipv4(CLIENT, MP).tcp(50000, 443).syn();
    let opened = || Is("tcp 10.10.0.5:50000 -> 10.20.0.11:443", Documented, "> syn");
    vec![
        ("nothing at all", raw(), No(TruncatedEthernet)),
        ("an Ethernet header cut before its type", eth().cut(12), No(TruncatedEthernet)),
        ("an Ethernet header cut inside its type", eth().cut(13), No(TruncatedEthernet)),
        ("an Ethernet header and no more", eth().ethertype(0x0800, &[]), No(TruncatedIp)),
        ("ARP", eth().arp().padded(), No(Arp)),
        ("ARP in a VLAN", eth().vlan(10).arp().padded(), No(Arp)),
        ("spanning tree", eth().llc().padded(), No(Llc)),
        ("spanning tree in a VLAN", eth().vlan(10).llc().padded(), No(Llc)),
        ("the largest length that is no type", eth().ethertype(1500, &[0; 1500]), No(Llc)),
        ("neither a length nor a type", eth().ethertype(1501, &[0; 46]), No(OtherEthertype)),
        ("LLDP", eth().ethertype(0x88cc, &[2, 7, 4]).padded(), No(OtherEthertype)),
        ("EAPOL", eth().ethertype(0x888e, &[1, 1, 0, 0]).padded(), No(OtherEthertype)),
        ("MACsec, which hides what it carries", eth().ethertype(0x88e5, &[0; 46]), No(OtherEthertype)),
        ("PPPoE session", eth().pppoe().padded(), No(Pppoe)),
        ("PPPoE discovery", eth().ethertype(0x8863, &[0x11, 9]).padded(), No(Pppoe)),
        ("MPLS", eth().mpls().ipv4(CLIENT, MP).tcp(50000, 443), No(Mpls)),
        ("MPLS multicast", eth().ethertype(0x8848, &[0, 1, 1, 64]).padded(), No(Mpls)),
        ("one tag", https(eth().vlan(10)), opened()),
        ("a priority tag, which names no VLAN", https(eth().tag(0x8100, 0xe000)), opened()),
        ("a tag of 802.1ad alone", https(eth().service_vlan(100)), opened()),
        ("QinQ", https(eth().service_vlan(100).vlan(10)), opened()),
        ("QinQ with the older type", https(eth().tag(0x9100, 100).vlan(10)), opened()),
        ("three tags", https(eth().vlan(1).vlan(2).vlan(3)), opened()),
        ("four tags", https(eth().service_vlan(1).vlan(2).vlan(3).vlan(4)), opened()),
        ("five tags", https(eth().vlan(1).vlan(2).vlan(3).vlan(4).vlan(5)), No(TooManyTags)),
        ("a tag cut after its id", https(eth().vlan(10)).cut(16), No(TruncatedEthernet)),
        ("a tag that announces nothing", https(eth().vlan(10)).cut(18), No(TruncatedIp)),
        ("a second tag cut", https(eth().vlan(10).vlan(11)).cut(20), No(TruncatedEthernet)),
    ]
}

#[rustfmt::skip]
fn ipv4_rows() -> Vec<Row> {
    let opened = || Is("tcp 10.10.0.5:50000 -> 10.20.0.11:443", Documented, "> syn");
    let under_way = |state| Is("tcp 10.10.0.5:50000 ~> 10.20.0.11:443", Documented, state);
    vec![
        ("a SYN", ask().tcp(50000, 443).syn(), opened()),
        ("a SYN padded to 60 bytes carries nothing", ask().tcp(50000, 443).syn().padded(), opened()),
        ("an ACK padded to 60 bytes carries nothing", ask().tcp(50000, 443).ack().padded(), under_way(">")),
        ("one IPv4 option", ask().options(1).tcp(50000, 443).syn(), opened()),
        ("ten words of IPv4 options", ask().options(10).tcp(50000, 443).syn(), opened()),
        ("IPv4 options, and ports where no options would be", ask().options(2).tcp(1, 2).syn(),
            Is("tcp 10.10.0.5:1 -> 10.20.0.11:2", Undocumented, "> syn")),
        ("IPv4 options and padding", ask().options(1).tcp(50000, 443).ack().padded(), under_way(">")),
        ("do not fragment", ask().whole().tcp(50000, 443).syn(), opened()),
        ("a first fragment has the ports", ask().fragment(0, true).tcp(50000, 443).ack().payload(64), under_way("> >data")),
        ("a later fragment has none", ask().fragment(8, true).protocol(6).payload(64),
            Is("fragment 10.10.0.5:6 ~> 10.20.0.11:6", Opaque, ">")),
        ("the last fragment has none", ask().fragment(16, false).protocol(17).payload(5).padded(),
            Is("fragment 10.10.0.5:17 ~> 10.20.0.11:17", Opaque, ">")),
        ("a later fragment that looks like TCP", ask().fragment(1, false).tcp(50000, 443).syn(),
            Is("fragment 10.10.0.5:6 ~> 10.20.0.11:6", Opaque, ">")),
        ("a later fragment of IGMP", ask().fragment(1, false).protocol(2).payload(8),
            Is("fragment 10.10.0.5:2 ~> 10.20.0.11:2", Opaque, ">")),
        ("a first fragment too short for ports", ask().fragment(0, true).protocol(6).payload(8), No(TruncatedTransport)),
        ("version 5", ask().version_byte(0x55).tcp(50000, 443), No(MalformedIp)),
        ("IPv6 under IPv4's type", eth().ethertype(0x0800, &sent6().tcp(1, 2).build()), No(MalformedIp)),
        ("a header of four words", ask().header_words(4).tcp(50000, 443), No(MalformedIp)),
        ("a header of no words", ask().header_words(0).tcp(50000, 443), No(MalformedIp)),
        ("a header longer than its packet", ask().header_words(15).tcp(50000, 443), No(MalformedIp)),
        ("a total length below the header's", ask().length(19).tcp(50000, 443), No(MalformedIp)),
        ("a total length of 0, as offloading leaves it", ask().length(0).tcp(50000, 443).ack().payload(9), under_way("> >data")),
        ("a header cut", ask().tcp(50000, 443).cut(33), No(TruncatedIp)),
        ("a header without anything behind it", ask().tcp(50000, 443).cut(34), No(TruncatedTransport)),
        ("options cut", ask().options(10).tcp(50000, 443).cut(50), No(TruncatedTransport)),
        ("padding is not a port: TCP", ask().protocol(6).padded(), No(TruncatedTransport)),
        ("padding is not a port: UDP", ask().protocol(17).payload(4).padded(), No(TruncatedTransport)),
        ("padding is not a type: ICMP", ask().protocol(1).padded(), No(TruncatedTransport)),
        ("padding is no authentication header", ask().protocol(51).padded(), No(TruncatedIp)),
        ("a total length that ends inside the TCP header", ask().length(39).tcp(50000, 443), No(TruncatedTransport)),
        ("IGMP", eth().ipv4(CLIENT, "224.0.0.22").options(1).protocol(2).payload(8).padded(), No(GroupMembership)),
        ("ports behind an authentication header", ask().authentication(3).tcp(50000, 443).syn(), opened()),
        ("an authentication header with a long check", ask().authentication(64).tcp(50000, 443).syn(), opened()),
        ("an authentication header cut", ask().authentication(3).tcp(50000, 443).cut(35), No(TruncatedIp)),
        ("an authentication header before ESP", ask().authentication(3).esp(),
            Is("50 10.10.0.5:0 ~> 10.20.0.11:0", Opaque, ">")),
        ("ESP hides its ports", ask().esp().payload(40), Is("50 10.10.0.5:0 ~> 10.20.0.11:0", Opaque, ">")),
        ("GRE is not looked into", ask().gre().ipv4(CLIENT, MP).tcp(50000, 443).syn(),
            Is("47 10.10.0.5:0 ~> 10.20.0.11:0", Opaque, ">")),
        ("IPv4 in IPv4 is not looked into", ask().ipv4(SQL, MP).tcp(50000, 443).syn(),
            Is("4 10.10.0.5:0 ~> 10.20.0.11:0", Opaque, ">")),
        ("a protocol with nothing in it", ask().protocol(200), Is("200 10.10.0.5:0 ~> 10.20.0.11:0", Opaque, ">")),
        ("the same address on both ends", eth().ipv4(CLIENT, CLIENT).tcp(50000, 443).syn(),
            Is("tcp 10.10.0.5:50000 -> 10.10.0.5:443", Undocumented, "> syn")),
    ]
}

#[rustfmt::skip]
fn transport_rows() -> Vec<Row> {
    let under_way = |state| Is("tcp 10.10.0.5:50000 ~> 10.20.0.11:443", Documented, state);
    vec![
        ("TCP options", ask().tcp(50000, 443).tcp_options(10).syn(), Is("tcp 10.10.0.5:50000 -> 10.20.0.11:443", Documented, "> syn")),
        ("TCP options are no payload", ask().tcp(50000, 443).tcp_options(3).ack(), under_way(">")),
        ("one byte of TCP payload", ask().tcp(50000, 443).tcp_options(3).ack().payload(1), under_way("> >data")),
        ("a SYN that carries data", ask().tcp(50000, 443).syn().payload(8), Is("tcp 10.10.0.5:50000 -> 10.20.0.11:443", Documented, "> syn >data")),
        ("a SYN-ACK names its receiver", answer().tcp(443, 50000).syn().ack(), Is("tcp 10.10.0.5:50000 -> 10.20.0.11:443", Documented, "< syn-ack")),
        ("data under way", ask().tcp(50000, 443).ack().payload(100), under_way("> >data")),
        ("an answer under way", answer().tcp(443, 50000).ack().payload(100), under_way("< <data")),
        ("a FIN", ask().tcp(50000, 443).ack().fin(), under_way("> >fin")),
        ("a FIN of the answering end", answer().tcp(443, 50000).ack().fin(), under_way("< <fin")),
        ("a RST", answer().tcp(443, 50000).rst(), under_way("< reset")),
        ("all flags", ask().tcp(50000, 443).syn().ack().fin().rst(), Is("tcp 10.20.0.11:443 -> 10.10.0.5:50000", Documented, "< syn-ack <fin reset")),
        ("a data offset of four words", ask().tcp(50000, 443).data_offset(4), No(MalformedTransport)),
        ("a data offset of no words", ask().tcp(50000, 443).data_offset(0), No(MalformedTransport)),
        ("a data offset behind the packet's end; the ports are there", ask().tcp(50000, 443).ack().data_offset(15), under_way(">")),
        ("TCP cut before its flags", ask().tcp(50000, 443).cut(34 + 13), No(TruncatedTransport)),
        ("TCP cut in its last byte", ask().tcp(50000, 443).cut(34 + 19), No(TruncatedTransport)),
        ("a capture that kept the TCP header only", ask().tcp(50000, 443).ack().payload(500).cut(54), under_way("> >data")),
        ("a rule that fits, but the wrong end opened it", answer().tcp(50000, 443).syn(), Is("tcp 10.20.0.11:50000 -> 10.10.0.5:443", Reversed, "> syn")),
        ("the same, but nobody saw who opened it", answer().tcp(50000, 443).ack(), Is("tcp 10.20.0.11:50000 ~> 10.10.0.5:443", Undocumented, ">")),
        ("a port that no rule has", ask().tcp(50000, 8080).syn(), Is("tcp 10.10.0.5:50000 -> 10.20.0.11:8080", Undocumented, "> syn")),
        ("a documented port between the wrong ends", eth().ipv4(CLIENT, SQL).tcp(50000, 1433).syn(), Is("tcp 10.10.0.5:50000 -> 10.30.0.7:1433", Undocumented, "> syn")),
        ("a documented port between the right ends", eth().ipv4(MP, SQL).tcp(50000, 1433).syn(), Is("tcp 10.20.0.11:50000 -> 10.30.0.7:1433", Documented, "> syn")),
        ("the user's own rule", eth().ipv4(MP, SQL).tcp(50000, 10000).syn(), Is("tcp 10.20.0.11:50000 -> 10.30.0.7:10000", Approved, "> syn")),
        ("a companion's rule", ask().udp(50000, 53).payload(30), Is("udp 10.10.0.5:50000 -> 10.20.0.11:53", Baseline, "> >data")),
        ("one end unknown, the other more than a client", eth().ipv4(STRANGER, MP).tcp(50000, 443).syn(), Is("tcp 192.0.2.77:50000 -> 10.20.0.11:443", Foreign, "> syn")),
        ("one end unknown", ask_stranger().tcp(50000, 443).syn(), Is("tcp 10.10.0.5:50000 -> 192.0.2.77:443", Foreign, "> syn")),
        ("neither end known", eth().ipv4(STRANGER, "198.51.100.1").tcp(50000, 443).syn(), Is("tcp 192.0.2.77:50000 -> 198.51.100.1:443", OutOfScope, "> syn")),
        ("the gateway's own address", eth().ipv4(CLIENT, "10.10.0.1").tcp(50000, 22).syn(), Is("tcp 10.10.0.5:50000 -> 10.10.0.1:22", Local, "> syn")),
        ("hidden ports to somebody unknown", ask_stranger().esp(), Is("50 10.10.0.5:0 ~> 192.0.2.77:0", Foreign, ">")),
        ("neither port documented: the lower one answers", answer().tcp(8080, 40000).ack(), Is("tcp 10.10.0.5:40000 ~> 10.20.0.11:8080", Undocumented, "<")),
        ("a fixed port goes before a dynamic one", answer().tcp(445, 50000).ack(), Is("tcp 10.10.0.5:50000 ~> 10.20.0.11:445", Undocumented, "<")),
        ("a dynamic port goes before none", answer().tcp(1000, 50000).ack(), Is("tcp 10.20.0.11:1000 ~> 10.10.0.5:50000", Documented, ">")),
        ("equal ports: the first sender asked", ask().tcp(8080, 8080).ack(), Is("tcp 10.10.0.5:8080 ~> 10.20.0.11:8080", Undocumented, ">")),
        ("UDP", answer().udp(50000, 9).payload(102), Is("udp 10.20.0.11:50000 -> 10.10.0.5:9", Documented, "> >data")),
        ("UDP without payload, padded", ask().udp(50000, 53).padded(), Is("udp 10.10.0.5:50000 -> 10.20.0.11:53", Baseline, ">")),
        ("a UDP length below its header's", ask().udp(50000, 53).length(7).payload(8), No(MalformedTransport)),
        ("a UDP length of 0", ask().udp(50000, 53).length(0).payload(8), Is("udp 10.10.0.5:50000 -> 10.20.0.11:53", Baseline, "> >data")),
        ("UDP cut", ask().udp(50000, 53).cut(34 + 7), No(TruncatedTransport)),
        ("a total length that ends inside the UDP header", ask().length(27).udp(50000, 53), No(TruncatedTransport)),
        ("IKE hides what follows", ask().udp(500, 500).payload(20), Is("udp 10.10.0.5:500 -> 10.20.0.11:500", Opaque, "> >data")),
        ("ESP in UDP", ask().udp(4500, 4500).payload(20), Is("udp 10.10.0.5:4500 -> 10.20.0.11:4500", Opaque, "> >data")),
        ("Wake on LAN by broadcast", eth().ipv4(MP, "255.255.255.255").udp(50000, 9).payload(102), Is("udp 10.20.0.11:50000 -> 255.255.255.255:9", Documented, "> >data no-answer-expected")),
        ("a local group", eth().ipv4(CLIENT, "224.0.0.251").udp(5353, 5353).payload(40), Is("udp 10.10.0.5:5353 -> 224.0.0.251:5353", Local, "> >data no-answer-expected")),
        ("a group that is routed", eth().ipv4(CLIENT, "239.1.2.3").udp(50000, 5000).payload(40), Is("udp 10.10.0.5:50000 -> 239.1.2.3:5000", Foreign, "> >data no-answer-expected")),
    ]
}

fn ask_stranger() -> Frame {
    eth().ipv4(CLIENT, STRANGER)
}

#[rustfmt::skip]
fn icmp_rows() -> Vec<Row> {
    let https = |state| Is("tcp 10.10.0.5:50000 ~> 10.20.0.11:443", Documented, state);
    let unusable = |state| Is("icmp 10.99.0.1:3 ~> 10.10.0.5:3", Foreign, state);
    let tcp = || sent().tcp(50000, 443);
    vec![
        ("an echo request names its sender", ask().icmp(8, 0).payload(56), Is("icmp 10.10.0.5:0 -> 10.20.0.11:0", Documented, ">")),
        ("an echo reply names its receiver", answer().icmp(0, 0).payload(56), Is("icmp 10.10.0.5:0 -> 10.20.0.11:0", Documented, "<")),
        ("an echo request the other way", answer().icmp(8, 0), Is("icmp 10.20.0.11:0 -> 10.10.0.5:0", Undocumented, ">")),
        ("a redirect is a packet of its own", error(5, 1).quoting(&tcp()), Is("icmp 10.99.0.1:5 ~> 10.10.0.5:5", Foreign, ">")),
        ("a type without a name", ask_stranger().icmp(200, 0), Is("icmp 10.10.0.5:200 ~> 192.0.2.77:200", Foreign, ">")),
        ("ICMP cut", ask().icmp(8, 0).cut(34 + 7), No(TruncatedTransport)),
        ("ICMP shorter than its header", ask().length(27).icmp(8, 0), No(TruncatedTransport)),
        ("unreachable, quoting TCP", error(3, 1).quoting(&tcp()), https("refused")),
        ("unreachable, quoting eight bytes of TCP", error(3, 3).quoting(&tcp().cut(28)), https("refused")),
        ("prohibited by a firewall", error(3, 13).quoting(&tcp()), https("refused")),
        ("fragmentation needed is no refusal", error(3, 4).quoting(&tcp()), https("")),
        ("time exceeded is no refusal", error(11, 0).quoting(&tcp()), https("")),
        ("a parameter problem is no refusal", error(12, 0).quoting(&tcp()), https("")),
        ("unreachable, quoting options", error(3, 1).quoting(&sent().options(3).tcp(50000, 443)), https("refused")),
        ("unreachable, quoting UDP", error(3, 3).quoting(&sent().udp(50000, 53)), Is("udp 10.10.0.5:50000 ~> 10.20.0.11:53", Baseline, "refused")),
        ("unreachable, quoting an echo request", error(3, 1).quoting(&sent().icmp(8, 0)), Is("icmp 10.10.0.5:0 ~> 10.20.0.11:0", Documented, "refused")),
        ("unreachable, quoting ICMP of which nothing is there", error(3, 1).quoting(&sent().icmp(8, 0).cut(20)), Is("icmp 10.10.0.5:0 ~> 10.20.0.11:0", Documented, "refused")),
        ("unreachable, quoting another type", error(3, 1).quoting(&raw().ipv4(CLIENT, STRANGER).icmp(13, 0)), Is("icmp 10.10.0.5:13 ~> 192.0.2.77:13", Foreign, "refused")),
        ("unreachable, quoting ESP", error(3, 2).quoting(&sent().esp()), Is("50 10.10.0.5:0 ~> 10.20.0.11:0", Opaque, "refused")),
        ("unreachable, quoting a later fragment", error(3, 1).quoting(&sent().fragment(5, false).protocol(17).payload(8)), Is("fragment 10.10.0.5:17 ~> 10.20.0.11:17", Opaque, "refused")),
        ("reassembly took too long, quoting a first fragment", error(11, 1).quoting(&sent().fragment(0, true).tcp(50000, 443)), https("")),
        ("a quote without its ports", error(3, 1).quoting(&tcp().cut(20)), Is("fragment 10.10.0.5:6 ~> 10.20.0.11:6", Opaque, "refused")),
        ("a quote cut in its ports", error(3, 1).quoting(&tcp().cut(23)), Is("fragment 10.10.0.5:6 ~> 10.20.0.11:6", Opaque, "refused")),
        ("a quote cut in its IP header", error(3, 1).quoting(&tcp().cut(19)), unusable(">")),
        ("no quote", error(3, 1), unusable(">")),
        ("padding is not a quote", error(3, 1).padded(), unusable(">")),
        ("a quote of somebody else's packet", error(3, 1).quoting(&raw().ipv4(SQL, MP).tcp(50000, 443)), unusable(">")),
        ("a quote of another version", error(3, 1).quoting(&sent6().tcp(50000, 443)), unusable(">")),
        ("a quote with a header too short", error(3, 1).quoting(&sent().header_words(4).tcp(50000, 443)), unusable(">")),
        ("an error of the answering end itself", answer().icmp(3, 3).quoting(&sent().udp(50000, 53)), Is("udp 10.10.0.5:50000 ~> 10.20.0.11:53", Baseline, "refused")),
    ]
}

#[rustfmt::skip]
fn ipv6_rows() -> Vec<Row> {
    let opened = || Is("tcp [fd10::5]:50000 -> [fd20::11]:443", Documented, "> syn");
    let https = |frame: Frame| frame.tcp(50000, 443).syn();
    vec![
        ("IPv6: a SYN", https(ask6()), opened()),
        ("IPv6: an answer", answer6().tcp(443, 50000).ack().payload(9), Is("tcp [fd10::5]:50000 ~> [fd20::11]:443", Documented, "< <data")),
        ("IPv6: UDP", ask6().udp(50000, 53).payload(30), Is("udp [fd10::5]:50000 -> [fd20::11]:53", Baseline, "> >data")),
        ("IPv6: the user's own rule", eth().ipv6(MP_V6, SQL_V6).tcp(50000, 10000).syn(), Is("tcp [fd20::11]:50000 -> [fd30::7]:10000", Approved, "> syn")),
        ("IPv6: one end unknown", eth().ipv6(STRANGER_V6, MP_V6).tcp(50000, 443).syn(), Is("tcp [2001:db8::77]:50000 -> [fd20::11]:443", Foreign, "> syn")),
        ("IPv6 in a VLAN", https(eth().vlan(10).ipv6(CLIENT_V6, MP_V6)), opened()),
        ("hop-by-hop options", https(ask6().hop_by_hop(1)), opened()),
        ("a routing header", https(ask6().routing(3)), opened()),
        ("destination options", https(ask6().destination_options(2)), opened()),
        ("ports behind an authentication header, IPv6", https(ask6().authentication(3)), opened()),
        ("mobility, host identity and shim6 headers", https(ask6().extension(135, 1).extension(139, 2).extension(140, 1)), opened()),
        ("six extension headers", https(ask6().hop_by_hop(1).destination_options(1).routing(1).fragment_header(0, true).authentication(3).destination_options(1)), opened()),
        ("seven extension headers", https(ask6().hop_by_hop(1).destination_options(1).routing(1).fragment_header(0, true).authentication(3).destination_options(1).destination_options(1)), No(TooManyExtensions)),
        ("headers of 1,022 bytes", https(ask6().destination_options(121)), opened()),
        ("headers of more than 1,024 bytes", https(ask6().destination_options(122)), No(TooManyExtensions)),
        ("headers of more than 1,024 bytes in all", https(ask6().destination_options(60).routing(62)), No(TooManyExtensions)),
        ("the longest extension header", https(ask6().hop_by_hop(256)), No(TooManyExtensions)),
        ("a first fragment has the ports, IPv6", ask6().fragment_header(0, true).tcp(50000, 443).ack().payload(64), Is("tcp [fd10::5]:50000 ~> [fd20::11]:443", Documented, "> >data")),
        ("an atomic fragment", https(ask6().fragment_header(0, false)), opened()),
        ("a later fragment has none, IPv6", ask6().fragment_header(8, true).tcp(50000, 443).syn(), Is("fragment [fd10::5]:6 ~> [fd20::11]:6", Opaque, ">")),
        ("a later fragment behind other headers", ask6().hop_by_hop(1).routing(1).fragment_header(1, false).udp(50000, 53), Is("fragment [fd10::5]:17 ~> [fd20::11]:17", Opaque, ">")),
        ("ESP hides its ports, IPv6", ask6().destination_options(1).esp(), Is("50 [fd10::5]:0 ~> [fd20::11]:0", Opaque, ">")),
        ("IPv4 in IPv6 is not looked into", ask6().ipv4(CLIENT, MP).tcp(50000, 443), Is("4 [fd10::5]:0 ~> [fd20::11]:0", Opaque, ">")),
        ("no next header", ask6(), Is("59 [fd10::5]:0 ~> [fd20::11]:0", Opaque, ">")),
        ("a payload length of 0, as jumbograms have it", ask6().length(0).hop_by_hop(1).tcp(50000, 443).ack().payload(9), Is("tcp [fd10::5]:50000 ~> [fd20::11]:443", Documented, "> >data")),
        ("a jumbogram's UDP has length 0 too", ask6().length(0).hop_by_hop(1).udp(50000, 53).length(0).payload(9), Is("udp [fd10::5]:50000 -> [fd20::11]:53", Baseline, "> >data")),
        ("IPv6: version 4", ask6().version_byte(0x45).tcp(50000, 443), No(MalformedIp)),
        ("IPv6: the header cut", https(ask6()).cut(14 + 39), No(TruncatedIp)),
        ("IPv6: nothing behind the header", https(ask6()).cut(14 + 40), No(TruncatedTransport)),
        ("an extension header cut", https(ask6().hop_by_hop(1)).cut(14 + 40 + 3), No(TruncatedIp)),
        ("an extension header behind the packet's end", https(ask6().length(4).hop_by_hop(1)), No(MalformedIp)),
        ("an extension header longer than its packet", https(ask6().length(16).destination_options(3)), No(TruncatedTransport)),
        ("a payload length that ends inside the TCP header", https(ask6().length(19)), No(TruncatedTransport)),
        ("IPv6: TCP cut in its last byte", https(ask6()).cut(14 + 40 + 19), No(TruncatedTransport)),
        ("IPv6: a data offset of four words", ask6().tcp(50000, 443).data_offset(4), No(MalformedTransport)),
        ("IPv6: a UDP length below its header's", ask6().udp(50000, 53).length(7), No(MalformedTransport)),
        ("IPv6: a local group", eth().ipv6(CLIENT_V6, "ff02::fb").udp(5353, 5353).payload(40), Is("udp [fd10::5]:5353 -> [ff02::fb]:5353", Local, "> >data no-answer-expected")),
    ]
}

#[rustfmt::skip]
fn icmp6_rows() -> Vec<Row> {
    let https = |state| Is("tcp [fd10::5]:50000 ~> [fd20::11]:443", Documented, state);
    let unusable = || Is("icmp6 [fd99::1]:1 ~> [fd10::5]:1", Foreign, ">");
    let tcp = || sent6().tcp(50000, 443);
    let near = || eth().ipv6("fe80::1", "ff02::1");
    vec![
        ("ICMPv6: an echo request", ask6().icmp6(128, 0).payload(56), Is("icmp6 [fd10::5]:0 -> [fd20::11]:0", Documented, ">")),
        ("ICMPv6: an echo reply", answer6().icmp6(129, 0).payload(56), Is("icmp6 [fd10::5]:0 -> [fd20::11]:0", Documented, "<")),
        ("router solicitation", near().icmp6(133, 0), No(NeighbourDiscovery)),
        ("router advertisement", near().icmp6(134, 0).payload(8), No(NeighbourDiscovery)),
        ("neighbour solicitation", near().icmp6(135, 0).payload(16), No(NeighbourDiscovery)),
        ("neighbour advertisement", near().icmp6(136, 0).payload(16), No(NeighbourDiscovery)),
        ("a redirect, IPv6", near().icmp6(137, 0).payload(32), No(NeighbourDiscovery)),
        ("inverse neighbour discovery", near().icmp6(142, 0).payload(8), No(NeighbourDiscovery)),
        ("multicast listener query", near().icmp6(130, 0).payload(16), No(GroupMembership)),
        ("multicast listener report", near().hop_by_hop(1).icmp6(131, 0).payload(16), No(GroupMembership)),
        ("multicast listener report, version 2", near().hop_by_hop(1).icmp6(143, 0).payload(16), No(GroupMembership)),
        ("multicast router advertisement", near().icmp6(151, 0), No(GroupMembership)),
        ("ICMPv6: a type without a name", eth().ipv6(CLIENT_V6, STRANGER_V6).icmp6(200, 0), Is("icmp6 [fd10::5]:200 ~> [2001:db8::77]:200", Foreign, ">")),
        ("ICMPv6 cut", ask6().icmp6(128, 0).cut(14 + 40 + 7), No(TruncatedTransport)),
        ("ICMPv6: unreachable, quoting TCP", error6(1, 4).quoting(&tcp()), https("refused")),
        ("ICMPv6: too big is no refusal", error6(2, 0).quoting(&tcp()), https("")),
        ("ICMPv6: time exceeded is no refusal", error6(3, 0).quoting(&tcp()), https("")),
        ("ICMPv6: a parameter problem is no refusal", error6(4, 1).quoting(&tcp()), https("")),
        ("ICMPv6: unreachable, quoting UDP", error6(1, 4).quoting(&sent6().udp(50000, 53)), Is("udp [fd10::5]:50000 ~> [fd20::11]:53", Baseline, "refused")),
        ("ICMPv6: unreachable, quoting an echo request", error6(1, 0).quoting(&sent6().icmp6(128, 0)), Is("icmp6 [fd10::5]:0 ~> [fd20::11]:0", Documented, "refused")),
        ("ICMPv6: unreachable, quoting another type", error6(1, 0).quoting(&raw().ipv6(CLIENT_V6, STRANGER_V6).icmp6(139, 0)), Is("icmp6 [fd10::5]:139 ~> [2001:db8::77]:139", Foreign, "refused")),
        ("ICMPv6: unreachable, quoting ESP", error6(1, 0).quoting(&sent6().esp()), Is("50 [fd10::5]:0 ~> [fd20::11]:0", Opaque, "refused")),
        ("ICMPv6: unreachable, quoting a fragment header", error6(1, 0).quoting(&sent6().fragment_header(0, true).tcp(50000, 443)), Is("fragment [fd10::5]:44 ~> [fd20::11]:44", Opaque, "refused")),
        ("ICMPv6: unreachable, quoting an extension header", error6(1, 0).quoting(&sent6().hop_by_hop(1).tcp(50000, 443)), Is("0 [fd10::5]:0 ~> [fd20::11]:0", Opaque, "refused")),
        ("ICMPv6: a quote without its ports", error6(1, 0).quoting(&tcp().cut(40)), Is("fragment [fd10::5]:6 ~> [fd20::11]:6", Opaque, "refused")),
        ("ICMPv6: a quote cut in its IP header", error6(1, 0).quoting(&tcp().cut(39)), unusable()),
        ("ICMPv6: no quote", error6(1, 0), unusable()),
        ("ICMPv6: a quote of somebody else's packet", error6(1, 0).quoting(&raw().ipv6(SQL_V6, MP_V6).tcp(50000, 443)), unusable()),
        ("ICMPv6: a quote of another version", error6(1, 0).quoting(&sent().tcp(50000, 443).payload(20)), unusable()),
    ]
}

/// Rows for an interface that sits on a bridge: VLANs keep equal addresses apart.
#[rustfmt::skip]
fn bridged_rows() -> Vec<Row> {
    let https = |frame: Frame| frame.ipv4(CLIENT, MP).tcp(50000, 443).syn();
    vec![
        ("bridged: no tag", https(eth()), Is("tcp 10.10.0.5:50000 -> 10.20.0.11:443", Documented, "> syn")),
        ("bridged: one tag", https(eth().vlan(10)), Is("tcp 10.10.0.5:50000 -> 10.20.0.11:443 tags 10.0", Documented, "> syn")),
        ("bridged: another tag", https(eth().vlan(11)), Is("tcp 10.10.0.5:50000 -> 10.20.0.11:443 tags 11.0", Documented, "> syn")),
        ("bridged: a priority is no part of the tag", https(eth().tag(0x8100, 0xe00a)), Is("tcp 10.10.0.5:50000 -> 10.20.0.11:443 tags 10.0", Documented, "> syn")),
        ("bridged: QinQ", https(eth().service_vlan(4094).vlan(10)), Is("tcp 10.10.0.5:50000 -> 10.20.0.11:443 tags 4094.10", Documented, "> syn")),
        ("bridged: the two outer ones of four", https(eth().service_vlan(1).vlan(2).vlan(3).vlan(4)), Is("tcp 10.10.0.5:50000 -> 10.20.0.11:443 tags 1.2", Documented, "> syn")),
        ("bridged: IPv6", eth().vlan(10).ipv6(MP_V6, CLIENT_V6).tcp(443, 50000).syn().ack(), Is("tcp [fd10::5]:50000 -> [fd20::11]:443 tags 10.0", Documented, "< syn-ack")),
        ("bridged: an error carries the tags of what it quotes", eth().vlan(10).ipv4(ROUTER, CLIENT).icmp(3, 1).quoting(&sent().tcp(50000, 443)), Is("tcp 10.10.0.5:50000 ~> 10.20.0.11:443 tags 10.0", Documented, "refused")),
    ]
}

/// Rows for an interface on link 7: link-local addresses belong to it.
#[rustfmt::skip]
fn linked_rows() -> Vec<Row> {
    vec![
        ("link-local ends", eth().ipv6("fe80::1", "fe80::2").tcp(50000, 445).syn(), Is("tcp [fe80::1]%7:50000 -> [fe80::2]%7:445", Local, "> syn")),
        ("link-local ends, IPv4", eth().ipv4("169.254.1.2", "169.254.1.3").tcp(50000, 445).syn(), Is("tcp 169.254.1.2%7:50000 -> 169.254.1.3%7:445", Local, "> syn")),
        ("one link-local end", eth().ipv6("fe80::1", "ff02::fb").udp(5353, 5353).payload(1), Is("udp [fe80::1]%7:5353 -> [ff02::fb]:5353", Local, "> >data no-answer-expected")),
        ("link-local ends in a VLAN", eth().vlan(10).ipv6("fe80::1", "fe80::2").tcp(50000, 445).syn(), Is("tcp [fe80::1]%7:50000 -> [fe80::2]%7:445 tags 10.0", Local, "> syn")),
        ("no link-local end", eth().vlan(10).ipv6(CLIENT_V6, MP_V6).tcp(50000, 443).syn(), Is("tcp [fd10::5]:50000 -> [fd20::11]:443", Documented, "> syn")),
    ]
}

/// Rows for a tunnel: frames begin with an IP header.
#[rustfmt::skip]
fn raw_ip_rows() -> Vec<Row> {
    vec![
        ("raw: IPv4", sent().tcp(50000, 443).syn(), Is("tcp 10.10.0.5:50000 -> 10.20.0.11:443", Documented, "> syn")),
        ("raw: IPv6", sent6().udp(50000, 53).payload(8), Is("udp [fd10::5]:50000 -> [fd20::11]:53", Baseline, "> >data")),
        ("raw: neither", sent().version_byte(0x55).tcp(50000, 443), No(MalformedIp)),
        ("raw: an Ethernet header is none", ask().tcp(50000, 443), No(MalformedIp)),
        ("raw: IPv4 cut", sent().tcp(50000, 443).cut(19), No(TruncatedIp)),
        ("raw: one byte", sent().cut(1), No(TruncatedIp)),
        ("raw: nothing", raw(), No(TruncatedIp)),
    ]
}

/// Rows for frames that the kernel keeps in several pieces.
#[rustfmt::skip]
fn jumbo_rows() -> Vec<Row> {
    vec![
        ("a jumbo frame", ask().tcp(50000, 443).ack().payload(8946), Is("tcp 10.10.0.5:50000 ~> 10.20.0.11:443", Documented, "> >data")),
        ("a jumbo frame, IPv6 with headers", ask6().destination_options(100).tcp(50000, 443).ack().payload(8000), Is("tcp [fd10::5]:50000 ~> [fd20::11]:443", Documented, "> >data")),
        ("a frame in one piece all the same", ask().tcp(50000, 443).ack().payload(10), Is("tcp 10.10.0.5:50000 ~> 10.20.0.11:443", Documented, "> >data")),
        ("a jumbo frame that is no flow", eth().ethertype(0x88cc, &[0; 8000]), No(OtherEthertype)),
    ]
}

/// One frame through a gateway that has seen nothing before must leave exactly this.
fn check(what: &str, counted: &Counted, length: usize, expected: &Expected) {
    let once = (1, length as u64);
    let outcome = match expected {
        No(outcome) => *outcome,
        Is(..) => Flow,
    };
    let outcomes: Vec<_> = counted.outcomes.iter().map(|(o, n)| (o.name(), *n)).collect();
    assert_eq!(outcomes, [(outcome.name(), once)], "{what}: outcome");
    counted.assert_conserved(what);
    let Is(written, verdict, state) = expected else {
        return;
    };
    assert_eq!(counted.flows.len(), 1, "{what}: one flow");
    let (key, flow) = counted.flows.first_key_value().expect("there is one");
    assert_eq!(Written(key, flow).to_string(), *written, "{what}: flow");
    assert_eq!(written_state(flow.state), *state, "{what}: state");
    assert_eq!(kind(VerdictId(flow.verdict)), *verdict, "{what}: verdict");
    let verdicts: Vec<_> = counted
        .verdicts
        .iter()
        .map(|(v, n)| (kind(VerdictId(*v)), *n))
        .collect();
    assert_eq!(verdicts, [(*verdict, once)], "{what}: counter of the verdict");
    let directions = [flow.low, flow.high];
    assert!(
        directions.contains(&once) && directions.contains(&(0, 0)),
        "{what}: {directions:?}"
    );
}

fn each_row(rows: &[Row], constants: &Constants, hooks: &[Hook]) {
    let tables = tables();
    let kernel = KernelRig::new(&tables, FLOW_BITS);
    let mut programs: Vec<(Hook, Looker)> = Vec::new();
    if let Some(kernel) = &kernel {
        programs.extend(hooks.iter().map(|hook| (*hook, kernel.program(*hook, constants))));
    }
    for (what, frame, expected) in rows {
        let frame = frame.build();
        let slice = slice_of(&tables, constants, &frame);
        check(what, &slice, frame.len(), expected);
        let Some(kernel) = &kernel else { continue };
        for (hook, program) in &mut programs {
            if !program.takes(&frame) {
                continue;
            }
            kernel.forget();
            let before = kernel.counted();
            program.run(&frame);
            let counted = kernel.counted().since(&before);
            let what = format!("{what}, at {hook}");
            check(&what, &counted, frame.len(), expected);
            assert_eq!(counted, slice, "{what}: kernel and slice");
        }
    }
}

fn slice_of(tables: &MemoryTables, constants: &Constants, frame: &[u8]) -> Counted {
    let rig = SliceRig::new(tables, constants, FLOW_BITS);
    rig.run(frame);
    rig.counted()
}

const BOTH: [Hook; 2] = [Hook::Native, Hook::Tcx];

#[test]
fn each_packet_of_a_routed_interface_gets_its_outcome_flow_and_verdict() {
    let rows = [
        link_rows(),
        ipv4_rows(),
        transport_rows(),
        icmp_rows(),
        ipv6_rows(),
        icmp6_rows(),
    ]
    .concat();
    assert!(rows.len() >= 80);
    each_row(&rows, &Constants::default(), &BOTH);
}

#[test]
fn on_a_bridged_interface_vlans_keep_equal_addresses_apart() {
    let constants = Constants {
        tags_apart: true,
        ..Constants::default()
    };
    each_row(&bridged_rows(), &constants, &BOTH);
}

#[test]
fn link_local_addresses_belong_to_their_link() {
    let constants = Constants {
        link: 7,
        ..Constants::default()
    };
    each_row(&linked_rows(), &constants, &BOTH);
}

#[test]
fn devices_without_ethernet_begin_with_an_ip_header() {
    // A test run gives socket buffers an Ethernet device, so the tcx hook is not asked.
    let constants = Constants {
        raw_ip: true,
        ..Constants::default()
    };
    each_row(&raw_ip_rows(), &constants, &[Hook::Native]);
}

#[test]
fn frames_in_several_pieces_count_with_all_their_bytes() {
    // A test run makes socket buffers of one page at most, so the tcx hook is not asked.
    let constants = Constants {
        in_pieces: true,
        ..Constants::default()
    };
    each_row(&jumbo_rows(), &constants, &[Hook::Native]);
}

#[test]
fn a_frame_cut_anywhere_is_counted_once_and_alike() {
    let tables = tables();
    let constants = Constants::default();
    let kernel = KernelRig::new(&tables, FLOW_BITS);
    let mut program = kernel
        .as_ref()
        .map(|kernel| kernel.program(Hook::Native, &constants));
    for (what, frame) in [
        (
            "QinQ, IPv4 options, TCP options",
            eth()
                .service_vlan(1)
                .vlan(2)
                .ipv4(CLIENT, MP)
                .options(2)
                .tcp(50000, 443)
                .tcp_options(3)
                .syn(),
        ),
        (
            "IPv6 with extension headers",
            ask6()
                .hop_by_hop(1)
                .authentication(3)
                .fragment_header(0, true)
                .udp(50000, 53)
                .payload(9),
        ),
        (
            "an IPv4 error",
            error(3, 1).quoting(&sent().options(1).tcp(50000, 443)),
        ),
        ("an IPv6 error", error6(1, 4).quoting(&sent6().udp(50000, 53))),
        (
            "an authentication header, IPv4",
            ask().authentication(3).tcp(50000, 443).ack().payload(4),
        ),
    ] {
        for length in 0..=frame.build().len() {
            let what = format!("{what}, cut at {length}");
            let cut = frame.clone().cut(length).build();
            let slice = slice_of(&tables, &constants, &cut);
            assert_eq!(
                slice.outcomes.values().collect::<Vec<_>>(),
                [&(1, length as u64)],
                "{what}"
            );
            slice.assert_conserved(&what);
            if let (Some(kernel), Some(program)) = (&kernel, &mut program)
                && program.takes(&cut)
            {
                kernel.forget();
                let before = kernel.counted();
                program.run(&cut);
                assert_eq!(kernel.counted().since(&before), slice, "{what}: kernel and slice");
            }
        }
    }
}
