//! What the site file includes: TOML and CSV, each mistake with its file and line.

use anyhow::Result;
use cmflow_tests::site_files::refused;

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
