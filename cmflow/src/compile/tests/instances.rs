//! Note 2 and the page's list of connections to SQL Server: a port for each instance, several on one computer.

use cmflow_common::verdict::VerdictKind::{Documented, Undocumented};

use super::meaning::check;

const SITE: &str = r#"
companions = []
[networks]
internal = ["10.0.0.0/8"]
[ports]
sql = 1500
sql-broker = 4023
[roles]
site-server = ["10.30.0.5"]
sql-server = ["10.30.0.6", "10.30.0.7", "10.30.0.8"]
sql-server-wsus = ["10.30.0.7"]
[[host]]
name = "sql04"
address = ["10.30.0.9", "10.30.0.10"]
roles = "sql-server"
ports = { sql-broker = 4024 }
[[sql-instance]]
address = "10.30.0.6"
port = 1433
[[sql-instance]]
name = "CM"
address = "10.30.0.6"
port = 14330
service-broker = 14022
[[sql-instance]]
address = "10.30.0.7"
port = 14331
[[sql-instance]]
address = "SQL04"
port = 14332
"#;

#[test]
fn an_instance_replaces_the_port_of_sql_server_at_its_computer() {
    let sql = &["site-server/sql-server/sql"][..];
    let wsus = &["site-server/sql-server-wsus/sql", "site-server/sql-server/sql"][..];
    let replica = &["sql-server/sql-server/sql"][..];
    let broker = &["sql-server/sql-server/sql-broker"][..];
    check(
        SITE,
        &[
            // Two instances, two ports; neither the default nor the port of the hierarchy stands beside them.
            ("10.30.0.5 10.30.0.6 tcp/1433", Documented, sql),
            ("10.30.0.5 10.30.0.6 tcp/14330", Documented, sql),
            ("10.30.0.5 10.30.0.6 tcp/1500", Undocumented, &[]),
            ("10.30.0.5 10.30.0.6 tcp/14331", Undocumented, &[]),
            // The instances are also those of the WSUS database.
            ("10.30.0.5 10.30.0.7 tcp/14331", Documented, wsus),
            ("10.30.0.5 10.30.0.7 tcp/1433", Undocumented, &[]),
            // A computer without an instance has what holds around it.
            ("10.30.0.5 10.30.0.8 tcp/1500", Documented, sql),
            ("10.30.0.5 10.30.0.8 tcp/1433", Undocumented, &[]),
            // A named computer is meant with all of its addresses.
            ("10.30.0.5 10.30.0.9 tcp/14332", Documented, sql),
            ("10.30.0.5 10.30.0.10 tcp/14332", Documented, sql),
            // Service Broker: the instance's where it says one, else what holds there anyway.
            ("10.30.0.8 10.30.0.6 tcp/14022", Documented, broker),
            ("10.30.0.8 10.30.0.6 tcp/4023", Undocumented, &[]),
            ("10.30.0.8 10.30.0.7 tcp/4023", Documented, broker),
            ("10.30.0.8 10.30.0.9 tcp/4024", Documented, broker),
            ("10.30.0.8 10.30.0.6 tcp/14330", Documented, replica),
            // SQL Server Browser is not needed with fixed ports.
            ("10.30.0.5 10.30.0.6 udp/1434", Undocumented, &[]),
        ],
    );
}
