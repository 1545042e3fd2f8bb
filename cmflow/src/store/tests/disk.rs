//! Disks that are full, or must not be written to. Each test mounts a small one of its own, which takes root.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::ptr;
use std::thread;

use super::*;

/// Runs on a disk of so many bytes, in a thread with mounts of its own; says so where that takes rights that are not
/// there.
fn on_a_disk(bytes: u64, run: impl FnOnce(&Path) + Send) {
    let folder = Folder::new();
    thread::scope(|scope| {
        let done = scope.spawn(|| {
            if let Err(error) = mount(&folder.0, bytes) {
                println!("skipped: a disk of its own takes root ({error})");
                return;
            }
            run(&folder.0.join("gw.db"));
        });
        if let Err(panic) = done.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

fn c(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("no zero in it")
}

fn checked(result: i32) -> io::Result<()> {
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Mounts for this thread alone.
fn mount(folder: &Path, bytes: u64) -> io::Result<()> {
    let options = CString::new(format!("size={bytes}")).expect("no zero in it");
    // SAFETY: the call takes a number, and concerns this thread.
    checked(unsafe { libc::unshare(libc::CLONE_NEWNS) })?;
    // SAFETY: the strings end with a zero and live; the other pointers may be null.
    checked(unsafe {
        libc::mount(
            ptr::null(),
            c"/".as_ptr(),
            ptr::null(),
            libc::MS_REC | libc::MS_PRIVATE,
            ptr::null(),
        )
    })?;
    let (name, target) = (c"tmpfs".as_ptr(), c(folder));
    // SAFETY: as above, and so does the target.
    checked(unsafe { libc::mount(name, target.as_ptr(), name, 0, options.as_ptr().cast()) })
}

fn remount_read_only(folder: &Path) {
    let target = c(folder);
    let flags = libc::MS_REMOUNT | libc::MS_RDONLY;
    // SAFETY: the target ends with a zero and lives; the other pointers may be null.
    let done = unsafe { libc::mount(ptr::null(), target.as_ptr(), ptr::null(), flags, ptr::null()) };
    checked(done).expect("the mount is this thread's");
}

fn minutes(number: i64, conversations: u32) -> Change {
    let to = now() + SignedDuration::from_mins(number);
    let ones = (0..conversations).map(|one| {
        let who = format!("10.{}.{}.{}/32", number % 250, one / 250, one % 250);
        conversation(&who, "10.9.9.1/32", to, packets(1))
    });
    minute(to, of_kind(VerdictKind::Undocumented), ones.collect())
}

fn recorded(path: &Path) -> u64 {
    let evidence = Archive::open(path)
        .expect("it is there")
        .evidence(None, None)
        .expect("there is some");
    let of_conversations: u64 = evidence.conversations.iter().map(|one| one.total.packets).sum();
    assert_eq!(
        evidence.verdicts[0].total.packets, of_conversations,
        "a minute is there whole or not at all"
    );
    of_conversations
}

#[test]
fn a_full_disk_stops_the_history_and_damages_nothing() {
    on_a_disk(1 << 20, |path| {
        let mut store = opened(path);
        let full = (0..200).find_map(|number| {
            let result = store.commit(&minutes(number, 300), &Retention::default());
            result.err().map(|error| (number, error))
        });
        let (number, error) = full.expect("the disk is small");
        assert!(matches!(error, StoreError::Full(_)), "{error:?}");
        assert!(
            error.to_string().contains("the disk is full; free some room"),
            "{error}"
        );
        let written = u64::try_from(number).expect("a count") * 300;
        assert_eq!(recorded(path), written);
        // Less fits, or there is room again: it goes on.
        let retention = Retention {
            unexplained_d: 1,
            ..Retention::default()
        };
        let folder = path.parent().expect("a folder");
        let target = c(folder);
        // SAFETY: the strings end with a zero and live; the other pointers may be null.
        let grown = unsafe {
            libc::mount(
                ptr::null(),
                target.as_ptr(),
                ptr::null(),
                libc::MS_REMOUNT,
                c"size=16777216".as_ptr().cast(),
            )
        };
        checked(grown).expect("the mount is this thread's");
        store
            .commit(&minutes(number, 300), &retention)
            .expect("there is room again");
        drop(store);
        drop(opened(path));
        assert_eq!(recorded(path), written + 300);
    });
}

#[test]
fn on_a_full_disk_no_history_is_begun() {
    on_a_disk(8 << 10, |path| {
        fs::write(path.with_file_name("filler"), vec![1; 8 << 10]).expect("so much fits");
        let error = Store::open(path, now()).expect_err("nothing fits");
        assert!(matches!(error, StoreError::Full(_)), "{error:?}");
    });
}

#[test]
fn what_is_read_only_is_not_written_and_can_be_read() {
    on_a_disk(4 << 20, |path| {
        let mut store = opened(path);
        store
            .commit(&minutes(0, 10), &Retention::default())
            .expect("room on the disk");
        drop(store);
        let folder = path.parent().expect("a folder");
        remount_read_only(folder);
        for path in [path, &folder.join("new.db"), &folder.join("a/b/new.db")] {
            let error = Store::open(path, now()).expect_err("it must not be written to");
            assert!(matches!(error, StoreError::ReadOnly(_)), "{error:?}");
            assert!(error.to_string().contains("mount it writable"), "{error}");
        }
        assert_eq!(recorded(path), 10);
    });
}
