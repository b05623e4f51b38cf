//! A child process whose output is kept and which ends with its owner.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::wait::{Deadline, wait_until};

/// Lines kept of one process; the oldest go first.
const MAX_LINES: usize = 20_000;
/// Bytes of a line; what is longer is cut into several.
const MAX_LINE: u64 = 64 * 1024;
/// How long a process may take to go when it is asked to.
const GRACE: Duration = Duration::from_secs(3);

/// A line that a process printed.
#[derive(Clone, Debug)]
pub(crate) struct OutputLine {
    /// It came on standard error.
    pub(crate) is_error: bool,
    pub(crate) text: String,
}

#[derive(Debug, Default)]
struct Output {
    lines: VecDeque<OutputLine>,
    /// How many lines went before the first kept one.
    dropped: usize,
    /// How many of the two streams are still open.
    open: u8,
}

thread_local! {
    /// What the processes that ended on this thread had printed, until a test takes it.
    static TRANSCRIPTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// What the processes of the test on this thread had printed.
pub(crate) fn take_transcripts() -> String {
    TRANSCRIPTS.take().concat()
}

#[derive(Debug, Default)]
struct Shared {
    output: Mutex<Output>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The signals that a test sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Please end, as Ctrl-C does.
    Interrupt,
    /// Please end.
    Terminate,
    /// End at once, without a word to anybody.
    Kill,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "INT",
            Self::Terminate => "TERM",
            Self::Kill => "KILL",
        }
    }
}

/// A process that was started for a test; ended when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    shared: Arc<Shared>,
}

impl Process {
    /// Starts `program` in `folder`.
    pub fn start<A: AsRef<OsStr>>(
        name: &str,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = A>,
        folder: &Path,
    ) -> Result<Self> {
        let program = program.as_ref();
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .env_remove("RVOIP_PASSWORD")
            .env("TERM", "dumb")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own, so that what it starts can be ended with it.
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let shared = Arc::new(Shared::default());
        shared.lock().open = 2;
        let stdin = child.stdin.take();
        if let Some(stdout) = child.stdout.take() {
            read(stdout, false, Arc::clone(&shared));
        }
        if let Some(stderr) = child.stderr.take() {
            read(stderr, true, Arc::clone(&shared));
        }
        Ok(Self { name: name.to_owned(), child, stdin, shared })
    }

    /// Waits, at most for `time`, until `pick` takes one of the lines, from the first on.
    pub(crate) fn wait_for<T>(
        &self,
        what: &str,
        time: Duration,
        mut pick: impl FnMut(&OutputLine) -> Option<T>,
    ) -> Result<T> {
        let deadline = Deadline::after(time);
        let mut output = self.shared.lock();
        let mut next = 0;
        loop {
            let from = next - output.dropped.min(next);
            for line in output.lines.iter().skip(from) {
                if let Some(found) = pick(line) {
                    return Ok(found);
                }
            }
            next = output.dropped + output.lines.len();
            let left = deadline.left();
            if left.is_zero() || output.open == 0 {
                let why = if output.open == 0 { "it ended" } else { "it did not come" };
                bail!("{}: waited for {what}: {why} (limit {time:?})", self.name);
            }
            (output, _) = self
                .shared
                .changed
                .wait_timeout(output, left)
                .map_err(|_| anyhow!("a reader of {} failed", self.name))?;
        }
    }

    /// Waits for a line that contains `text`.
    pub fn wait_for_line(&self, text: &str, time: Duration) -> Result<String> {
        self.wait_for(text, time, |line| line.text.contains(text).then(|| line.text.clone()))
    }

    /// What was printed so far on standard output and standard error.
    pub(crate) fn lines(&self) -> Vec<OutputLine> {
        self.shared.lock().lines.iter().cloned().collect()
    }

    /// What was printed so far on standard error.
    pub fn error_lines(&self) -> Vec<String> {
        self.lines().into_iter().filter(|line| line.is_error).map(|line| line.text).collect()
    }

    /// Writes a line to its standard input.
    pub fn send_line(&mut self, line: &str) -> Result<()> {
        let stdin = self.stdin.as_mut().context("standard input is closed")?;
        writeln!(stdin, "{line}")
            .and_then(|()| stdin.flush())
            .with_context(|| format!("{}: {line}", self.name))
    }

    /// Ends its standard input.
    pub fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Sends a signal, if the process still runs.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        if signal == Signal::Kill {
            return self.child.kill().with_context(|| self.name.clone());
        }
        let id = self.child.id().to_string();
        // The shell has `kill` built in, wherever there is a shell.
        let command = format!("kill -{} {id}", signal.name());
        let status = Command::new("sh").args(["-c", &command]).status()?;
        ensure!(status.success(), "{command}: {status}");
        Ok(())
    }

    /// Waits for its end, at most for `time`.
    pub fn wait_for_exit(&mut self, time: Duration) -> Result<ExitStatus> {
        let name = self.name.clone();
        let status = wait_until(&format!("the end of {name}"), time, || Ok(self.child.try_wait()?))?;
        // What it printed last may still be on its way through the readers.
        let deadline = Deadline::after(GRACE);
        let mut output = self.shared.lock();
        while output.open > 0 && !deadline.left().is_zero() {
            (output, _) = self
                .shared
                .changed
                .wait_timeout(output, deadline.left())
                .map_err(|_| anyhow!("a reader of {name} failed"))?;
        }
        Ok(status)
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Everything that was printed, with the name above.
    fn transcript(&self) -> String {
        let mut text = format!("--- {} ---\n", self.name);
        for line in self.lines() {
            text.push_str(if line.is_error { "! " } else { "| " });
            text.push_str(&line.text);
            text.push('\n');
        }
        text
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // Kamailio has children of its own, which it ends when it is asked to end.
            let _ = self.signal(Signal::Terminate);
            if self.wait_for_exit(GRACE).is_err() {
                // As long as nobody has waited for the first of a group, the group's number is not given to others.
                let command = format!("kill -KILL -{}", self.child.id());
                let _ = Command::new("sh").args(["-c", &command]).status();
                let _ = self.child.wait();
            }
        }
        TRANSCRIPTS.with_borrow_mut(|transcripts| transcripts.push(self.transcript()));
    }
}

/// Keeps what a stream says, line by line, until it ends.
#[expect(clippy::disallowed_methods, reason = "a pipe is read by a thread, so that its writer never waits")]
fn read(stream: impl Read + Send + 'static, is_error: bool, shared: Arc<Shared>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            match reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut bytes) {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
            let text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            let mut output = shared.lock();
            if output.lines.len() == MAX_LINES {
                output.lines.pop_front();
                output.dropped += 1;
            }
            output.lines.push_back(OutputLine { is_error, text });
            drop(output);
            shared.changed.notify_all();
        }
        let mut output = shared.lock();
        output.open = output.open.saturating_sub(1);
        drop(output);
        shared.changed.notify_all();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_secs(10);

    fn shell(script: &str) -> Process {
        Process::start("sh", "sh", ["-c", script], &std::env::temp_dir()).unwrap()
    }

    #[test]
    fn lines_of_both_streams_are_kept_and_the_status_is_told() {
        let mut process = shell("read x; echo got $x; echo oops >&2; exit 3");
        process.send_line("this").unwrap();
        assert_eq!(process.wait_for_line("got", SHORT).unwrap(), "got this");
        assert_eq!(process.wait_for_exit(SHORT).unwrap().code(), Some(3));
        assert_eq!(process.error_lines(), ["oops"]);
    }

    #[test]
    fn waiting_ends_when_the_process_does() {
        let process = shell("echo one");
        let error = process.wait_for_line("two", SHORT).unwrap_err();
        assert!(error.to_string().contains("it ended"), "{error}");
    }

    #[test]
    fn a_process_that_will_not_end_is_killed_with_its_children() {
        let process =
            shell("trap '' TERM; (trap '' TERM; while :; do sleep 0.1; done) & echo child $!; wait");
        let line = process.wait_for_line("child", SHORT).unwrap();
        let child = line.trim_start_matches("child ").to_owned();
        drop(process);
        wait_until("the end of the child", SHORT, || {
            // An orphan whose parent has not collected it yet is as good as gone.
            let state = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            Ok((state.is_empty() || state.contains(") Z ")).then_some(()))
        })
        .unwrap();
    }

    #[test]
    fn an_interrupt_arrives() {
        let mut process = shell("trap 'exit 7' INT; echo ready; while :; do sleep 0.1; done");
        process.wait_for_line("ready", SHORT).unwrap();
        process.signal(Signal::Interrupt).unwrap();
        assert_eq!(process.wait_for_exit(SHORT).unwrap().code(), Some(7));
    }
}
