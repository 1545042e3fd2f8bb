//! What hides ports: IPsec, tunnels and fragments; between known computers `opaque`.

/// The cases, in the notation of [`super::Case`].
pub const CASES: &str = r#"
list: IPsec between site server and site systems; every edition
  ss > mp esp => opaque inferred
  ss > mp udp/500 => opaque

list: IPsec between site server and site systems; current
  ss6 > mp6 esp => opaque inferred
  ss@500 > mp udp/500 => opaque
  ss@4500 > mp udp/4500 => opaque
  ss > mp udp/4500 => opaque
  stranger > mp esp => foreign inferred
  stranger > mp udp/500 => foreign

list: IPsec, an authentication header hides nothing; every edition
  client ah mp tcp/443 => documented by port: client/management-point/https

list: IPsec, an authentication header hides nothing; current
  client6 ah mp6 tcp/443 => documented by port: client/management-point/https
  mp ah client tcp/443 => reversed by port: client/management-point/https
  client ah mp tcp/4444 => undocumented

tunnels; current
  ss > mp gre => opaque inferred
  ss > mp ipip => opaque inferred
  ss > mp 6in4 => opaque inferred
  ss6 > mp6 gre => opaque inferred
  ss > mp udp/4789 => opaque
  ss > mp udp/8472 => opaque
  stranger > mp gre => foreign inferred
  stranger > stranger2 gre => out-of-scope inferred

fragments; every edition
  client % pxe udp/69 => documented by port: client/distribution-point-pxe/tftp

fragments; current
  client6 % pxe6 udp/69 => documented by port: client/distribution-point-pxe/tftp
  client % mp udp/4444 => undocumented
  client %< pxe udp/69 => documented by port: client/distribution-point-pxe/tftp

a later fragment alone; current
  client %% pxe udp/69 => opaque inferred
  client6 %% pxe6 udp/69 => opaque inferred
  stranger %% pxe udp/69 => foreign inferred
  client % dp udp/4444; client %% pxe udp/69 => opaque inferred
"#;
