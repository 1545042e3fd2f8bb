//! The user and the group that a daemon runs as, by name or number.

use std::ffi::{CStr, CString};
use std::io;

use anyhow::{Context as _, bail, ensure};

/// A user and a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Number of the user.
    pub user: u32,
    /// Number of the group.
    pub group: u32,
    /// What it is called.
    pub name: String,
}

impl Account {
    /// Looks a user up, and a group where one is named; else it is the user's own group.
    ///
    /// # Errors
    /// Where there is no such user or group, or where it is root.
    pub fn find(user: &str, group: Option<&str>) -> anyhow::Result<Self> {
        let (number, own_group) = match (user.parse(), user_by_name(user)?) {
            (_, Some(found)) => found,
            (Ok(number), None) => (number, number),
            (Err(_), None) => bail!(
                "there is no user \"{user}\"; make one with: useradd --system --no-create-home --shell \
                 /usr/sbin/nologin {user}"
            ),
        };
        let group = match group {
            None => own_group,
            Some(group) => match (group.parse(), group_by_name(group)?) {
                (_, Some(found)) => found,
                (Ok(number), None) => number,
                (Err(_), None) => {
                    bail!("there is no group \"{group}\"; make one with: groupadd --system {group}")
                }
            },
        };
        ensure!(
            number != 0,
            "--user {user} is root; leave --user out to run as root"
        );
        Ok(Self {
            user: number,
            group,
            name: user.to_owned(),
        })
    }
}

/// Long enough for any entry that is no attack; the calls say where it is not.
const ENTRY: usize = 1 << 16;

/// A user's number and the number of the user's own group.
fn user_by_name(name: &str) -> anyhow::Result<Option<(u32, u32)>> {
    let name = CString::new(name).context("the name of a user")?;
    let mut room = vec![0; ENTRY];
    let mut found = std::ptr::null_mut();
    // SAFETY: all-zero is a value of this plain struct.
    let mut entry: libc::passwd = unsafe { std::mem::zeroed() };
    // SAFETY: a string that ends in zero, and memory to write into with its length.
    let done = unsafe {
        libc::getpwnam_r(
            name.as_ptr(),
            &raw mut entry,
            room.as_mut_ptr(),
            room.len(),
            &raw mut found,
        )
    };
    looked_up(done, &name, "user")?;
    Ok((!found.is_null()).then_some((entry.pw_uid, entry.pw_gid)))
}

/// A group's number.
fn group_by_name(name: &str) -> anyhow::Result<Option<u32>> {
    let name = CString::new(name).context("the name of a group")?;
    let mut room = vec![0; ENTRY];
    let mut found = std::ptr::null_mut();
    // SAFETY: all-zero is a value of this plain struct.
    let mut entry: libc::group = unsafe { std::mem::zeroed() };
    // SAFETY: a string that ends in zero, and memory to write into with its length.
    let done = unsafe {
        libc::getgrnam_r(
            name.as_ptr(),
            &raw mut entry,
            room.as_mut_ptr(),
            room.len(),
            &raw mut found,
        )
    };
    looked_up(done, &name, "group")?;
    Ok((!found.is_null()).then_some(entry.gr_gid))
}

/// Several errors mean no more than that there is no such entry (getpwnam(3)).
fn looked_up(done: i32, name: &CStr, what: &str) -> anyhow::Result<()> {
    if matches!(done, 0 | libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM) {
        return Ok(());
    }
    Err(io::Error::from_raw_os_error(done)).with_context(|| format!("looking up the {what} {name:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_groups_go_by_name_or_number() {
        let numbers = Account::find("54321", Some("54322")).expect("numbers need no entry");
        assert_eq!((numbers.user, numbers.group), (54321, 54322));
        let alone = Account::find("54321", None).expect("a number needs no entry");
        assert_eq!(alone.group, 54321);
        let named = Account::find("daemon", Some("root")).expect("every system has it");
        assert!(named.user != 0 && named.group == 0, "{named:?}");
        for (user, group, said) in [
            (
                "no-such-user",
                None,
                "there is no user \"no-such-user\"; make one with: useradd",
            ),
            (
                "daemon",
                Some("no-such-group"),
                "there is no group \"no-such-group\"",
            ),
            ("root", None, "leave --user out"),
            ("0", None, "leave --user out"),
        ] {
            let error = Account::find(user, group).expect_err(user).to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
