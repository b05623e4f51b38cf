//! What several runs share: folders that are made once, and locks.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result};

use crate::command::target_directory;

/// Stands in a folder that was made to its end.
const MARK: &str = ".complete";

/// Makes a folder unless it was made before. What an interrupted run left is made again, and two runs do not make it at
/// the same time.
pub(crate) fn once(folder: &Path, make: impl FnOnce() -> Result<()>) -> Result<()> {
    let _lock = lock(&beside(folder, ".lock"))?;
    let mark = folder.join(MARK);
    if !mark.exists() {
        if folder.exists() {
            std::fs::remove_dir_all(folder).with_context(|| format!("emptying {}", folder.display()))?;
        }
        make()?;
        std::fs::write(&mark, "").with_context(|| format!("marking {}", folder.display()))?;
    }
    used(folder)
}

/// Notes that a folder was used: `.ci/run` removes those that nobody has used for long.
pub(crate) fn used(folder: &Path) -> Result<()> {
    let opened = File::open(folder);
    opened
        .and_then(|opened| opened.set_modified(now()))
        .with_context(|| format!("touching {}", folder.display()))
}

/// Keeps another run from using the build directory: it would replace what this one has built and is testing.
pub(crate) fn lock_target() -> Result<File> {
    lock(&target_directory().join("xtask.lock"))
}

/// Waits for a lock, and says so; it is held as long as the file is open.
pub(crate) fn lock(path: &Path) -> Result<File> {
    let doing = || format!("locking {}", path.display());
    std::fs::create_dir_all(path.parent().unwrap_or(path)).with_context(doing)?;
    let file = File::options().create(true).append(true).open(path).with_context(doing)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            println!("waiting for another run, which holds {}", path.display());
            file.lock().with_context(doing)?;
        }
        Err(TryLockError::Error(error)) => return Err(error).with_context(doing),
    }
    Ok(file)
}

fn beside(folder: &Path, ending: &str) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[expect(clippy::disallowed_methods, reason = "when something was used is a time of the file system")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    /// A folder of a test, empty at first.
    fn place(name: &str) -> PathBuf {
        let place = std::env::temp_dir().join(format!("rvoip-xtask-{}-{name}", std::process::id()));
        drop(std::fs::remove_dir_all(&place));
        place
    }

    #[test]
    fn what_was_interrupted_is_made_again_and_what_was_finished_is_not() {
        let place = place("once");
        let folder = place.join("tool-1.0");
        let half = once(&folder, || {
            std::fs::create_dir_all(folder.join("half"))?;
            bail!("interrupted")
        });
        assert!(half.is_err());
        once(&folder, || Ok(std::fs::create_dir_all(folder.join("whole"))?)).unwrap();
        assert!(!folder.join("half").exists());
        once(&folder, || bail!("it was made before")).unwrap();
        assert!(folder.join("whole").exists());
        std::fs::remove_dir_all(place).unwrap();
    }

    #[test]
    fn a_lock_is_held_by_one_and_released_when_it_is_dropped() {
        let place = place("lock");
        let path = place.join("x.lock");
        let held = lock(&path).unwrap();
        let other = File::options().append(true).open(&path).unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        drop(held);
        other.try_lock().unwrap();
        std::fs::remove_dir_all(place).unwrap();
    }
}
