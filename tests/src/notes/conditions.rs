//! What holds only sometimes, what several rules explain, who is known, and whose addresses are translated.

/// The cases, in the notation of [`super::Case`].
pub const CASES: &str = r#"
site server -> SQL Server, installation; every edition
+ conditions.remote-sql-installation = true
  ss > sql udp/135 => documented by port if: site-server/sql-server/rpc-endpoint-mapper

site server -> SQL Server, installation; 2016-09
  ss > sql tcp/445 => documented by port if remote-sql-installation: site-server/sql-server/smb

site server -> SQL Server, installation; current
  ss > sql tcp/445
    => documented by port if remote-sql-installation sql-load-balancer: site-server/sql-server/load-balancer-smb site-server/sql-server/smb
  ss > sql tcp/50000 => documented by range if remote-sql-installation: site-server/sql-server/rpc

site server -> SQL Server, installation; 2018-02 current
+ conditions.remote-sql-installation = false
  ss > sql tcp/445 => documented by port if sql-load-balancer: site-server/sql-server/load-balancer-smb
  ss > sql udp/135 => undocumented
  ss > sql tcp/50000 => undocumented
  ss > sql tcp/1433 => documented by port if: site-server/sql-server/sql

site server -> SQL Server, neither; current
+ conditions.remote-sql-installation = false
+ conditions.sql-load-balancer = false
  ss > sql tcp/445 => undocumented
  ss > sql tcp/135 => undocumented
  ss > sql tcp/135; ss > sql tcp/50000 => undocumented

site server <-> issuing CA; every edition
  ss > ca tcp/135 => documented by port if certificate-profiles: site-server/issuing-certification-authority/rpc-endpoint-mapper
  ca > ss tcp/135; ca > ss tcp/50000
    => documented by expectation if certificate-profiles: site-server/issuing-certification-authority/rpc

site server <-> issuing CA; current
+ conditions.certificate-profiles = true
  ss > ca tcp/135 => documented by port if: site-server/issuing-certification-authority/rpc-endpoint-mapper

site server <-> issuing CA; current
+ conditions.certificate-profiles = false
  ss > ca tcp/135 => undocumented
  ss > ca tcp/50000 => undocumented

client -> global catalog; every edition
  client > gc tcp/3268
    => documented by port if domain-joined-clients: client/global-catalog-domain-controller/global-catalog-ldap

client -> global catalog; current
+ conditions.domain-joined-clients = false
  client > gc tcp/3268 => undocumented

client -> global catalog; 2016-09
  client > gc tcp/3269 => documented by port: client/global-catalog-domain-controller/global-catalog-ldaps

client -> global catalog; 2018-02 current
  client > gc tcp/3269 => undocumented

client -> domain controller that is no global catalog; current
  client > dc tcp/3268 => undocumented

list: client to server shares; every edition
  client > share tcp/445 => documented by port if unc-shares: client/share-server/smb

list: client to server shares; current
+ conditions.unc-shares = false
  client > share tcp/445 => undocumented

list: installation of internet-based site systems; every edition
  dp > ss tcp/445 => documented by port if internet-based-installation: distribution-point/site-server/smb-installation

remote content library; 2020-04 current
  ss > content tcp/445 => documented by port if remote-content-library: site-server/remote-content-library-server/smb

remote content library; 2016-09 2018-02
  ss > content tcp/445 => undocumented

// Several rules: all of them, none silently.
several roles; every edition
  client > both tcp/443 => documented by port: client/distribution-point/https client/management-point/https

several roles; current
  dp > mp tcp/443 => documented by port: client/management-point/https distribution-point/management-point/https
  pull > source tcp/443
    => documented by port: client/distribution-point/https pull-distribution-point/distribution-point-source/https
  pull > mp tcp/80 => documented by port: client/management-point/http distribution-point/management-point/http

practice: a managed server is a client too, but only where it opens; current
  sql > mp tcp/443 => documented by port: client/management-point/https
  client > sql tcp/8003 => undocumented

pull-distribution point; 2020-04
  pull > source tcp/443 => documented by port: client/distribution-point/https

// Who is known.
known ends; current
  client > mp tcp/4444 => undocumented
  stranger > mp tcp/443 => foreign
  client > stranger tcp/445 => foreign
  stranger > stranger2 tcp/443 => out-of-scope
  client > 10.10.4.1 tcp/22 => local
  169.254.1.1 > 169.254.1.2 tcp/445 => local

known ends: the fixed page before the own rule; current
+ [[rule]]
+ id = "web"
+ from = "client"
+ to = "management-point"
+ tcp = [443, 9443]
+ why = "CHG1"
  client > mp tcp/9443 => approved by port: web
  client > mp tcp/443 => documented by port: client/management-point/https

introduction: the companion explains what the page leaves out; current
+ companions = ["windows-domain"]
  client > dc tcp/88 => documented by port: client/windows-server/kerberos
  client > dc udp/88 => baseline by port: windows-domain:member/domain-controller/kerberos
  client > dc udp/123 => baseline by port: windows-domain:member/domain-controller/ntp
  client > dc tcp/445 => baseline by port: windows-domain:member/domain-controller/smb
  client > dc icmp => baseline by icmp: windows-domain:member/domain-controller/echo
  dc > client tcp/445 => reversed by port: windows-domain:member/domain-controller/smb
  client > mp tcp/3389 => undocumented
  client > mp tcp/5985 => undocumented

introduction: the companion explains what the page leaves out; current
  client > dc udp/88 => undocumented

client push; current
+ companions = ["client-installation"]
  ss > client tcp/135; ss > client tcp/50000 => baseline by expectation: client-installation:site-server/client/rpc
  ss > client tcp/445 => baseline by port: client-installation:site-server/client/smb

// SSL bridging: the reverse proxy acts as the client.
introduction, SSL bridging; 2016-09 current
+ [[host]]
+ name = "bridge"
+ address = "10.60.0.2"
+ roles = ["client"]
  bridge > mp tcp/443 => documented by port: client/management-point/https
  bridge > sup tcp/8531 => documented by port: client/software-update-point/https
  mp > bridge tcp/443 => reversed by port: client/management-point/https

// Translation: a virtual address holds the roles of those behind it.
load balancer and DNAT, declared; current
+ [[nat]]
+ vip = "10.20.0.100"
+ members = ["mp"]
  client > 10.20.0.100 tcp/443 => documented by port: client/management-point/https
  client >| 10.20.0.100 tcp/443 => documented by port: client/management-point/https
  client |< mp tcp/443; client >| 10.20.0.100 tcp/443 => documented by port: client/management-point/https
  client > 10.20.0.100 tcp/4444 => undocumented

load balancer with a port of its own, declared; current
+ [[nat]]
+ vip = "10.20.0.100:8443"
+ members = ["mp:443"]
  client > 10.20.0.100 tcp/8443 => documented by port: client/management-point/https
  client > 10.20.0.100 tcp/443 => undocumented

load balancer, not declared; current
  client > 10.20.0.100 tcp/443 => foreign

source NAT, declared; current
+ [[nat]]
+ self = "10.20.0.1"
+ members = ["mp"]
+ hides = 200
  10.20.0.1 > mp tcp/443 => documented by port: client/management-point/https
"#;
