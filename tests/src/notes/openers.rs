//! Who opened it decides: the legend of the page, note 5, and the ends that have the same role.

/// The cases, in the notation of [`super::Case`].
pub const CASES: &str = r#"
// The legend: the left end opens, the other answers.
legend, "-->"; every edition
  client > mp tcp/443 => documented by port: client/management-point/https

legend, "-->"; current
  client6 > mp6 tcp/443 => documented by port: client/management-point/https

legend, "-->"; every edition
  mp > client tcp/443 => reversed by port: client/management-point/https

legend, "-->"; current
  sql > mp tcp/1433 => reversed by port: management-point/sql-server/sql

legend, "-->"; 2016-09 current
  client > winserv udp/53 => documented by port: client/windows-server/dns

legend, "-->"; current
  winserv > client udp/53 => reversed by port: client/windows-server/dns
  client ? mp tcp/443 => documented by port: client/management-point/https
  client ! mp tcp/443 => documented by port: client/management-point/https

// Either end opens.
legend, "<-->"; every edition
  mp > ss tcp/445 => documented by port: management-point/site-server/smb
  ss > mp tcp/445 => documented by port: management-point/site-server/smb

legend, "<-->"; current
  ep > ss tcp/445 => documented by port: site-server/endpoint-protection-point/smb
  ss > ep udp/135 => documented by port: site-server/endpoint-protection-point/rpc-endpoint-mapper

legend, "<-->"; 2020-04 current
  cmgcp > ss tcp/445 => documented by port: site-server/cmg-connection-point/smb

legend, "<-->"; 2016-09 2018-02 2020-04
  catalog > ss tcp/445 => documented by port: site-server/application-catalog-website-point/smb

legend, "<-->"; current
  catalog > ss tcp/445 => undocumented

// The same role at both ends: direction says nothing.
same role at both ends; every edition
  sql > sql2 tcp/1433 => documented by port: sql-server/sql-server/sql

same role at both ends; current
  sql2 > sql tcp/1433 => documented by port: sql-server/sql-server/sql
  sql2 > sql tcp/4022 => documented by port: sql-server/sql-server/sql-broker

same role at both ends; every edition
  ss > ss2 tcp/445 => documented by port: site-server/site-server/smb

same role at both ends; current
  ss2 > ss tcp/445 => documented by port: site-server/site-server/smb

same role at both ends; 2020-04 current
  client > client2 tcp/8003 => documented by port: client/client/peer-cache-download

same role at both ends; current
  client2 > client tcp/8003 => documented by port: client/client/peer-cache-download

same role at both ends; 2016-09 2018-02
  client > client2 tcp/8003 => undocumented

// What the first packet proves.
legend: a SYN-ACK names its receiver; current
  client + mp tcp/443 => documented by port: client/management-point/https
  mp + client tcp/443 => reversed by port: client/management-point/https

legend: under way, inferred; current
  client ~ mp tcp/443 => documented by port inferred: client/management-point/https
  client <~ mp tcp/443 => documented by port inferred: client/management-point/https

legend: inferred is never reversed; current
  mp ~ client tcp/443 => undocumented inferred | reversed by port: client/management-point/https
  mp <~ client tcp/443 => undocumented inferred | reversed by port: client/management-point/https

legend: a SYN puts it right; current
  mp ~ client tcp/443; mp ? client tcp/443 => reversed by port: client/management-point/https
  mp@443 ~ client tcp/40123
    => documented by port inferred opened by client: client/management-point/https | undocumented
  mp@443 ~ client tcp/40123; mp@443 ? client tcp/40123 => undocumented

legend: a SYN-ACK puts it right; current
  mp ~ client tcp/443; mp + client tcp/443 => reversed by port: client/management-point/https

legend: the first datagram names its sender; current
  client@5000 > mp udp/6000 => undocumented
  mp@6000 > client udp/5000 => undocumented

legend: a datagram under way, inferred; current
  early; client@5000 > mp udp/6000 => undocumented inferred opened by mp | undocumented
  early; client <~ winserv udp/53 => documented by port inferred: client/windows-server/dns

legend: a datagram toward a documented port; current
  early; client > winserv udp/53 => documented by port: client/windows-server/dns

legend: an echo request names its sender; current
  client > client2 icmp => documented by icmp: client/client/wake-up-proxy-echo

// Note 5: the site system waits until the site server comes.
note 5; every edition
+ options.site-server-initiates = ["mp"]
  mp > ss tcp/445 => reversed by port: management-point/site-server/smb
  ss > mp tcp/445 => documented by port: management-point/site-server/smb

note 5; current
+ options.site-server-initiates = ["mp"]
  mp > ss tcp/135 => reversed by port: management-point/site-server/rpc-endpoint-mapper
  mp > ss tcp/135; mp > ss tcp/50000 => reversed by range: management-point/site-server/rpc
  ss > mp tcp/135; ss > mp tcp/50000 => documented by expectation: management-point/site-server/rpc

note 5, per site system; current
+ options.site-server-initiates = ["mp"]
  fsp > ss tcp/445 => documented by port: site-server/fallback-status-point/smb

note 5, fallback status point; 2020-04 current
+ options.site-server-initiates = ["fsp"]
  fsp > ss tcp/445 => reversed by port: site-server/fallback-status-point/smb

note 5, software update point; 2020-04 current
+ options.site-server-initiates = ["sup"]
  sup > ss tcp/445 => reversed by port: site-server/software-update-point/smb

note 5, state migration point; 2020-04 current
+ options.site-server-initiates = ["smp"]
  smp > ss tcp/445 => reversed by port: site-server/state-migration-point/smb

note 5, any other site system; current
+ options.site-server-initiates = ["ep"]
  ep > ss tcp/445 => reversed by port: site-server/endpoint-protection-point/smb

note 5, reporting services point sends no status; 2018-02 current
  rsp > ss tcp/445 => documented by port: site-server/reporting-services-point/smb

note 5, reporting services point; current
+ options.site-server-initiates = ["rsp"]
  rsp > ss tcp/445 => reversed by port: site-server/reporting-services-point/smb

note 5, distribution point sends no status; every edition
+ conditions.internet-based-installation = false
  dp > ss tcp/445 => reversed by port: site-server/distribution-point/smb

note 5, distribution point; current
  ss > dp tcp/445 => documented by port: site-server/distribution-point/smb

note 5, distribution point with the option; current
+ options.site-server-initiates = ["dp"]
  dp > ss tcp/445
    => reversed by port: distribution-point/site-server/smb-installation site-server/distribution-point/smb

// A note at the SMS Provider: any computer.
note at the SMS Provider; current
  console > provider tcp/443
    => documented by port: configuration-manager-console/sms-provider/https member/sms-provider/administration-service
  client > provider tcp/443 => documented by port: member/sms-provider/administration-service
  share > provider tcp/443 => documented by port: member/sms-provider/administration-service
  stranger > provider tcp/443 => foreign
  provider > client tcp/443 => reversed by port: member/sms-provider/administration-service
  mp > provider tcp/443 => documented by port: member/sms-provider/administration-service

note at the SMS Provider; 2016-09 2018-02 2020-04
  client > provider tcp/443 => undocumented
"#;
