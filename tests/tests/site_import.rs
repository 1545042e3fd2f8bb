//! `cmflow site import` from outside: exit codes, messages, and a file that `cmflow check` takes.

use std::fs;
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use cmflow_tests::binary::cmflow;
use xtask::lab::ScratchDir;

fn run(folder: &ScratchDir, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(cmflow());
    command.current_dir(folder.path()).args(arguments);
    command.output().context("the binary was just built")
}

#[test]
fn lists_become_site_files() -> Result<()> {
    let folder = ScratchDir::new("import")?;
    let csv = "name,ip,roles,os\nmp01,10.20.0.11,Management Point,x\ndc01,10.40.0.2,DomainController,x\n";
    fs::write(folder.path().join("servers.csv"), csv)?;
    let output = run(
        &folder,
        &["site", "import", "servers.csv", "--output", "site.toml"],
    )?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(0), "{said}");
    ensure!(
        said == "cmflow: servers.csv: not looked at: os\n\
                 cmflow: 2 computers in site.toml; cmflow check --site site.toml says what they mean\n",
        "{said}"
    );
    let checked = run(&folder, &["check", "--site", "site.toml", "--format", "json"])?;
    ensure!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
    let meaning: serde_json::Value = serde_json::from_slice(&checked.stdout)?;
    let roles: Vec<_> = meaning["roles"]
        .as_array()
        .context("a list")?
        .iter()
        .map(|one| &one["role"])
        .collect();
    ensure!(roles == ["domain-controller", "management-point"], "{roles:?}");

    // The file is somebody's by now.
    let again = run(
        &folder,
        &["site", "import", "servers.csv", "--output", "site.toml"],
    )?;
    let said = String::from_utf8_lossy(&again.stderr);
    ensure!(again.status.code() == Some(2), "{said}");
    ensure!(
        said.ends_with("cmflow: site.toml is there already; name another file, or remove it\n"),
        "{said}"
    );
    Ok(())
}

#[test]
fn what_is_left_out_is_a_finding() -> Result<()> {
    let folder = ScratchDir::new("import-findings")?;
    let path = folder.path().join("servers.txt");
    fs::write(
        &path,
        r#"[{"FullQualifiedDomainName":"a.x","IPAddress":"10.0.0.1","RoleList":["ManagementPoint","Toaster"]},
            {"FullQualifiedDomainName":"b.x","RoleList":["ManagementPoint"]}]"#,
    )?;
    let output = run(&folder, &["site", "import", "servers.txt"])?;
    let (said, file) = (
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout),
    );
    ensure!(output.status.code() == Some(1), "{said}");
    ensure!(
        said == "servers.txt: entry 1 (a.x): unknown role \"Toaster\"\n\
                 servers.txt: entry 2 (b.x): no address; nothing is looked up, so write it into the list\n",
        "{said}"
    );
    ensure!(
        file.contains("# Not taken over:\n#   entry 1 (a.x): unknown role \"Toaster\"\n"),
        "{file}"
    );
    ensure!(file.contains("[[host]]\nname    = \"a\"\n"), "{file}");
    Ok(())
}

#[test]
fn bad_input_is_one_message() -> Result<()> {
    let folder = ScratchDir::new("import-bad")?;
    let rows: [(&str, &[u8], &[&str], &str); 7] = [
        (
            "a.csv",
            b"",
            &[],
            "cmflow: a.csv: the file is empty; begin it with name,address,roles,site\n",
        ),
        (
            "a.csv",
            b"host,role\nx,mp",
            &[],
            "cmflow: a.csv: line 1: no column \"address\" (or addresses, ip, ips); there is host, role; begin the file with name,address,roles,site\n",
        ),
        (
            "a.json",
            b"[",
            &[],
            "cmflow: a.json: not JSON: EOF while parsing a list at line 1 column 1\n",
        ),
        (
            "a.csv",
            b"[]",
            &["--format", "json"],
            "cmflow: a.csv names no computer that could be taken over; nothing was written\n",
        ),
        (
            "a.csv",
            b"name,ip,role\n\xff",
            &[],
            "cmflow: a.csv: line 2 is not UTF-8; save the file as UTF-8\n",
        ),
        (
            "gone.csv",
            b"",
            &["gone"],
            "cannot be read: No such file or directory",
        ),
        ("folder", b"", &[], "cannot be read: "),
    ];
    for (name, bytes, more, told) in rows {
        let path = folder.path().join(name);
        let mut arguments = vec!["site", "import", name];
        match name {
            "folder" => fs::create_dir_all(&path)?,
            "gone.csv" => {}
            _ => {
                fs::write(&path, bytes)?;
                arguments.extend(more);
            }
        }
        let output = run(&folder, &arguments)?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code() == Some(2) && output.stdout.is_empty(),
            "{name}: {said}"
        );
        ensure!(said.contains(told), "{name}: {said}");
    }
    Ok(())
}
