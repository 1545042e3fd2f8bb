//! Who installs packages on this machine, and how without starting services.

use std::process::Command;

use anyhow::Result;

use crate::step::{find_program, output};

/// How packages can be installed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Administrator {
    /// This process itself.
    Root,
    /// By `sudo`, which may ask for a password.
    Sudo,
    /// Not at all.
    Nobody { why: &'static str },
}

/// `$1`: services to keep from starting at the next boot, then the packages. Debian starts the services of
/// a package while installing it, unless policy-rc.d forbids; the file is removed again whatever happens,
/// and one that is there already is left as it is.
const INSTALL: &str = r#"
set -e
services=$1; shift
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
    trap 'rm -f "$guard"' EXIT
    trap 'exit 130' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$guard"
    chmod 755 "$guard"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet >/dev/null
apt-get install --yes --quiet --no-install-recommends "$@" >/dev/null
for service in $services; do
    update-rc.d "$service" disable >/dev/null 2>&1 || true
done
"#;

impl Administrator {
    pub(super) fn here() -> Self {
        if find_program("apt-get").is_none() {
            Self::Nobody {
                why: "this is no Debian or Ubuntu (there is no apt-get)",
            }
        } else if rustix::process::geteuid().is_root() {
            Self::Root
        } else if find_program("sudo").is_some() {
            Self::Sudo
        } else {
            Self::Nobody {
                why: "you are not root and there is no sudo",
            }
        }
    }

    /// Installs packages; none of their services is started, now or at the next boot.
    pub(super) fn install(self, packages: &[&str], services: &[&str]) -> Result<String> {
        let mut command = match self {
            Self::Root => Command::new("sh"),
            Self::Sudo => {
                eprintln!("asking sudo to install {}", packages.join(" "));
                let mut command = Command::new("sudo");
                command.arg("sh");
                command
            }
            Self::Nobody { why } => anyhow::bail!("cannot install {}: {why}", packages.join(" ")),
        };
        command
            .args(["-c", INSTALL, "install", &services.join(" ")])
            .args(packages);
        output(&mut command).map_err(|error| {
            let complaint = format!("{error:#}");
            let said = complaint
                .split_once('\n')
                .map_or(complaint.as_str(), |(_, said)| said);
            anyhow::anyhow!("installing {} failed:\n{said}", packages.join(" "))
        })?;
        Ok(packages.join(" "))
    }
}
