//! The long form of the site file from outside: each mistake with its file and line, and what is worth a warning.
//!
//! What has to do with several files is looked at in `includes.rs`.

use anyhow::Result;
use cmflow_tests::site_files::{refused, warned};

#[test]
fn sites() -> Result<()> {
    refused(&[
        (
            &[(
                "site.toml",
                b"[[site]]\ncode = \"PR1\"\nparent = \"CAX\"\n[[site]]\ncode = \"CAS\"",
            )],
            &["site.toml:3: unknown site \"CAX\"; did you mean \"CAS\"?"],
        ),
        (
            &[("site.toml", b"[[site]]\ncode = \"PR1\"\nparent = \"PR1\"")],
            &["site.toml:3: site \"PR1\" is its own parent; name another one, or remove the line"],
        ),
        (
            &[(
                "site.toml",
                b"[[site]]\ncode = \"PR1\"\nparent = \"PR2\"\n[[site]]\ncode = \"PR2\"\nparent = \"PR3\"\n\
                  [[site]]\ncode = \"PR3\"\nparent = \"PR2\"",
            )],
            &["site.toml:6: the parents of site \"PR2\" lead back to it: PR2 -> PR3 -> PR2"],
        ),
        (
            &[
                ("site.toml", b"include = \"a.toml\"\n[[site]]\ncode = \"PR1\""),
                ("a.toml", b"[[site]]\ncode = \"pr1\"\n"),
            ],
            &["a.toml:2: two sites have the code \"pr1\", here and in site.toml:3"],
        ),
        (
            &[(
                "site.toml",
                b"[[site]]\nname = \"North\"\n[[site]]\ncode = \"NORTH\"\n[site-x]",
            )],
            &[
                "site.toml:1: a [[site]] has no code; write code = \"PR1\"",
                "site.toml:4: \"NORTH\" is no site code; it has three letters or digits, as in \"PR1\"",
                "site.toml:5: unknown key \"site-x\"; did you mean \"site\"?",
            ],
        ),
        (
            &[("site.toml", b"[site]\ncode = \"PR1\"")],
            &["site.toml:1: site is a table; it must be a list of tables, each begun by [[site]]"],
        ),
        (
            &[(
                "site.toml",
                b"[[site]]\ncode = \"PR1\"\nclients = [\"10.1.0.0/16\", \"public\"]\n\
                  [[site]]\ncode = \"PR2\"\nclient = []\nclients = [\n\"10.1.0.0/16\"]",
            )],
            &[
                "site.toml:3: a site has no such word; give it addresses and prefixes",
                "site.toml:6: unknown key \"client\" in [[site]]; did you mean \"clients\"?",
                "site.toml:8: \"10.1.0.0/16\" is in site \"PR2\" here and in site \"PR1\" (line 3); remove one",
            ],
        ),
    ])
}

#[test]
fn hosts() -> Result<()> {
    refused(&[
        (
            &[(
                "site.toml",
                b"[[site]]\ncode = \"PR1\"\n[[host]]\nname = \"mp01\"\naddress = \"10.1.0.11\"\nroles = \"management-point\"",
            )],
            &["site.toml:3: host \"mp01\" is in no site; there is \"PR1\""],
        ),
        (
            &[(
                "site.toml",
                b"[[host]]\nname = \"mp01\"\naddress = \"10.1.0.11\"\nroles = \"management-point\"\nsite = \"PR1\"",
            )],
            &["site.toml:5: unknown site \"PR1\"; write [[site]] code = \"PR1\""],
        ),
        (
            &[
                ("site.toml", b"include = \"dps.csv\"\n[[host]]\nname = \"mp01\"\naddress = [\"10.1.0.11\",\n\"10.1.0.12\"]\nroles = \"management-point\""),
                ("dps.csv", b"name,address,roles\ndp1,10.1.0.12,distribution-point\ndp2,10.1.0.2 10.1.0.2,distribution-point\n"),
            ],
            &[
                "dps.csv:2: two hosts have the address \"10.1.0.12\", \"dp1\" here and \"mp01\" in site.toml:5",
                "dps.csv:3: \"10.1.0.2\" is an address of \"dp2\" twice, here and in line 3; remove one",
            ],
        ),
        (
            &[(
                "site.toml",
                b"[roles]\nmanagement-point = [\"10.1.0.0/24\", \"!10.1.0.11\"]\n\
                  [[host]]\nname = \"mp01\"\naddress = \"10.1.0.11\"\nroles = \"management-point\"\n\
                  [[host]]\nname = \"mp02\"\naddress = \"!10.1.0.12\"\nroles = \"management-point\"",
            )],
            &[
                "site.toml:5: \"10.1.0.11\" is both given to \"management-point\" and excluded from it (line 2); remove one",
                "site.toml:9: \"!10.1.0.12\" excludes something; a host has the addresses that it names",
            ],
        ),
        (
            &[("site.toml", b"[[host]]\nadress = \"10.1.0.11\"\nroles = \"management-point\"\n[[host]]\nname = \"a\"\naddress = []\nroles = []")],
            &[
                "site.toml:1: a [[host]] has no name; write name = \"mp01\"",
                "site.toml:1: host \"?\" has no address; write address = \"10.20.0.11\"",
                "site.toml:2: unknown key \"adress\" in [[host]]; did you mean \"address\"?",
                "site.toml:4: host \"a\" has no roles; name one, or remove it",
                "site.toml:4: host \"a\" has no address",
            ],
        ),
        (
            &[(
                "site.toml",
                b"[[host]]\nname = \"sql\"\naddress = \"10.1.0.0/30\"\nroles = \"sql-server\"\nports = { sql = 14330 }",
            )],
            &["site.toml:5: ports of its own are for single addresses; write them one by one"],
        ),
    ])
}

#[test]
fn ports_of_wsus_come_in_pairs() -> Result<()> {
    refused(&[
        (
            &[("site.toml", b"[ports]\nwsus-http = 8530\nwsus-https = 443")],
            &["site.toml:2: WSUS has its ports in pairs (note 3), and wsus-https is 443; wsus-http 8530 goes with wsus-https = 8531"],
        ),
        (
            &[("site.toml", b"[ports]\nwsus-http = 8080")],
            &["site.toml:2: WSUS has its ports in pairs (note 3), and wsus-https is 443 or 8531 here; wsus-http 8080 goes with wsus-https = 8081"],
        ),
        (
            &[("site.toml", b"[ports]\nwsus-http = 8530\n[[site]]\ncode = \"PR1\"\nports = { wsus-https = 443 }")],
            &["site.toml:5: WSUS has its ports in pairs (note 3), and wsus-http is 8530 here; wsus-https 443 goes with wsus-http = 80"],
        ),
        (
            &[(
                "site.toml",
                b"[[site]]\ncode = \"PR1\"\nports = { wsus-http = 8530, wsus-https = 8531 }\n\
                  [[host]]\nname = \"sup\"\naddress = \"10.1.0.2\"\nsite = \"PR1\"\nroles = \"software-update-point\"\n\
                  ports.wsus-http = 80",
            )],
            &["site.toml:9: WSUS has its ports in pairs (note 3), and wsus-https is 8531 here; wsus-http 80 goes with wsus-https = 443"],
        ),
    ])
}

#[test]
fn custom_roles_and_rules() -> Result<()> {
    refused(&[
        (
            &[(
                "site.toml",
                b"[custom-roles]\nclient = { addresses = [] }\nback_up = {}\nbackup = { address = [], evidence = 1 }\n\
                  scanner = { addresses = [\"10.1\"] }\nplain = [\"10.1.1.1\"]",
            )],
            &[
                "site.toml:2: \"client\" is a role of the catalogue; write its addresses under [roles], or give yours another name",
                "site.toml:3: \"back_up\" is no name of a role; use letters, digits and \"-\"",
                "site.toml:4: unknown key \"address\" in custom role \"backup\"; did you mean \"addresses\"?",
                "site.toml:4: evidence is an integer; it must be true or false",
                "site.toml:5: \"10.1\" is neither an address nor a prefix; write it like \"10.20.0.11\" or \"fd00:10::/64\"",
                "site.toml:6: plain is a list; it must be a table such as { addresses = [\"10.9.9.10\"] }",
            ],
        ),
        (
            &[
                ("site.toml", b"include = \"a.toml\"\n[custom-roles]\nbackup = {}"),
                ("a.toml", b"[custom-roles]\nbackup = {}"),
            ],
            &["a.toml:2: custom role \"backup\" is written twice, here and in site.toml:3; remove one"],
        ),
        (
            &[(
                "site.toml",
                b"[[rule]]\nid = \"a\"\nfrom = \"client\"\nto = \"sql-servr\"\ntcp = 1\nwhy = \"x\"\n\
                  [[rule]]\nid = \"a\"\nfrom = \"client\"\nto = \"client\"\ntcp = 1\nwhy = \" \"\n\
                  [[rule]]\nid = \"b\"\nfrom = \"client\"\ntcp = [0]\nwhy = \"x\"\n\
                  [[rule]]\nid = \"c\"\nfrom = \"client\"\nto = \"client\"\nwhy = \"x\"\nports = 1\n\
                  [[rule]]\nid = \"d/e\"\nfrom = \"client\"\nto = \"client\"\nudp = \"9-3\"\n\
                  [[rule]]\nfrom = 3\nto = \"client\"\nicmp = \"yes\"\ntcp = 1\nwhy = \"x\"",
            )],
            &[
                "site.toml:4: unknown role \"sql-servr\"; did you mean \"sql-server\"?",
                "site.toml:8: two rules have the id \"a\", here and in line 2; give one another id",
                "site.toml:12: a [[rule]] does not say why; write why = \"CHG1234\", or a sentence",
                "site.toml:13: rule \"b\" has no \"to\"; write to = \"management-point\", or another role",
                "site.toml:16: port 0 is outside 1 to 65535",
                "site.toml:18: rule \"c\" has no ports; write tcp = [10000], udp, or icmp = true",
                "site.toml:23: unknown key \"ports\" in [[rule]]; there is \"id\", \"from\", \"to\", \"tcp\", \"udp\", \"icmp\", \"either\", \"why\" and \"until\"",
                "site.toml:24: a [[rule]] does not say why; write why = \"CHG1234\", or a sentence",
                "site.toml:25: \"d/e\" is no id of a rule; use letters, digits and \"-\"",
                "site.toml:28: the range \"9-3\" ends before it begins; did you mean \"3-9\"?",
                "site.toml:29: a [[rule]] has no id; write id = \"backup-agent\"",
                "site.toml:30: from is an integer; it must be a string such as \"management-point\"",
                "site.toml:32: icmp is a string; it must be true or false",
            ],
        ),
        (
            &[(
                "site.toml",
                b"[[rule]]\nid = \"a\"\nfrom = \"client\"\nto = \"client\"\ntcp = 1\nwhy = \"x\"\nuntil = 2024-02-29\n\
                  [[rule]]\nid = \"b\"\nfrom = \"client\"\nto = \"client\"\ntcp = 1\nwhy = \"x\"\nuntil = \"2099-01-01\"\n\
                  [[rule]]\nid = \"c\"\nfrom = \"client\"\nto = \"client\"\ntcp = 1\nwhy = \"x\"\nuntil = 2099-01-01T00:00:00Z",
            )],
            &[
                "site.toml:7: rule \"a\" ended on 2024-02-29; remove it, or give it a later day",
                "site.toml:14: until is a string; it must be a date such as 2027-06-30, without quotes and time",
                "site.toml:21: until is a date; it must be a date such as 2027-06-30, without quotes and time",
            ],
        ),
    ])
}

#[test]
fn scope() -> Result<()> {
    refused(&[
        (
            &[("site.toml", b"[scope]\nflag-foreign = \"al\"\nflag = \"all\"")],
            &[
                "site.toml:2: flag-foreign has no choice \"al\"; did you mean \"all\"?",
                "site.toml:3: unknown key \"flag\" in [scope]; did you mean \"flag-foreign\"?",
            ],
        ),
        (
            &[("site.toml", b"[scope]\nflag-foreign = \"everything\"")],
            &[
                "site.toml:2: flag-foreign has no choice \"everything\"; there is \"site-systems\", \"all\" and \"none\"",
            ],
        ),
        (
            &[("site.toml", b"[scope]\nflag-foreign = false")],
            &["site.toml:2: flag-foreign is a boolean; it must be a string such as \"site-systems\""],
        ),
        (
            &[
                (
                    "site.toml",
                    b"include = \"a.toml\"\n[scope]\nflag-foreign = \"all\"",
                ),
                ("a.toml", b"[scope]\nflag-foreign = \"all\""),
            ],
            &["a.toml:2: flag-foreign is set twice, here and in site.toml:3; remove one"],
        ),
        (
            &[("site.toml", b"scope = \"all\"")],
            &["site.toml:1: scope is a string; it must be a table, as in [scope]"],
        ),
    ])
}

#[test]
fn conditions() -> Result<()> {
    refused(&[
        (
            &[(
                "site.toml",
                b"[conditions]\nwakeup = false\nwake-up = \"no\"\nunc-shares = 1",
            )],
            &[
                "site.toml:2: unknown condition \"wakeup\"; did you mean \"wake-up\"?",
                "site.toml:3: wake-up is a string; it must be true or false",
                "site.toml:4: unc-shares is an integer; it must be true or false",
            ],
        ),
        (
            &[("site.toml", b"[conditions]\nfull-moon = true")],
            &[
                "site.toml:2: unknown condition \"full-moon\"; there is \"certificate-profiles\", \"cmg-several-vms\", \
               \"cmg-single-vm\", \"domain-joined-clients\", \"external-notifications\", \
               \"internet-based-installation\", \"pxe-without-wds\", \"remote-content-library\", \
               \"remote-sql-installation\", \"sql-load-balancer\", \"unc-shares\", \"wake-up\", \
               \"windows-pe-peer-cache\" and \"wsus-cleanup\"",
            ],
        ),
        (
            &[
                (
                    "site.toml",
                    b"include = \"a.toml\"\n[conditions]\nwake-up = false",
                ),
                ("a.toml", b"[conditions]\nunc-shares = true\nwake-up = true"),
            ],
            &["a.toml:3: wake-up is set twice, here and in site.toml:3; remove one"],
        ),
        (
            &[("site.toml", b"conditions = [\"wake-up\"]")],
            &["site.toml:1: conditions is a list; it must be a table, as in [conditions]"],
        ),
    ])
}

#[test]
fn options() -> Result<()> {
    const MP: &[u8] = b"networks.internal = \"10.0.0.0/8\"\n[options]\nsite-server-initiates = [\"mp1\", \"10.1.0.0/33\", 3]\n\
        site-server-initiate = \"mp01\"\n[[host]]\nname = \"mp01\"\naddress = \"10.1.0.11\"\nroles = \"management-point\"";
    refused(&[
        (
            &[("site.toml", MP)],
            &[
                "site.toml:3: an entry of site-server-initiates is an integer; it must be a string or a list of strings",
                "site.toml:3: \"mp1\" is neither an address, a prefix nor the name of a [[host]]; did you mean \"mp01\"?",
                "site.toml:3: \"10.1.0.0/33\" is not a prefix: \"33\" is not a length of IPv4, 0 to 32",
                "site.toml:4: unknown key \"site-server-initiate\" in [options]; did you mean \"site-server-initiates\"?",
            ],
        ),
        (
            &[("site.toml", b"options = true")],
            &["site.toml:1: options is a boolean; it must be a table, as in [options]"],
        ),
    ])?;
    warned(&[(
        &[(
            "site.toml",
            b"networks.internal = \"10.0.0.0/8\"\noptions.site-server-initiates = [\"10.1.0.11\", \"10.1.0.5\",\n\"10.2.0.0/16\"]\n\
              [roles]\nclient = [\"10.2.0.0/16\"]\nmanagement-point = [\"10.1.0.11\"]\nsite-server = [\"10.1.0.5\"]",
        )],
        &[
            "site.toml:2: \"10.1.0.5\" holds no role of a site system; site-server-initiates changes nothing there",
            "site.toml:3: \"10.2.0.0/16\" holds no role of a site system; site-server-initiates changes nothing there",
        ],
    )])
}

/// What is sound may still be worth a warning.
#[test]
fn warnings() -> Result<()> {
    warned(&[
        (
            &[(
                "site.toml",
                b"networks.internal = \"10.0.0.0/8\"\n[[site]]\ncode = \"PR1\"\nports = { smb = 446 }\n\
                  [[host]]\nname = \"MP01\"\naddress = \"10.1.0.11\"\nsite = \"PR1\"\nroles = \"management-point\"\n\
                  ports = { client-https = 8443, ldap = 389 }\n\
                  [[host]]\nname = \"mp01\"\naddress = \"10.1.0.12\"\nsite = \"PR1\"\nroles = \"microsoft-intune\"\n\
                  [roles]\nsql-server = [\"10.1.0.13\"]\nsite-server = []\ndomain-controller = [\"10.1.0.14\"]\n\
                  [custom-roles]\nbackup = {}",
            )],
            &[
                "site.toml:4: the page calls the port of \"smb\" fixed; it is changed here",
                "site.toml:4: \"smb\" is the same in the whole hierarchy; write it under [ports] of the file",
                "site.toml:10: \"client-https\" may differ from site to site, not from host to host; write it under the ports of the [[site]]",
                "site.toml:10: \"ldap\" is the same in the whole hierarchy; write it under [ports] of the file",
                "site.toml:11: two hosts are called \"mp01\", here and in line 5",
                "site.toml:11: edition current has no role \"microsoft-intune\"; none of its rules names it",
                "site.toml:17: computers with \"sql-server\" under [roles] fit every site; write each as a [[host]] with its site, or in a CSV file",
                "site.toml:18: \"site-server\" has no addresses; nobody holds it",
                "site.toml:21: \"backup\" has no addresses; nobody holds it",
                "site.toml:21: no [[rule]] names \"backup\": nothing that its computers do is approved",
            ],
        ),
        (
            &[(
                "site.toml",
                b"networks.internal = \"10.0.0.0/8\"\n[roles]\nclient = [\"192.168.1.0/24\", \"192.168.2.0/24\", \"192.168.3.0/24\", \"192.168.4.0/24\"]",
            )],
            &[
                "site.toml: 1 more client networks lie in none of [networks] internal",
                "site.toml:3: client network \"192.168.1.0/24\" lies in none of [networks] internal",
                "site.toml:3: client network \"192.168.2.0/24\" lies in none of [networks] internal",
                "site.toml:3: client network \"192.168.3.0/24\" lies in none of [networks] internal",
            ],
        ),
    ])
}
