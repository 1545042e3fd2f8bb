//! The long form of the site file from outside: each mistake with its file and line, and what `check` says of a
//! sound one.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use cmflow_tests::binary::cmflow;
use xtask::lab::ScratchDir;

/// Files by their names, and what is wrong with them or worth a warning, line by line.
type Row = (&'static [(&'static str, &'static [u8])], &'static [&'static str]);

/// Writes the files and has them checked from their folder, so that messages call them by these names.
fn check(files: &[(&str, &[u8])], arguments: &[&str]) -> Result<Output> {
    let folder = ScratchDir::new("site-file")?;
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
        fs::write(path, bytes)?;
    }
    let mut command = Command::new(cmflow());
    command
        .current_dir(folder.path())
        .args(["check", "--site", "site.toml"]);
    command
        .args(arguments)
        .output()
        .context("the binary was just built")
}

/// Each row is refused with exactly these lines.
fn refused(rows: &[Row]) -> Result<()> {
    for (files, expected) in rows {
        let output = check(files, &[])?;
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<_> = said.lines().collect();
        ensure!(
            lines == *expected,
            "it says\n{said}instead of\n{}",
            expected.join("\n")
        );
        ensure!(
            output.status.code() == Some(2),
            "it ended with {}: {said}",
            output.status
        );
        ensure!(output.stdout.is_empty(), "it answers as well: {said}");
    }
    Ok(())
}

/// Each row is sound, with exactly these warnings.
fn warned(rows: &[Row]) -> Result<()> {
    for (files, expected) in rows {
        let output = check(files, &["--format", "json"])?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "it ended with {}: {said}", output.status);
        let meaning: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let warnings: Vec<_> = meaning["warnings"].as_array().context("a list")?.iter().collect();
        ensure!(
            warnings == *expected,
            "it warns {warnings:#?} instead of {expected:#?}"
        );
    }
    Ok(())
}

#[test]
fn includes() -> Result<()> {
    refused(&[
        (
            &[
                ("site.toml", b"include = \"branch.toml\""),
                ("branches.toml", b""),
            ],
            &["site.toml:1: \"branch.toml\" does not exist; did you mean \"branches.toml\"?"],
        ),
        (
            &[
                ("site.toml", b"include = [\n\"brunches/*.toml\"]"),
                ("branches/a.toml", b""),
            ],
            &["site.toml:2: \"brunches/*.toml\" matches no file; did you mean \"branches\"?"],
        ),
        (
            &[
                ("site.toml", b"include = \"branches/*.tml\""),
                ("branches/north.toml", b""),
            ],
            &["site.toml:1: \"branches/*.tml\" matches no file; there is \"north.toml\""],
        ),
        (
            &[("site.toml", b"include = \"[.toml\"")],
            &["site.toml:1: \"[.toml\" is no pattern: invalid range pattern"],
        ),
        (
            &[("site.toml", b"include = \"dps.txt\""), ("dps.txt", b"")],
            &["site.toml:1: \"dps.txt\" is neither .toml nor .csv"],
        ),
        (
            &[("site.toml", b"include = 3")],
            &["site.toml:1: include is an integer; it must be a string or a list of strings"],
        ),
        (
            &[
                ("site.toml", b"include = \"sub/a.toml\""),
                ("sub/a.toml", b"\ninclude = \"b.toml\""),
                ("b.toml", b""),
            ],
            &["sub/a.toml:2: \"b.toml\" does not exist; did you mean \"a.toml\"?"],
        ),
        (
            &[("site.toml", b"include = [\"*.toml\"]"), ("a.toml", b"")],
            &[
                "site.toml:1: site.toml includes itself; name the other files, or put them into a folder of their own",
            ],
        ),
        (
            &[
                ("site.toml", b"include = \"a.toml\""),
                ("a.toml", b"include = [\n\"b.toml\"]"),
                ("b.toml", b"include = \"./a.toml\""),
            ],
            &["b.toml:1: a.toml includes itself: a.toml -> b.toml -> a.toml; remove one of these"],
        ),
        (
            &[
                ("site.toml", b"include = [\"a.toml\", \"b.csv\"]"),
                ("a.toml", b"# \n# \xff"),
                ("b.csv", b"name\n\xe4\n"),
            ],
            &[
                "a.toml:2: not UTF-8; save the file as UTF-8",
                "b.csv:2: not UTF-8; save the file as UTF-8",
            ],
        ),
        (
            &[
                ("site.toml", b"include = \"a.toml\"\n[roles]\nclent = []"),
                ("a.toml", b"roles = "),
            ],
            // A role that nobody knows may be a custom one of the file that could not be read.
            &["a.toml:1: not TOML: string values must be quoted, expected literal string"],
        ),
        (
            &[
                (
                    "site.toml",
                    b"include = \"a.toml\"\nedition = \"current\"\n[ports]\nsql = 1444",
                ),
                (
                    "a.toml",
                    b"companions = []\nedition = \"2020-04\"\n[ports]\nsql = 1445",
                ),
            ],
            &[
                "a.toml:2: edition is set twice, here and in site.toml:2; remove one",
                "a.toml:4: sql is set twice, here and in site.toml:4; remove one",
            ],
        ),
        (
            &[
                (
                    "site.toml",
                    b"include = \"a.toml\"\n[roles]\nclient = [\"10.0.0.0/8\"]\nsite-servr = []",
                ),
                ("a.toml", b"[roles]\nclient = [\n\"!10.0.0.0/8\"]\n[role]"),
            ],
            &[
                "site.toml:4: unknown role \"site-servr\"; did you mean \"site-server\"?",
                "a.toml:3: \"10.0.0.0/8\" is both given to \"client\" and excluded from it (site.toml:3); remove one",
                "a.toml:4: unknown key \"role\"; did you mean \"roles\"?",
            ],
        ),
    ])
}

#[test]
fn csv_files() -> Result<()> {
    const INCLUDE: (&str, &[u8]) = ("site.toml", b"include = \"dps.csv\"\n[[site]]\ncode = \"PR1\"");
    refused(&[
        (
            &[
                INCLUDE,
                (
                    "dps.csv",
                    b"name,address,roles,site\r\n\
                      dp1,10.1.0.10,distribution-pont,PR1\r\n\
                      dp2,10.1.0.300,distribution-point,PR1\r\n\
                      \r\n\
                      dp3,10.1.0.30\r\n\
                      dp4,10.1.0.40,distribution-point,PR7\r\n\
                      dp5,10.1.0.50,distribution-point,\r\n\
                      ,10.1.0.60,distribution-point,PR1\r\n\
                      dp7,,distribution-point,PR1\r\n\
                      dp8,10.1.0.80,,PR1\r\n\
                      dp9,10.1.0.9/24,distribution-point,PR1\r\n",
                ),
            ],
            &[
                "dps.csv:2: unknown role \"distribution-pont\"; did you mean \"distribution-point\"?",
                "dps.csv:3: \"10.1.0.300\" is neither an address nor a prefix; write it like \"10.20.0.11\" or \"fd00:10::/64\"",
                "dps.csv:5: 2 cells, where the header line has 4 columns; put a cell with a comma into quotes",
                "dps.csv:6: unknown site \"PR7\"; did you mean \"PR1\"?",
                "dps.csv:7: host \"dp5\" is in no site; there is \"PR1\"",
                "dps.csv:8: the name is empty",
                "dps.csv:9: host \"dp7\" has no address",
                "dps.csv:10: host \"dp8\" has no roles; name one, or remove it",
                "dps.csv:11: \"10.1.0.9/24\" has bits set beyond its first 24; did you mean \"10.1.0.0/24\" or \"10.1.0.9\"?",
            ],
        ),
        (
            &[INCLUDE, ("dps.csv", b"name,adress,role,site,owner,name\n")],
            &[
                "dps.csv:1: unknown column \"adress\"; did you mean \"address\"?",
                "dps.csv:1: unknown column \"role\"; did you mean \"roles\"?",
                "dps.csv:1: unknown column \"owner\"; there is \"name\", \"address\", \"roles\" and \"site\"",
                "dps.csv:1: the column \"name\" is there twice",
            ],
        ),
        (
            &[
                INCLUDE,
                (
                    "dps.csv",
                    b"name,address,roles\ndp1,10.1.0.10,distribution-point\n",
                ),
            ],
            &["dps.csv:1: no column \"site\"; a header line is name,address,roles,site"],
        ),
        (
            &[INCLUDE, ("dps.csv", b"name;address;roles;site\n")],
            &["dps.csv:1: columns are separated by commas; several addresses or roles in one by \";\""],
        ),
        (
            &[INCLUDE, ("dps.csv", b"")],
            &["dps.csv:1: no header line; begin the file with name,address,roles,site"],
        ),
    ])
}

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
