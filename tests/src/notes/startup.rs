//! Note 4 and the tables of PXE, multicast, peer cache and waking up: what starts or wakes a computer.

/// The cases, in the notation of [`super::Case`].
pub const CASES: &str = r#"
note 4; every edition
  client > pxe udp/69 => documented by port: client/distribution-point-pxe/tftp
  client ? pxe udp/69; pxe@33000 > client udp/40123
    => documented by port opened by client: client/distribution-point-pxe/tftp

note 4; current
  client6 ? pxe6 udp/69; pxe6@33000 > client6 udp/40123
    => documented by port opened by client6: client/distribution-point-pxe/tftp

note 4, any port of the server; current
  client ? pxe udp/69; pxe@1024 > client udp/40123
    => documented by port opened by client: client/distribution-point-pxe/tftp
  client ? pxe udp/69; pxe@65535 > client udp/40123
    => documented by port opened by client: client/distribution-point-pxe/tftp

note 4, any port of the client; current
  client@2070 ? pxe udp/69; pxe@50000 > client udp/2070
    => documented by port opened by client: client/distribution-point-pxe/tftp
  client@53 ? pxe udp/69; pxe@50000 > client udp/53
    => documented by port opened by client: client/distribution-point-pxe/tftp

note 4, no request; current
  pxe@33000 > client udp/40123 => undocumented

note 4, another client asked; current
  client2 ? pxe udp/69; pxe@33000 > client udp/40123 => undocumented

note 4, another port asked; current
  client@2071 ? pxe udp/69; pxe@33000 > client udp/2070
    => undocumented | documented by port: client/distribution-point-pxe/tftp

note 4, another server answers; current
  client ? pxe udp/69; dp@33000 > client udp/40123 => undocumented

note 4, nobody serves TFTP there; current
  client ? dp udp/69; dp@33000 > client udp/40123 => undocumented

note 4, too long ago; current
  client ? pxe udp/69; wait 30; pxe@33000 > client udp/40123 => undocumented

note 4, a stranger asks; current
  stranger ? pxe udp/69; pxe@33000 > stranger udp/40123 => foreign

// DHCP.
PXE table; every edition
  client@68 > pxe udp/67 => documented by port: client/distribution-point-pxe/dhcp

PXE table, the server speaks; every edition
  pxe@67 > client udp/68 => documented by port: client/distribution-point-pxe/dhcp

PXE table, relayed; current
  10.10.9.1@67 > pxe udp/67 => documented by port: client/distribution-point-pxe/dhcp

PXE table, no address yet; every edition
+ interfaces.eth1 = "client"
  at eth1; 0.0.0.0@68 ? 255.255.255.255 udp/67
    => documented by port: client/distribution-point-pxe/dhcp client/windows-server/dhcp

PXE table, no address and no side; current
+ interfaces.eth1 = "client"
  0.0.0.0@68 ? 255.255.255.255 udp/67 => local

PXE table, an offer; current
+ interfaces.eth1 = "client"
  at eth1; pxe@67 ? 255.255.255.255 udp/68
    => documented by port: client/distribution-point-pxe/dhcp client/windows-server/dhcp site-system/windows-server/dhcp

PXE table, an offer while under way; current
+ interfaces.eth1 = "client"
  at eth1; early; pxe@67 ? 255.255.255.255 udp/68
    => documented by port: client/distribution-point-pxe/dhcp client/windows-server/dhcp site-system/windows-server/dhcp

PXE table, an offer to a subnet, under way; current
  early; pxe@67 ? 10.10.255.255 udp/68
    => documented by port: client/distribution-point-pxe/dhcp client/windows-server/dhcp site-system/windows-server/dhcp

PXE table, a self-given address; current
+ interfaces.eth1 = "client"
  at eth1; 169.254.9.9@68 ? 255.255.255.255 udp/67
    => documented by port: client/distribution-point-pxe/dhcp client/windows-server/dhcp

PXE table, BINL; every edition
  client > pxe udp/4011 => documented by port: client/distribution-point-pxe/binl

PXE table, BINL; current
  pxe > client udp/4011 => documented by port: client/distribution-point-pxe/binl

PXE table, DHCPv6; current
+ interfaces.eth1 = "client"
  at eth1; fe80::7@546 ? ff02::1:2 udp/547
    => documented by port if pxe-without-wds: client/distribution-point-pxe/dhcpv6

PXE table, DHCPv6; 2016-09 2018-02 2020-04
+ interfaces.eth1 = "client"
  at eth1; fe80::7@546 ? ff02::1:2 udp/547 => local

PXE table, DHCPv6, no side; current
+ interfaces.eth1 = "client"
  fe80::7@546 ? ff02::1:2 udp/547 => local

PXE table, DHCPv6; current
+ interfaces.eth1 = "client"
  at eth1; pxe6@547 ? fe80::7 udp/546
    => documented by port inferred opened by fe80::7: client/distribution-point-pxe/dhcpv6 | documented by port: client/distribution-point-pxe/dhcpv6

PXE table, DHCPv6; current
  client6@546 > pxe6 udp/547 => documented by port: client/distribution-point-pxe/dhcpv6

PXE table, DHCPv6 relayed; current
  client6@547 ? ff05::1:3 udp/547 => documented by port: client/distribution-point-pxe/dhcpv6

PXE table, DHCPv6; current
+ conditions.pxe-without-wds = false
  client6@546 > pxe6 udp/547 => undocumented

PXE table, DHCPv6; 2020-04
  client6@546 > pxe6 udp/547 => undocumented

// Multicast: the client joins, the data runs to the group.
multicast table; every edition
  mcast ? 239.1.2.3 udp/63000 => documented by port: client/distribution-point-multicast/multicast

multicast table; current
  client ? 239.1.2.3 udp/64000 => documented by port: client/distribution-point-multicast/multicast
  mcast6 ? ff05::77 udp/63500 => documented by port: client/distribution-point-multicast/multicast
  mcast ? client udp/63500 => documented by port: client/distribution-point-multicast/multicast
  mcast ? 239.1.2.3 udp/64001 => foreign

multicast table; every edition
  client > mcast tcp/445 => documented by port: client/distribution-point-multicast/smb

multicast table; current
  console ? 239.1.2.3 udp/63000 => foreign

// Peer cache, Wake On LAN, wake-up proxy.
client -> client, peer cache; 2020-04 current
  client ? 10.10.255.255 udp/8004 => documented by port if windows-pe-peer-cache: client/client/peer-cache-broadcast

client -> client, peer cache; current
  client ? 10.10.4.255 udp/8004 => documented by port: client/client/peer-cache-broadcast

client -> client, peer cache; current
+ interfaces.eth1 = "client"
  at eth1; client ? 255.255.255.255 udp/8004 => documented by port: client/client/peer-cache-broadcast

client -> client, peer cache; 2016-09 2018-02
  client ? 10.10.255.255 udp/8004 => undocumented

site server -> client, Wake On LAN; every edition
  ss ? client udp/9 => documented by port if wake-up: client/client/wake-on-lan site-server/client/wake-on-lan

site server -> client, Wake On LAN; current
  ss ? 10.10.255.255 udp/9 => documented by port: client/client/wake-on-lan site-server/client/wake-on-lan

client -> client, Wake On LAN; current
  client ? client2 udp/9 => documented by port: client/client/wake-on-lan
  client ? 10.10.255.255 udp/9 => documented by port: client/client/wake-on-lan

note 2, Wake On LAN; 2016-09 current
+ ports.wake-on-lan = 7
  ss ? client udp/7 => documented by port: client/client/wake-on-lan site-server/client/wake-on-lan
  ss ? client udp/9 => undocumented

client -> client, wake-up proxy; every edition
  client > client2 udp/25536 => documented by port: client/client/wake-up-proxy

note 2, wake-up proxy; current
+ ports.wake-up-proxy = 25000
  client > client2 udp/25536 => undocumented

client -> client, wake-up proxy echo; every edition
  client > client2 icmp => documented by icmp if wake-up: client/client/wake-up-proxy-echo

client -> client, wake-up proxy echo; current
  client6 > client26 icmp => documented by icmp: client/client/wake-up-proxy-echo

client -> client, wake-up proxy echo; current
+ conditions.wake-up = false
  client > client2 icmp => undocumented

client -> client, wake-up proxy echo; current
  client > mp icmp => undocumented

client -> client, no waking up; current
+ conditions.wake-up = false
  ss ? client udp/9 => undocumented
"#;
