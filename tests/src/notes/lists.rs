//! The lists beside the tables: each row is a rule of its own, or names the rule that it is an alias of.

/// The cases, in the notation of [`super::Case`].
pub const CASES: &str = r#"
list: connections to SQL Server; every edition
  crp > sql tcp/1433 => documented by port: certificate-registration-point/sql-server/sql
  enroll > sql tcp/1433 => documented by port: enrollment-point/sql-server/sql
  mp > sql tcp/1433 => documented by port: management-point/sql-server/sql
  ss > sql tcp/1433 => documented by port: site-server/sql-server/sql
  rsp > sql tcp/1433 => documented by port: reporting-services-point/sql-server/sql
  provider > sql tcp/1433 => documented by port: sms-provider/sql-server/sql
  sql > sql2 tcp/4022 => documented by port: sql-server/sql-server/sql-broker
  sql > sql2 tcp/1433 => documented by port: sql-server/sql-server/sql

list: connections to SQL Server; 2016-09 2018-02 2020-04
  catalog2 > sql tcp/1433 => documented by port: application-catalog-web-service-point/sql-server/sql

list: site database behind a load balancer; 2018-02 2020-04 current
+ conditions.remote-sql-installation = false
  ss > sql tcp/445 => documented by port if sql-load-balancer: site-server/sql-server/load-balancer-smb
  ss > sql tcp/135 => documented by port if sql-load-balancer: site-server/sql-server/load-balancer-rpc-endpoint-mapper
  ss > sql tcp/135; ss > sql tcp/50000
    => documented by expectation: site-server/sql-server/load-balancer-rpc-endpoint-mapper

list: site database behind a load balancer; 2016-09
+ conditions.remote-sql-installation = false
  ss > sql tcp/445 => undocumented

list: discovery and publishing; 2018-02 2020-04 current
  ss > dc tcp/389 => documented by port: site-server/domain-controller/ldap
  mp > dc tcp/389 => documented by port: management-point/domain-controller/ldap
  ss > dc tcp/3268 => documented by port: site-server/domain-controller/global-catalog-ldap
  mp > dc tcp/3268 => documented by port: management-point/domain-controller/global-catalog-ldap
  ss > dc tcp/135 => documented by port: site-server/domain-controller/rpc-endpoint-mapper
  mp > dc tcp/135 => documented by port: management-point/domain-controller/rpc-endpoint-mapper
  ss > dc tcp/135; ss > dc tcp/49152 => documented by expectation: site-server/domain-controller/rpc
  mp > dc tcp/50000 => documented by range: management-point/domain-controller/rpc

list: discovery and publishing; 2020-04 current
  ss > dc tcp/636 => documented by port: site-server/domain-controller/ldaps
  mp > dc tcp/636 => documented by port: management-point/domain-controller/ldaps

list: discovery and publishing; 2018-02
  ss > dc tcp/636 => undocumented

list: discovery and publishing, old systems; 2018-02 current
+ ports.rpc-dynamic = "1024-5000"
  ss > dc tcp/1024 => documented by range: site-server/domain-controller/rpc
  ss > dc tcp/135; ss > dc tcp/4999 => documented by expectation: site-server/domain-controller/rpc

list: internet-based site systems; every edition
  ss > mp udp/135 => documented by port if internet-based-installation: site-server/management-point/rpc-endpoint-mapper-udp
  ss > mp tcp/135 => documented by port: management-point/site-server/rpc-endpoint-mapper
  ss > mp tcp/50000 => documented by range: management-point/site-server/rpc
  ss > dp udp/135 => documented by port: site-server/distribution-point/rpc-endpoint-mapper
  ss > dp tcp/50000 => documented by range: site-server/distribution-point/rpc
  ss > dp tcp/445 => documented by port: site-server/distribution-point/smb
  ss > fsp udp/135 => documented by port: site-server/fallback-status-point/rpc-endpoint-mapper
  ss > fsp tcp/50000 => documented by range: site-server/fallback-status-point/rpc
  fsp > ss tcp/445 => documented by port: site-server/fallback-status-point/smb
  sup > ss tcp/445 => documented by port: site-server/software-update-point/smb
  ss > sup udp/135 => documented by port: site-server/software-update-point/rpc-endpoint-mapper

list: Windows Server ports; every edition
  client > winserv udp/53 => documented by port: client/windows-server/dns
  client > winserv tcp/53 => documented by port: client/windows-server/dns
  client@68 > winserv udp/67 => documented by port: client/windows-server/dhcp
  client > winserv udp/137 => documented by port: client/windows-server/netbios-name
  client > winserv udp/138 => documented by port: client/windows-server/netbios-datagram
  client > winserv tcp/139 => documented by port: client/windows-server/netbios-session
  mp > winserv udp/53 => documented by port: client/windows-server/dns site-system/windows-server/dns
  mp > winserv tcp/139
    => documented by port: client/windows-server/netbios-session site-system/windows-server/netbios-session

list: Windows Server ports; 2020-04 current
  client > winserv tcp/88 => documented by port: client/windows-server/kerberos
  mp > winserv tcp/88 => documented by port: client/windows-server/kerberos site-system/windows-server/kerberos

list: Windows Server ports; 2016-09 2018-02
  client > winserv tcp/88 => undocumented

list: external connections; every edition
  sup > public tcp/80 => documented by port: software-update-point/internet/http
  sup > wsus tcp/8530 => documented by port: software-update-point/upstream-wsus-server/http
"#;
