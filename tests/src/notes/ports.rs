//! Notes 1, 2 and 3, and SQL Server: ports that a site file replaces, and those that it leaves.

/// The cases, in the notation of [`super::Case`].
pub const CASES: &str = r#"
note 1, no proxy; current
  sup > public tcp/80 => documented by port: software-update-point/internet/http
  ep > public tcp/80 => documented by port: endpoint-protection-point/internet/http
  sup > 10.9.0.8 tcp/8080 => foreign

// The proxy stands for all that is public: the cloud services too.
note 1; 2016-09 2018-02
+ options.proxy = ["10.9.0.8:8080"]
  sup > 10.9.0.8 tcp/8080 => documented by port: client/cloud-distribution-point/https software-update-point/internet/http
  ss > 10.9.0.8 tcp/8080
    => documented by port: client/cloud-distribution-point/https site-server/cloud-distribution-point/https site-server/internet/http

note 1; 2020-04 current
+ options.proxy = ["10.9.0.8:8080"]
+ roles.cloud-management-gateway = ["!0.0.0.0/0", "!::/0"]
+ roles.cloud-distribution-point = ["!0.0.0.0/0", "!::/0"]
  sup > 10.9.0.8 tcp/8080 => documented by port: software-update-point/internet/http
  sup > public tcp/80 => documented by port: software-update-point/internet/http

note 1; current
+ options.proxy = ["10.9.0.8:8080"]
  sup > 10.9.0.8 tcp/80 => undocumented
  stranger > 10.9.0.8 tcp/8080 => foreign
  // A proxy only answers for the internet.
  10.9.0.8 > sup tcp/8080 => undocumented

// A custom port replaces the default: it is not added to it.
note 2, client HTTPS; every edition
+ ports.client-https = 8443
  client > mp tcp/8443 => documented by port: client/management-point/https
  client > mp tcp/443 => undocumented

note 2, client HTTPS; current
+ ports.client-https = 8443
  client > dp tcp/8443 => documented by port: client/distribution-point/https
  client > smp tcp/8443 => documented by port: client/state-migration-point/https
  client > smp tcp/443 => undocumented
  dp > mp tcp/8443 => documented by port: client/management-point/https distribution-point/management-point/https
  cmgcp > mp tcp/8443 => documented by port: client/management-point/https cmg-connection-point/management-point/https

note 2, client HTTP; 2016-09 current
+ ports.client-http = 8080
  client > mp tcp/8080 => documented by port: client/management-point/http
  client > mp tcp/80 => undocumented
  client > fsp tcp/8080 => documented by port: client/fallback-status-point/http
  client > fsp tcp/80 => undocumented

note 2, HTTP stays documented under HTTPS; current
  client > mp tcp/80 => documented by port: client/management-point/http
  client > dp tcp/80 => documented by port: client/distribution-point/http

note 2, client notification; current
+ ports.client-notification = 10125
  client > mp tcp/10125 => documented by port: client/management-point/client-notification
  client > mp tcp/10123 => undocumented

note 2, client notification; every edition
  client > mp tcp/10123 => documented by port: client/management-point/client-notification

note 2, express updates; 2020-04 current
  client > dp tcp/8005 => documented by port: client/distribution-point/express-updates

note 2, express updates; 2016-09 2018-02
  client > dp tcp/8005 => undocumented

note 2, express updates; current
+ ports.express-updates = 8006
  client > dp tcp/8005 => undocumented

note 2, reporting services; current
+ ports.reporting-https = 9443
  console > rsp tcp/9443 => documented by port: configuration-manager-console/reporting-services-point/https
  console > rsp tcp/443 => undocumented
  console > rsp tcp/80 => documented by port: configuration-manager-console/reporting-services-point/http

note 2, enrollment; current
+ ports.enrollment-https = 4443
  enrollp > enroll tcp/4443 => documented by port: enrollment-proxy-point/enrollment-point/https
  enrollp > enroll tcp/443 => undocumented

note 2, certificate registration; 2018-02 current
+ ports.certificate-registration-https = 4443
  ndes > crp tcp/4443 => documented by port: ndes-policy-module/certificate-registration-point/https
  ndes > crp tcp/443 => undocumented

note 2, Application Catalog; 2016-09 2020-04
+ ports.application-catalog-https = 4443
  catalog > catalog2 tcp/4443
    => documented by port: application-catalog-website-point/application-catalog-web-service-point/https
  catalog > catalog2 tcp/443 => undocumented

// WSUS: pairs, never mixed.
note 3, the site file says nothing; every edition
  client > sup tcp/80 => documented by port: client/software-update-point/http
  client > sup tcp/8530 => documented by port: client/software-update-point/http
  client > sup tcp/443 => documented by port: client/software-update-point/https
  client > sup tcp/8531 => documented by port: client/software-update-point/https

note 3, 80 and 443; 2016-09 current
+ ports.wsus-http = 80
+ ports.wsus-https = 443
  client > sup tcp/443 => documented by port: client/software-update-point/https
  client > sup tcp/80 => documented by port: client/software-update-point/http
  client > sup tcp/8530 => undocumented
  client > sup tcp/8531 => undocumented

note 3, N and N + 1; current
+ ports.wsus-http = 9000
+ ports.wsus-https = 9001
  client > sup tcp/9000 => documented by port: client/software-update-point/http
  client > sup tcp/9001 => documented by port: client/software-update-point/https
  client > sup tcp/8530 => undocumented
  client > sup tcp/443 => undocumented
  ss > sup tcp/9001 => documented by port: client/software-update-point/https site-server/software-update-point/https
  sup > wsus tcp/9001 => documented by port: software-update-point/upstream-wsus-server/https
  sup > wsus tcp/8531 => undocumented
  cmgcp > sup tcp/9001 => documented by port: client/software-update-point/https cmg-connection-point/software-update-point/https

note 3, one server; current
+ [[host]]
+ name = "sup2"
+ address = "10.20.0.61"
+ roles = ["software-update-point"]
+ ports = { wsus-http = 8530, wsus-https = 8531 }
  client > sup2 tcp/8530 => documented by port: client/software-update-point/http
  client > sup2 tcp/80 => undocumented
  client > sup tcp/80 => documented by port: client/software-update-point/http

note 3, the database of WSUS; 2020-04 current
  ss > susdb tcp/1433 => documented by port if wsus-cleanup: site-server/sql-server-wsus/sql

note 3, the database of WSUS; 2016-09 2018-02
  ss > susdb tcp/1433 => undocumented

note 3, the database of WSUS; current
+ conditions.wsus-cleanup = false
  ss > susdb tcp/1433 => undocumented

note 3, the database of WSUS; 2020-04
+ ports.sql-wsus = 14331
  ss > susdb tcp/14331 => documented by port: site-server/sql-server-wsus/sql
  ss > susdb tcp/1433 => undocumented

// SQL Server: fixed ports, one for each instance.
note 2, SQL Server; every edition
+ ports.sql = 14330
  mp > sql tcp/14330 => documented by port: management-point/sql-server/sql
  mp > sql tcp/1433 => undocumented

note 2, SQL Server broker; current
+ ports.sql-broker = 4023
  sql > sql2 tcp/4023 => documented by port: sql-server/sql-server/sql-broker
  sql > sql2 tcp/4022 => undocumented

SQL list, several instances; current
+ [[sql-instance]]
+ name = "INST1"
+ address = "sql"
+ port = 14331
+ [[sql-instance]]
+ name = "INST2"
+ address = "sql"
+ port = 14332
  mp > sql tcp/14331 => documented by port: management-point/sql-server/sql
  mp > sql tcp/14332 => documented by port: management-point/sql-server/sql
  mp > sql tcp/1433 => undocumented
  mp > sql2 tcp/1433 => documented by port: management-point/sql-server/sql
  mp > sql2 tcp/14331 => undocumented

SQL list, Browser is not needed; every edition
  mp > sql udp/1434 => undocumented

SQL list, Browser is not needed; current
  sql > sql2 udp/1434 => undocumented

SQL list, a dynamic port is not supported; current
  mp > sql tcp/50000 => undocumented

SQL list, every replica counts as SQL Server; current
  ss > sql2 tcp/1433 => documented by port: site-server/sql-server/sql
  rsp > sql2 tcp/1433 => documented by port: reporting-services-point/sql-server/sql

SQL list, replicas among themselves; current
  sql > sql2 tcp/5022 => undocumented

SQL list, replicas among themselves; current
+ companions = ["sql-availability-group"]
  sql > sql2 tcp/5022 => baseline by port: sql-availability-group:sql-server/sql-server/availability-group-endpoint
  sql2 > sql tcp/5022 => baseline by port: sql-availability-group:sql-server/sql-server/availability-group-endpoint
  sql > sql2 tcp/1433 => documented by port: sql-server/sql-server/sql

SQL list, service connection point; current
  scp > sql tcp/1433 => documented by port: service-connection-point/sql-server/sql

SQL list, service connection point; 2020-04
  scp > sql tcp/1433 => undocumented
"#;
