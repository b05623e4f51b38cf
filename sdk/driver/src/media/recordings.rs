//! Recordings are written on a thread of their own, so that no disk holds up the audio.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use rvoip_media_core::wav::WavWriter;
use rvoip_sans_io::Token;

use super::clips::{RATE, explain};
use super::reports::Reports;
use super::request::{MediaFailure, MediaFailureKind, MediaHappened, MediaReported};
use super::thread::{Order, Owner};

/// Samples that are handed over at once (100 ms).
const BATCH: usize = 800;
/// Samples of one recording that may wait for the disk (10 s); what comes on top is recorded as silence.
const WAITING: usize = 80_000;
/// Silence is written in pieces of at most this many samples.
const SILENCE: usize = 8_000;

/// Names a recording.
pub(super) type RecordingId = u64;

enum Job {
    Create { owner: Owner, id: RecordingId, path: PathBuf },
    Write { id: RecordingId, silence: usize, samples: Vec<i16>, waiting: Arc<AtomicUsize> },
    Finish(Finish),
}

/// The end of a recording.
struct Finish {
    owner: Owner,
    id: RecordingId,
    /// Who waits for it.
    token: Option<Token>,
    /// The call is over with it.
    last: bool,
    reports: Reports,
}

/// One recording, as the media thread has it.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) id: RecordingId,
    batch: Vec<i16>,
    /// Samples that the disk was too slow for.
    missed: usize,
    waiting: Arc<AtomicUsize>,
}

/// The line to the thread that writes recordings. What is queued is bounded by each recording's own limit.
#[derive(Debug)]
pub(super) struct Recordings {
    jobs: Sender<Job>,
    last: RecordingId,
}

impl Recordings {
    /// Starts the thread; `done` takes what is to be told to the media thread.
    pub(super) fn start(done: impl Fn(Order) + Send + 'static) -> io::Result<Self> {
        let (jobs, todo) = channel();
        std::thread::Builder::new().name("rvoip-records".to_owned()).spawn(move || run(&todo, done))?;
        Ok(Self { jobs, last: 0 })
    }

    /// Begins a recording; `Order::Created` tells how that went.
    pub(super) fn create(&mut self, owner: Owner, path: PathBuf) -> Recording {
        self.last += 1;
        // The thread ends with the process only.
        let _ = self.jobs.send(Job::Create { owner, id: self.last, path });
        Recording { id: self.last, batch: Vec::new(), missed: 0, waiting: Arc::default() }
    }

    /// Adds to a recording.
    pub(super) fn write(&self, recording: &mut Recording, samples: &[i16]) {
        recording.batch.extend_from_slice(samples);
        if recording.batch.len() >= BATCH {
            self.hand_over(recording);
        }
    }

    fn hand_over(&self, recording: &mut Recording) {
        let samples = std::mem::take(&mut recording.batch);
        if recording.waiting.load(Ordering::Relaxed) > WAITING {
            recording.missed = recording.missed.saturating_add(samples.len());
            return;
        }
        let silence = std::mem::take(&mut recording.missed);
        if silence > 0 {
            tracing::warn!(
                samples = silence,
                "the disk is too slow for a recording, silence takes its place"
            );
        }
        recording.waiting.fetch_add(samples.len(), Ordering::Relaxed);
        let waiting = Arc::clone(&recording.waiting);
        let _ = self.jobs.send(Job::Write { id: recording.id, silence, samples, waiting });
    }

    /// Completes a recording, reports that, and if the call is over with it, that too.
    pub(super) fn finish(
        &self,
        owner: Owner,
        mut recording: Recording,
        token: Option<Token>,
        last: bool,
        reports: &Reports,
    ) {
        self.hand_over(&mut recording);
        let finish = Finish { owner, id: recording.id, token, last, reports: reports.clone() };
        let _ = self.jobs.send(Job::Finish(finish));
    }
}

/// A file that is being written, or what went wrong with it.
struct Sheet {
    path: PathBuf,
    /// The same file, however its path is spelled.
    place: PathBuf,
    wav: Result<WavWriter<BufWriter<File>>, MediaFailure>,
}

fn run(todo: &Receiver<Job>, done: impl Fn(Order)) {
    let mut sheets: BTreeMap<RecordingId, Sheet> = BTreeMap::new();
    while let Ok(job) = todo.recv() {
        match job {
            Job::Create { owner, id, path } => {
                let place = place(&path);
                let taken = sheets.values().any(|sheet| sheet.place == place);
                let wav = if taken {
                    Err(unwritable(&path, "it is being recorded already"))
                } else {
                    create(&path)
                };
                let created = wav.as_ref().map(drop).map_err(Clone::clone);
                if wav.is_ok() {
                    sheets.insert(id, Sheet { path, place, wav });
                }
                done(Order::Created { owner, id, created });
            }
            Job::Write { id, silence, samples, waiting } => {
                if let Some(sheet) = sheets.get_mut(&id) {
                    sheet.write(silence, &samples);
                }
                waiting.fetch_sub(samples.len(), Ordering::Relaxed);
            }
            Job::Finish(finish) => {
                let sheet = sheets.remove(&finish.id);
                finish.report(sheet.map(Sheet::finish));
            }
        }
    }
}

impl Finish {
    /// `finished` is none for a recording that never began.
    fn report(self, finished: Option<Result<(), MediaFailure>>) {
        let session = self.owner.session;
        if let Some(Ok(())) = finished {
            self.reports.send(session, MediaReported::Happened(MediaHappened::RecordingFinished));
        }
        if let Some(token) = self.token {
            self.reports.controlled(session, token, finished.unwrap_or(Ok(())));
        }
        if self.last {
            self.reports.send(session, MediaReported::Closed);
        }
    }
}

impl Sheet {
    fn write(&mut self, mut silence: usize, samples: &[i16]) {
        let Ok(wav) = &mut self.wav else { return };
        let mut result = Ok(());
        while silence > 0 && result.is_ok() {
            let piece = silence.min(SILENCE);
            result = wav.write(&vec![0; piece]);
            silence -= piece;
        }
        if let Err(error) = result.and_then(|()| wav.write(samples)) {
            let failure = unwritable(&self.path, &explain(&error));
            tracing::warn!(reason = failure.reason, "a recording ends early");
            self.wav = Err(failure);
        }
    }

    fn finish(self) -> Result<(), MediaFailure> {
        self.wav?.finish().map_err(|error| unwritable(&self.path, &explain(&error)))
    }
}

/// Where a path leads to, whether or not there is a file yet.
fn place(path: &Path) -> PathBuf {
    let folder = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(fs::canonicalize(folder).ok()?.join(path.file_name()?))
    };
    fs::canonicalize(path).ok().or_else(folder).unwrap_or_else(|| path.to_path_buf())
}

fn create(path: &Path) -> Result<WavWriter<BufWriter<File>>, MediaFailure> {
    // A pipe that nobody reads would hold up all recordings.
    if fs::metadata(path).is_ok_and(|about| !about.is_file()) {
        return Err(unwritable(path, "it is no regular file"));
    }
    let file = File::create(path).map_err(|error| unwritable(path, &error.to_string()))?;
    WavWriter::new(BufWriter::new(file), RATE).map_err(|error| unwritable(path, &explain(&error)))
}

fn unwritable(path: &Path, reason: &str) -> MediaFailure {
    let reason = format!("{} cannot be written: {reason}", path.display());
    MediaFailure::new(MediaFailureKind::Unwritable, reason)
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use rvoip_media_core::wav::PcmClip;

    use super::*;
    use crate::media::MediaKey;

    const OWNER: Owner = Owner { backend: 0, session: MediaKey(1) };

    #[test]
    fn what_a_slow_disk_cannot_take_becomes_silence_of_the_same_length() {
        let path = std::env::temp_dir().join(format!("rvoip-slow-{}.wav", std::process::id()));
        let (jobs, todo) = channel();
        let mut recordings = Recordings { jobs, last: 0 };
        let mut recording = recordings.create(OWNER, path.clone());
        // Nobody writes yet: the disk stands still.
        for _ in 0..200 {
            recordings.write(&mut recording, &[500; BATCH]);
        }
        let missed = recording.missed;
        assert!(missed > 0);
        recording.waiting.store(0, Ordering::Relaxed);
        recordings.write(&mut recording, &[700; BATCH]);
        let reports = Reports::default();
        recordings.finish(OWNER, recording, Some(Token(2)), true, &reports);
        drop(recordings);
        run(&todo, |order| assert!(matches!(order, Order::Created { created: Ok(()), .. })));
        let clip = PcmClip::read_wav(File::open(&path).unwrap()).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(clip.samples.len(), 201 * BATCH);
        assert_eq!(clip.samples.iter().filter(|sample| **sample == 0).count(), missed);
        assert_eq!(clip.samples.last(), Some(&700));
        let mut cx = Context::from_waker(Waker::noop());
        let mut next = || match reports.poll(&mut cx) {
            Poll::Ready(report) => Some(report.report),
            Poll::Pending => None,
        };
        assert_eq!(next(), Some(MediaReported::Happened(MediaHappened::RecordingFinished)));
        assert_eq!(next(), Some(MediaReported::Controlled(Token(2), Ok(()))));
        assert_eq!(next(), Some(MediaReported::Closed));
        assert_eq!(next(), None);
    }

    #[test]
    fn a_file_that_is_recorded_already_is_refused() {
        let path = std::env::temp_dir().join(format!("rvoip-twice-{}.wav", std::process::id()));
        let (jobs, todo) = channel();
        let mut recordings = Recordings { jobs, last: 0 };
        let first = recordings.create(OWNER, path.clone());
        // The same file by another way.
        let folder = std::env::temp_dir();
        let detour = folder.join("..").join(folder.file_name().unwrap()).join(path.file_name().unwrap());
        let second = recordings.create(OWNER, detour.clone());
        let third = recordings.create(OWNER, std::env::temp_dir());
        drop(recordings);
        let told = std::cell::RefCell::new(Vec::new());
        run(&todo, |order| {
            if let Order::Created { id, created, .. } = order {
                told.borrow_mut().push((id, created.map_err(|failure| failure.reason)));
            }
        });
        fs::remove_file(&path).unwrap();
        let told = told.into_inner();
        assert_eq!(told.first(), Some(&(first.id, Ok(()))));
        let twice = format!("{} cannot be written: it is being recorded already", detour.display());
        assert_eq!(told.get(1), Some(&(second.id, Err(twice))));
        assert!(matches!(told.get(2), Some((id, Err(_))) if *id == third.id));
    }
}
