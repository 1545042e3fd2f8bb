//! Note 6: dynamic ports, announced by a conversation with the endpoint mapper or known by their range.

/// The cases, in the notation of [`super::Case`].
pub const CASES: &str = r#"
note 6, range; every edition
  mp > ss tcp/50000 => documented by range: management-point/site-server/rpc

note 6, announced; every edition
  mp > ss tcp/135; mp > ss tcp/50000 => documented by expectation: management-point/site-server/rpc

note 6, announced; current
  mp6 > ss6 tcp/135; mp6 > ss6 tcp/50000 => documented by expectation: management-point/site-server/rpc

note 6, announced the other way; current
  ss > mp tcp/135; ss > mp tcp/50000 => documented by expectation: management-point/site-server/rpc

note 6, the first and the last port; current
  mp > ss tcp/49152 => documented by range: management-point/site-server/rpc
  mp > ss tcp/65535 => documented by range: management-point/site-server/rpc

note 6, below the range; current
  mp > ss tcp/135; mp > ss tcp/49151 => undocumented

// Only a conversation that was answered and went on announces, and for these two alone.
note 6, refused; current
  mp ! ss tcp/135; mp > ss tcp/50000 => documented by range: management-point/site-server/rpc

note 6, unanswered; current
  mp ? ss tcp/135; mp > ss tcp/50000 => documented by range: management-point/site-server/rpc

note 6, who asked says no more; current
  mp >. ss tcp/135; mp > ss tcp/50000 => documented by range: management-point/site-server/rpc

note 6, UDP 135; 2018-02 current
  ss >> dp udp/135; ss > dp tcp/50000 => documented by expectation: site-server/distribution-point/rpc

note 6, UDP 135 asked once; current
  ss > dp udp/135; ss > dp tcp/50000 => documented by range: site-server/distribution-point/rpc

note 6, another computer asks; current
  mp > ss tcp/135; fsp > ss tcp/50000 => documented by range: site-server/fallback-status-point/rpc

note 6, another computer answers; current
  mp > ss tcp/135; mp > ss2 tcp/50000 => documented by range: management-point/site-server/rpc

note 6, the other direction; current
  ss > mp tcp/135; mp > ss tcp/50000 => documented by range: management-point/site-server/rpc

note 6, too long ago; current
  mp > ss tcp/135; wait 11; mp > ss tcp/50000 => documented by range: management-point/site-server/rpc

note 6, a foreign mapper; current
  stranger > ss tcp/135; stranger > ss tcp/50000 => foreign

note 6, an undocumented mapper; current
  client > ss tcp/135 => undocumented
  client > ss tcp/135; client > ss tcp/50000 => undocumented

note 6, a reversed mapper; current
  dp > ss tcp/135; dp > ss tcp/50000 => reversed by range: site-server/distribution-point/rpc

// Strict: the range alone is not enough.
note 6, strict; 2020-04 current
+ options.rpc = "strict"
  mp > ss tcp/50000 => undocumented
  mp > ss tcp/135; mp > ss tcp/50000 => documented by expectation: management-point/site-server/rpc

note 6, strict; current
+ options.rpc = "strict"
  mp > ss tcp/445 => documented by port: management-point/site-server/smb
  mp ! ss tcp/135; mp > ss tcp/50000 => undocumented

note 6, strict; current
+ options.rpc = "strict"
+ companions = ["windows-domain"]
  client > dc tcp/50000 => undocumented
  client > dc tcp/135; client > dc tcp/50000 => baseline by expectation: windows-domain:member/domain-controller/rpc

// The range is a setting.
note 6, narrowed; current
+ ports.rpc-dynamic = "50000-50099"
  mp > ss tcp/50050 => documented by range: management-point/site-server/rpc
  mp > ss tcp/135; mp > ss tcp/50050 => documented by expectation: management-point/site-server/rpc
  mp > ss tcp/50100 => undocumented
  mp > ss tcp/135; mp > ss tcp/50100 => undocumented

note 6, several ranges; current
+ ports.rpc-dynamic = ["5500-5599", "50000-50099"]
  mp > ss tcp/5500 => documented by range: management-point/site-server/rpc
  mp > ss tcp/50099 => documented by range: management-point/site-server/rpc
  mp > ss tcp/6000 => undocumented

note 6, old systems; 2016-09 current
+ ports.rpc-dynamic = "1024-5000"
  mp > ss tcp/4000 => documented by range: management-point/site-server/rpc

note 6, one old system; current
+ [[host]]
+ name = "oldmp"
+ address = "10.20.0.51"
+ roles = ["management-point"]
+ ports = { rpc-dynamic = "1024-5000" }
  ss > oldmp tcp/2000 => documented by range: management-point/site-server/rpc
  ss > mp tcp/2000 => undocumented
  oldmp > ss tcp/50000 => documented by range: management-point/site-server/rpc

// A fixed port wins over the range.
note 6, a fixed port; current
+ ports.rpc-dynamic = "1024-5000"
  ss > sql tcp/1433 => documented by port: site-server/sql-server/sql
  ss > sql tcp/135; ss > sql tcp/1433 => documented by port: site-server/sql-server/sql

note 6, a fixed port; every edition
+ ports.rpc-dynamic = "1024-5000"
  ss > dc tcp/3268 => documented by port: site-server/domain-controller/global-catalog-ldap

note 6, a fixed port; 2016-09
+ ports.rpc-dynamic = "1024-5000"
  ss > dc tcp/3269 => documented by port: site-server/domain-controller/global-catalog-ldaps

note 6, fixed in one edition only; 2018-02 2020-04 current
+ ports.rpc-dynamic = "1024-5000"
  ss > dc tcp/3269 => documented by range: site-server/domain-controller/rpc

note 6, a fixed port; current
+ ports.rpc-dynamic = "1024-5000"
  console > client tcp/2701 => documented by port: configuration-manager-console/client/remote-control
  console > client tcp/3389 => documented by port: configuration-manager-console/client/remote-assistance
  sql > sql2 tcp/4022 => documented by port: sql-server/sql-server/sql-broker

// The page prints the endpoint mapper here, and no dynamic row.
console -> site server; every edition
  console > ss tcp/135 => documented by port: configuration-manager-console/site-server/rpc-wmi

console -> site server; current
  console > ss tcp/50000 => undocumented

console -> site server; every edition
  console > ss tcp/135; console > ss tcp/50000
    => documented by expectation: configuration-manager-console/site-server/rpc-wmi

site server <-> state migration point; current
  ss > smp tcp/50000 => undocumented

site server <-> state migration point; every edition
  ss > smp tcp/135; ss > smp tcp/50000
    => documented by expectation: site-server/state-migration-point/rpc-endpoint-mapper

site server <-> state migration point; current
  smp > ss tcp/135; smp > ss tcp/50000
    => documented by expectation: site-server/state-migration-point/rpc-endpoint-mapper

site server <-> state migration point, strict; current
+ options.rpc = "strict"
  smp > ss tcp/135; smp > ss tcp/50000
    => documented by expectation: site-server/state-migration-point/rpc-endpoint-mapper

// Before the current edition only a list has RPC toward the software update point.
list: internet-based site systems; 2016-09 2018-02 2020-04
  ss > sup tcp/135; ss > sup tcp/50000
    => documented by expectation if internet-based-installation: site-server/software-update-point/rpc

site server <-> software update point; current
  ss > sup tcp/135; ss > sup tcp/50000 => documented by expectation if: site-server/software-update-point/rpc

list: internet-based site systems; 2020-04
+ conditions.internet-based-installation = false
  ss > sup tcp/50000 => undocumented

// The verdict of the mapper is that of the connection.
introduction: windows-domain; 2016-09 current
+ companions = ["windows-domain"]
  client > dc tcp/135; client > dc tcp/50000 => baseline by expectation: windows-domain:member/domain-controller/rpc

introduction: windows-domain; current
+ companions = ["windows-domain"]
  client > dc tcp/50000 => baseline by range: windows-domain:member/domain-controller/rpc

introduction: windows-domain; current
  client > dc tcp/135; client > dc tcp/50000 => undocumented

discovery: the page before the companion; current
+ companions = ["windows-domain"]
  mp > dc tcp/135; mp > dc tcp/50000 => documented by expectation: management-point/domain-controller/rpc

note 6, an own rule; current
+ [[rule]]
+ id = "wmi"
+ from = "client"
+ to = "site-server"
+ tcp = [135]
+ why = "CHG1"
  client > ss tcp/135 => approved by port: wmi
  client > ss tcp/135; client > ss tcp/50000 => approved by expectation: wmi
  client > ss tcp/50000 => undocumented

// UDP 135 to a domain controller is in the older editions.
management point -> domain controller; 2016-09 2018-02
  mp > dc udp/135 => documented by port: management-point/domain-controller/rpc-endpoint-mapper

management point -> domain controller; 2020-04 current
  mp > dc udp/135 => undocumented

management point -> domain controller; 2016-09 2018-02
  mp > dc udp/389 => undocumented

management point -> domain controller; 2020-04 current
  mp > dc udp/389 => documented by port: management-point/domain-controller/ldap
"#;
