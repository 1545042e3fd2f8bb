//! The BPF file system and the pins of an instance.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::doctor::pins::{Facts, Mounted};
use crate::kernel::{Found, Pins, bpf_file_system, survey};

pub(super) fn facts(pins: &Pins) -> Facts {
    let folder = pins.folder();
    let root = bpf_file_system(folder);
    let mounted = root.is_mounted.then(|| fs::metadata(&root.path).ok()).flatten();
    let names = match fs::read_dir(folder) {
        Ok(entries) => Some(Ok(entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect::<Vec<_>>())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => Some(Err(error.to_string())),
    };
    let open_to_all = match &names {
        Some(Ok(names)) => names
            .iter()
            .filter(|name| is_open(&folder.join(name)))
            .cloned()
            .collect(),
        _ => Vec::new(),
    };
    Facts {
        file_system: root.path.display().to_string(),
        mounted: mounted.map(|found| Mounted {
            mode: found.mode() & 0o7777,
            user: found.uid(),
            group: found.gid(),
        }),
        folder: folder.display().to_string(),
        names,
        layout: complaint(pins),
        open_to_all,
    }
}

/// Why a daemon could not go on with what is pinned; nothing where it could, or nothing is.
fn complaint(pins: &Pins) -> Option<String> {
    match survey(pins) {
        Ok(Found::Nothing | Found::Ours { .. }) => None,
        Ok(Found::Unfinished) => {
            Some("a daemon ended while it made them; nothing counts into them".to_owned())
        }
        Ok(Found::Other { why }) => Some(why),
        Ok(Found::Foreign { path, what }) => Some(format!("{} is not cmflow's: {what}", path.display())),
        Err(error) => Some(error.to_string()),
    }
}

/// Whether everybody may open a pin.
fn is_open(pin: &Path) -> bool {
    fs::symlink_metadata(pin).is_ok_and(|found| found.is_file() && found.mode() & 0o006 != 0)
}
