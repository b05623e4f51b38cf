//! A limit of time for what this program starts: a hang must not cost the table of results.
//!
//! What is over the limit is killed as a tree, found by its parents. A process group of its own would be simpler, and
//! would keep an interrupt at the terminal from reaching what runs.

use std::collections::BTreeMap;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::command::succeeds;

/// How often what is over the limit is killed again: a stage may go on to its next program.
const AGAIN: Duration = Duration::from_secs(1);

/// Watches from when it is made until it is asked.
pub(crate) struct Watch {
    over: Sender<()>,
    thread: JoinHandle<bool>,
}

impl Watch {
    /// Kills everything that this program has started when the limit has passed.
    #[expect(clippy::disallowed_methods, reason = "what is watched runs on the thread that asked")]
    pub(crate) fn start(limit: Duration) -> Self {
        let (over, end) = channel();
        let thread = std::thread::spawn(move || {
            let mut wait = limit;
            let mut expired = false;
            while end.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                (wait, expired) = (AGAIN, true);
                kill(&descendants(std::process::id()));
            }
            expired
        });
        Self { over, thread }
    }

    /// Ends the watch; says whether the limit had passed.
    pub(crate) fn expired(self) -> bool {
        drop(self.over);
        self.thread.join().unwrap_or(false)
    }
}

fn kill(processes: &[u32]) {
    let mut arguments = vec!["-KILL".to_owned()];
    arguments.extend(processes.iter().map(u32::to_string));
    if !processes.is_empty() {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        succeeds("kill", &arguments);
    }
}

/// The processes below one; none where the system does not say.
fn descendants(of: u32) -> Vec<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        if let (Ok(id), Some(parent)) = (entry.file_name().to_string_lossy().parse(), parent(&stat)) {
            children.entry(parent).or_default().push(id);
        }
    }
    let mut found = Vec::new();
    let mut open = vec![of];
    while let Some(parent) = open.pop() {
        let below = children.remove(&parent).unwrap_or_default();
        open.extend(&below);
        found.extend(below);
    }
    found
}

/// The parent of a process by its line in /proc: `ID (NAME) STATE PARENT …`, where the name may hold anything.
fn parent(stat: &str) -> Option<u32> {
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::{run, run_with};

    /// Runs a test in a process of its own, where no other test starts programs that a watch would kill.
    pub(crate) fn alone(name: &str, test: impl FnOnce()) {
        const ALONE: &str = "RVOIP_TEST_ALONE";
        if std::env::var_os(ALONE).is_some() {
            return test();
        }
        let program = std::env::current_exe().unwrap().to_string_lossy().into_owned();
        run_with(&program, &["--exact", name], &[(ALONE, "1".as_ref())]).unwrap();
    }

    #[test]
    fn the_parent_stands_behind_a_name_of_any_kind() {
        assert_eq!(parent("7 (a) b (c) S 3 7 7 0 -1"), Some(3));
        assert_eq!(parent("7"), None);
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_what_it_started() {
        alone("watch::tests::a_program_that_hangs_is_killed_with_what_it_started", || {
            let watch = Watch::start(Duration::from_millis(50));
            let error = run("sh", &["-c", "sleep 600 & wait"]).unwrap_err().to_string();
            assert!(error.contains("signal: 9"), "{error}");
            assert!(watch.expired());
            assert_eq!(descendants(std::process::id()), [] as [u32; 0]);
        });
    }

    #[test]
    fn what_ends_in_time_is_left_alone() {
        assert!(!Watch::start(Duration::from_secs(600)).expired());
    }
}
