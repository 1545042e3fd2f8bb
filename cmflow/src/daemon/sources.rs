//! The files that tables were made from: what they held, and whether they have changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use crate::answer::SourceFile;
use crate::history::StoredFile;

/// What tells one state of a file from another, as far as that can be told without reading it.
type Mark = Option<(SystemTime, u64)>;

/// Files that were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sources {
    pub(super) files: Vec<SourceFile>,
    /// The files, and the folders that they lie in: a pattern may match a new file there.
    paths: Vec<PathBuf>,
    /// How they were found; nothing where one was written while it was read.
    marks: Option<Vec<Mark>>,
}

impl Sources {
    /// Times of files may be that coarse.
    const GRAIN: Duration = Duration::from_millis(20);

    /// Files that were read since that time.
    pub(super) fn read_since(began: SystemTime, names: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut paths: Vec<PathBuf> = names.into_iter().collect();
        let files = paths.iter().map(|path| SourceFile {
            path: path.display().to_string(),
            sha256: hash(path),
        });
        let files = files.collect();
        let mut folders: Vec<_> = paths.iter().map(|path| folder_of(path)).collect();
        folders.sort();
        folders.dedup();
        let files_alone = paths.len();
        paths.extend(folders);
        let marks: Vec<Mark> = paths.iter().map(|path| mark(path)).collect();
        let settled = marks[..files_alone]
            .iter()
            .flatten()
            .all(|(written, _)| *written + Self::GRAIN < began);
        Self {
            files,
            paths,
            marks: settled.then_some(marks),
        }
    }

    /// The files with their texts; the first ones, as many as stated, are the site file and what belongs to it, one of
    /// which may be its approvals.
    pub(super) fn stored(&self, of_site: usize, approvals: Option<usize>) -> Vec<StoredFile> {
        let files = self.files.iter().enumerate();
        let stored = files.map(|(index, file)| StoredFile {
            path: file.path.clone(),
            sha256: file.sha256.clone(),
            kind: match index {
                index if Some(index) == approvals => StoredFile::APPROVALS,
                index if index < of_site => StoredFile::SITE,
                _ => StoredFile::CATALOGUE,
            }
            .to_owned(),
            // What was read is UTF-8; where it changed meanwhile, the sum tells.
            text: fs::read_to_string(&file.path).unwrap_or_default(),
        });
        stored.collect()
    }

    fn marks_now(&self) -> Vec<Mark> {
        self.paths.iter().map(|path| mark(path)).collect()
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn mark(path: &Path) -> Mark {
    let found = fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}

/// As `sha256sum` prints it; nothing to compare with where the file is gone.
pub(crate) fn hash(path: &Path) -> String {
    let Ok(text) = fs::read(path) else {
        return String::new();
    };
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Looks whether files have changed, and waits until whoever writes them is done.
#[derive(Debug, Default)]
pub(super) struct Lookout {
    /// The marks that were acted upon.
    known: Option<Vec<Mark>>,
    /// The marks of the last look.
    seen: Option<Vec<Mark>>,
}

impl Lookout {
    /// Whether the files have changed, and stayed as they are for two looks. Says so once a change.
    pub(super) fn changed(&mut self, sources: &Sources) -> bool {
        let now = sources.marks_now();
        let known = self.known.as_ref().or(sources.marks.as_ref());
        if known == Some(&now) {
            self.seen = None;
            return false;
        }
        if self.seen.as_ref() == Some(&now) {
            self.known = self.seen.take();
            return true;
        }
        self.seen = Some(now);
        false
    }

    /// Other files are looked at from now on.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str, seconds: u64) {
        fs::write(path, text).expect("a temporary folder");
        let file = fs::File::options().write(true).open(path).expect("just written");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        file.set_modified(time).expect("a file of this user's");
    }

    #[test]
    fn a_change_is_told_once_and_only_when_it_has_settled() {
        let folder = std::env::temp_dir().join(format!("cmflow-sources-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        let file = folder.join("site.toml");
        write(&file, "abc", 1_000_000);
        let sources = Sources::read_since(SystemTime::now(), [file.clone()]);
        assert_eq!(
            sources.files[0].sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let mut lookout = Lookout::default();
        assert!(!lookout.changed(&sources) && !lookout.changed(&sources));
        write(&file, "abcd", 1_000_001);
        assert!(!lookout.changed(&sources), "it may still be written");
        write(&file, "abcde", 1_000_002);
        assert!(!lookout.changed(&sources), "it was still written");
        assert!(lookout.changed(&sources));
        assert!(!lookout.changed(&sources) && !lookout.changed(&sources), "once");
        fs::write(folder.join("new.toml"), "").expect("a temporary folder");
        assert!(!lookout.changed(&sources));
        assert!(lookout.changed(&sources), "a pattern may match it");
        fs::remove_file(&file).expect("it is there");
        assert!(!lookout.changed(&sources));
        assert!(lookout.changed(&sources), "it is gone");
        let _ = fs::remove_dir_all(folder);
    }

    #[test]
    fn a_file_that_was_written_while_it_was_read_counts_as_changed() {
        let folder = std::env::temp_dir().join(format!("cmflow-torn-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        let file = folder.join("site.toml");
        let began = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        write(&file, "abc", 1_000_001);
        let sources = Sources::read_since(began, [file]);
        let mut lookout = Lookout::default();
        assert!(!lookout.changed(&sources));
        assert!(lookout.changed(&sources) && !lookout.changed(&sources));
        let _ = fs::remove_dir_all(folder);
    }
}
