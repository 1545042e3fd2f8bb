//! What the site file says of the network around the computers, from outside: each mistake with its file and line, and
//! what is worth a warning.

use anyhow::Result;
use cmflow_tests::site_files::{refused, warned};

#[test]
fn dynamic_ports() -> Result<()> {
    refused(&[
        (
            &[(
                "site.toml",
                b"[options]\nrpc = \"strikt\"\nrpc-lifetime-minutes = 0\nrpcs = 1",
            )],
            &[
                "site.toml:2: rpc has no choice \"strikt\"; did you mean \"strict\"?",
                "site.toml:3: rpc-lifetime-minutes is 0; it must be 1 to 1440",
                "site.toml:4: unknown key \"rpcs\" in [options]; did you mean \"rpc\"?",
            ],
        ),
        (
            &[(
                "site.toml",
                b"[options]\nrpc = true\nrpc-lifetime-minutes = \"10\"",
            )],
            &[
                "site.toml:2: rpc is a boolean; it must be a string such as \"range\"",
                "site.toml:3: rpc-lifetime-minutes is a string; it must be a whole number",
            ],
        ),
        (
            &[
                (
                    "site.toml",
                    b"include = \"a.toml\"\n[options]\nrpc = \"range\"\nrpc-lifetime-minutes = 10",
                ),
                (
                    "a.toml",
                    b"[options]\nrpc = \"strict\"\nrpc-lifetime-minutes = 1441",
                ),
            ],
            &[
                "a.toml:2: rpc is set twice, here and in site.toml:3; remove one",
                "a.toml:3: rpc-lifetime-minutes is set twice, here and in site.toml:4; remove one",
            ],
        ),
    ])?;
    warned(&[
        (
            &[(
                "site.toml",
                b"companions = []\nnetworks.internal = \"10.0.0.0/8\"\nroles.client = \"10.0.0.0/8\"\n\
                  [ports]\nrpc-dynamic = \"1024-5000\"\nsql-broker = 6022\n\
                  [[host]]\nname = \"mp01\"\naddress = \"10.1.0.11\"\nroles = \"management-point\"\n\
                  ports = { rpc-dynamic = [\"50000-50100\", \"50100-50200\"] }\n\
                  [[host]]\nname = \"mp02\"\naddress = \"10.1.0.12\"\nroles = \"management-point\"\n\
                  ports = { rpc-dynamic = [\"50000-50100\", \"50101-50200\"] }\n\
                  [[host]]\nname = \"mp03\"\naddress = \"10.1.0.13\"\nroles = \"management-point\"\n\
                  ports = { rpc-dynamic = [\"600-610\", 50000, 50000] }",
            )],
            &[
                "site.toml:5: \"rpc-dynamic\" takes in documented fixed ports, which go on counting as such: 1433 (sql), \
                 2701 (remote-control), 3268 (global-catalog-ldap), 3389 \
                 (remote-assistance); narrow the range if you can",
                "site.toml:11: \"rpc-dynamic\" names 50000-50100 and 50100-50200, which overlap; write 50000-50200",
                "site.toml:21: \"rpc-dynamic\" names 50000 twice; remove one",
                "site.toml:21: \"rpc-dynamic\" begins at 600; Windows picks dynamic ports from 1024 on, and those below \
                 belong to services",
            ],
        ),
        (
            &[(
                "site.toml",
                b"networks.internal = \"10.0.0.0/8\"\nroles.client = \"10.0.0.0/8\"\n\
                  [ports]\nclient-https = 5002\n[[site]]\ncode = \"PR1\"\nports = { rpc-dynamic = \"5001-5010\" }",
            )],
            &["site.toml:7: \"rpc-dynamic\" takes in documented fixed ports, which go on counting as such: 5002 \
               (client-https); narrow the range if you can"],
        ),
    ])
}

#[test]
fn proxies() -> Result<()> {
    refused(&[
        (
            &[(
                "site.toml",
                b"[options]\nproxy = [\n\"10.9.0.8\",\n\"fd00::8\",\n\"10.9.0.8:0\",\n\"10.9.0.0/24\",\n\"proxi:8080\",\n\
                  \"10.9.0.8:http\",\n\"10.9.0.8:8080\",\n\"10.9.0.9:8080\",\n\"proxy:8080\",\n8080]\n\
                  [[host]]\nname = \"proxy\"\naddress = \"10.9.0.9\"\nroles = \"windows-server\"",
            )],
            &[
                "site.toml:3: the proxy \"10.9.0.8\" has no port; write it like \"10.9.0.8:8080\"",
                "site.toml:4: the proxy \"fd00::8\" has no port; write it like \"[fd00::8]:8080\"",
                "site.toml:5: port 0 is outside 1 to 65535",
                "site.toml:6: \"10.9.0.0/24\" is a prefix; write single addresses",
                "site.toml:7: \"proxi\" is neither an address nor the name of a [[host]]; did you mean \"proxy\"?",
                "site.toml:8: \"10.9.0.8:http\" is no address, with a port or without; write it like \"10.9.0.8:8080\" or \
                 \"[fd00::8]:3128\"",
                "site.toml:11: \"proxy:8080\" is a proxy twice, here and in line 10; remove one",
                "site.toml:12: an entry of proxy is an integer; it must be a string or a list of strings",
            ],
        ),
        // The most specific statement decides whether somebody is a client.
        (
            &[
                (
                    "site.toml",
                    b"include = \"a.toml\"\n[options]\nproxy = [\"10.9.0.8:8080\", \"10.9.0.8:8081\",\n\"10.9.0.7:8080\",\n\
                      \"10.8.0.1:8080\"]",
                ),
                (
                    "a.toml",
                    b"[roles]\nclient = [\n\"10.9.0.0/16\",\n\"!10.9.0.7\",\n\"10.8.0.1\"]",
                ),
            ],
            &[
                "site.toml:3: \"10.9.0.8\" is a proxy here and a client by \"10.9.0.0/16\" (a.toml:3); write \"!10.9.0.8\" \
                 beside that prefix, or remove the proxy",
                "site.toml:5: \"10.8.0.1\" is a proxy here and a client by \"10.8.0.1\" (a.toml:5); remove one",
            ],
        ),
    ])
}

#[test]
fn instances_of_sql_server() -> Result<()> {
    refused(&[
        (
            &[(
                "site.toml",
                b"[[sql-instance]]\nport = 0\n[[sql-instance]]\naddress = \"10.30.0.6:1433\"\nport = [1433, 1434]\n\
                  [[sql-instance]]\naddress = [\"sql1\"]\nname = 1\nprot = 1433\n\
                  [[host]]\nname = \"sql01\"\naddress = \"10.30.0.6\"\nroles = \"sql-server\"",
            )],
            &[
                "site.toml:1: a [[sql-instance]] has no address; write address = \"10.30.0.6\"",
                "site.toml:2: port 0 is outside 1 to 65535",
                "site.toml:4: \"10.30.0.6:1433\" has a port; write the address without \":1433\"",
                "site.toml:5: \"port\" takes one port, not a range or a list",
                "site.toml:6: a [[sql-instance]] has no port; write port = 1433",
                "site.toml:7: \"sql1\" is neither an address nor the name of a [[host]]; did you mean \"sql01\"?",
                "site.toml:8: name is an integer; it must be a string such as \"INST1\"",
                "site.toml:9: unknown key \"prot\" in [[sql-instance]]; did you mean \"port\"?",
            ],
        ),
        (
            &[("site.toml", b"[sql-instance]\nport = 1433")],
            &["site.toml:1: sql-instance is a table; it must be a list of tables, each begun by [[sql-instance]]"],
        ),
        // A port is one instance's; a computer has its ports as instances or as ports, not as both.
        (
            &[
                (
                    "site.toml",
                    b"include = \"a.toml\"\n[[sql-instance]]\naddress = \"sql01\"\nport = 1433\n\
                      [[sql-instance]]\naddress = \"10.30.0.7\"\nport = 1433\nservice-broker = 1433",
                ),
                (
                    "a.toml",
                    b"[[sql-instance]]\naddress = \"10.30.0.6\"\nport = 1433\n\
                      [[host]]\nname = \"sql01\"\naddress = \"10.30.0.6\"\nroles = \"sql-server\"\n\
                      ports = { sql = 1500, sql-broker = 4023 }",
                ),
            ],
            &[
                "site.toml:2: host \"sql01\" has ports = { sql = ... } (a.toml:8) and an instance here; write each port as \
                 an instance, or none",
                "site.toml:5: port 1433 of 10.30.0.7 is given twice, here and in line 5; each instance has one of its own",
                "a.toml:1: port 1433 of 10.30.0.6 is given twice, here and in site.toml:2; each instance has one of its own",
                "a.toml:1: host \"sql01\" has ports = { sql = ... } (line 8) and an instance here; write each port as an \
                 instance, or none",
            ],
        ),
    ])?;
    warned(&[(
        &[(
            "site.toml",
            b"networks.internal = \"10.0.0.0/8\"\n[roles]\nclient = [\"10.10.0.0/16\"]\nsql-server-wsus = [\"10.30.0.7\"]\n\
              [[sql-instance]]\naddress = [\"10.30.0.6\", \"10.30.0.7\"]\nport = 50000\n\
              [[host]]\nname = \"sql01\"\naddress = \"10.30.0.6\"\nroles = \"management-point\"\n\
              ports = { rpc-dynamic = \"50001-50100\" }",
        )],
        &[
            "site.toml:5: 10.30.0.6 is no \"sql-server\"; the instance changes no port there",
            "site.toml:5: port 50000 lies in 49152-65535, the dynamic ports of 10.30.0.7: the page wants a fixed port for \
             each instance, and another program may take this one",
        ],
    )])
}

#[test]
fn sides_of_interfaces() -> Result<()> {
    refused(&[
        (
            &[
                (
                    "site.toml",
                    b"include = \"a.toml\"\n[interfaces]\neth0 = \"clint\"\neth1 = [\"client\"]\neth2 = \"client\"\n\
                      \"client side of the site\" = \"client\"",
                ),
                ("a.toml", b"[interfaces]\neth2 = \"client\""),
            ],
            &[
                "site.toml:3: unknown role \"clint\"; did you mean \"client\"?",
                "site.toml:4: eth1 is a list; it must be a role such as \"client\"",
                "site.toml:6: \"client side of the site\" is no name of an interface; it has 1 to 15 letters, as in \"eth1\"",
                "a.toml:2: eth2 is set twice, here and in site.toml:5; remove one",
            ],
        ),
        (
            &[("site.toml", b"interfaces = \"eth0\"")],
            &["site.toml:1: interfaces is a string; it must be a table, as in [interfaces]"],
        ),
    ])
}

#[test]
fn translations() -> Result<()> {
    refused(&[
        (
            &[(
                "site.toml",
                b"[[nat]]\nvip = \"10.20.0.10\"\n[[nat]]\nmembers = [\"mp1\"]\n\
                  [[nat]]\nvip = \"10.20.0.300\"\nmembers = [\"mp01\"]\nhides = 40\nroles = \"client\"\n\
                  [[nat]]\nself = \"10.20.0.1:80\"\nmember = 1\nmembers = 1\nhides = 0\nroles = [\"clint\"]\n\
                  [[host]]\nname = \"mp01\"\naddress = \"10.20.0.11\"\nroles = \"management-point\"",
            )],
            &[
                "site.toml:1: a [[nat]] has no members; write members = [\"10.20.0.11\", \"10.20.0.12\"]",
                "site.toml:3: a [[nat]] has neither vip nor self; write vip = \"10.20.0.10\", or self for a source NAT",
                "site.toml:4: \"mp1\" is neither an address nor the name of a [[host]]; did you mean \"mp01\"?",
                "site.toml:6: \"10.20.0.300\" is no address, with a port or without; write it like \"10.9.0.8:8080\" or \
                 \"[fd00::8]:3128\"",
                "site.toml:8: hides speaks of what is behind self, and this [[nat]] has none; write self = \"10.20.0.1\", or \
                 remove it",
                "site.toml:9: roles speaks of what is behind self, and this [[nat]] has none; write self = \"10.20.0.1\", or \
                 remove it",
                "site.toml:11: \"10.20.0.1:80\" has a port; write the address without \":80\"",
                "site.toml:12: unknown key \"member\" in [[nat]]; did you mean \"members\"?",
                "site.toml:13: members is an integer; it must be a string or a list of strings",
                "site.toml:14: hides is 0; it must be 1 or more",
                "site.toml:15: unknown role \"clint\"; did you mean \"client\"?",
            ],
        ),
        // What an address cannot be at once.
        (
            &[
                (
                    "site.toml",
                    b"include = \"a.toml\"\n[[nat]]\nvip = [\"10.20.0.10\",\n\"10.10.0.10\",\n\"10.20.0.11\"]\n\
                      members = [\"10.20.0.11\",\n\"10.20.0.12\"]\n\
                      [[nat]]\nvip = [\"10.20.0.20:80\",\n\"10.20.0.20:443\"]\n\
                      members = [\"10.20.0.11:8080\", \"10.20.0.11:8443\"]\n\
                      [roles]\nclient = \"10.10.0.0/16\"\nmanagement-point = [\"10.20.0.11\", \"10.20.0.12\"]",
                ),
                (
                    "a.toml",
                    b"[[nat]]\nvip = \"10.20.0.10:443\"\nself = [\n\"10.20.0.10\"]\nmembers = \"10.20.0.12\"\n\
                      [[nat]]\nvip = \"10.20.0.20:8530\"\nmembers = \"10.20.0.12\"",
                ),
            ],
            &[
                "site.toml:4: \"10.10.0.10\" is a vip here and a client by \"10.10.0.0/16\" (line 13); write \"!10.10.0.10\" \
                 beside that prefix",
                "site.toml:5: \"10.20.0.11\" is a vip here and a member of a [[nat]] (line 6); remove one",
                "site.toml:9: nobody can say which port of the members each port of the vip \"10.20.0.20\" stands for; write a \
                 [[nat]] for each port",
                "a.toml:2: \"10.20.0.10\" is a vip here and a vip already (site.toml:3); remove one",
                "a.toml:4: \"10.20.0.10\" is self here and a vip (site.toml:3); remove one",
            ],
        ),
    ])?;
    warned(&[(
        &[(
            "site.toml",
            b"networks.internal = \"10.0.0.0/8\"\n[roles]\nclient = [\"10.10.0.0/16\"]\nmanagement-point = \"10.20.0.11\"\n\
              [[nat]]\nvip = \"10.20.0.10\"\nmembers = [\"10.20.0.11\",\n\"10.20.0.12\"]\n\
              [[nat]]\nself = \"192.168.0.1\"\nmembers = \"10.20.0.13\"",
        )],
        &[
            "site.toml:8: the member \"10.20.0.12\" holds no role; the vip gets none from it",
            "site.toml:10: client network \"192.168.0.1/32\" lies in none of [networks] internal",
            "site.toml:11: the member \"10.20.0.13\" holds no role; nothing that is asked there is documented",
        ],
    )])
}
