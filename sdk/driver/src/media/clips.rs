//! Clips are read on a thread of their own, so that no file holds up the audio or a recording.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use rvoip_media_core::wav::{PcmClip, WavError};
use rvoip_sans_io::Token;

use super::request::{MediaFailure, MediaFailureKind};
use super::thread::{Order, Owner};

/// The longest clip that is played.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// The rate of all audio, in Hz.
pub(super) const RATE: u32 = 8_000;
/// Clips that may wait to be read.
const WAITING: usize = 4_096;

/// Where a clip comes from.
#[derive(Debug)]
pub(super) enum ClipSource {
    File(PathBuf),
    Bytes(Vec<u8>),
}

struct Job {
    owner: Owner,
    token: Token,
    source: ClipSource,
}

/// The line to the thread that reads clips.
#[derive(Debug)]
pub(super) struct Clips(SyncSender<Job>);

impl Clips {
    /// Starts the thread; `done` takes what is to be told to the media thread.
    pub(super) fn start(done: impl Fn(Order) + Send + 'static) -> io::Result<Self> {
        let (jobs, todo) = sync_channel(WAITING);
        std::thread::Builder::new().name("rvoip-clips".to_owned()).spawn(move || run(&todo, done))?;
        Ok(Self(jobs))
    }

    /// Has a clip read, which `Order::Loaded` ends; false if too many wait.
    pub(super) fn load(&self, owner: Owner, token: Token, source: ClipSource) -> bool {
        self.0.try_send(Job { owner, token, source }).is_ok()
    }
}

fn run(todo: &Receiver<Job>, done: impl Fn(Order)) {
    let mut shelf = Shelf::default();
    while let Ok(Job { owner, token, source }) = todo.recv() {
        let loaded = catch_unwind(AssertUnwindSafe(|| match &source {
            ClipSource::File(path) => shelf.file(path).map_err(|reason| {
                let reason = format!("{} cannot be played: {reason}", path.display());
                MediaFailure::new(MediaFailureKind::Unreadable, reason)
            }),
            ClipSource::Bytes(wav) => decode(PcmClip::from_wav(wav)).map_err(|reason| {
                let reason = format!("the recording cannot be played: {reason}");
                MediaFailure::new(MediaFailureKind::Unreadable, reason)
            }),
        }));
        let loaded = loaded.unwrap_or_else(|_| {
            let reason = "an internal error ended the reading of the audio";
            Err(MediaFailure::new(MediaFailureKind::Unreadable, reason))
        });
        done(Order::Loaded { owner, token, loaded });
    }
}

/// Files that are playing somewhere, so that a thousand calls share one announcement.
#[derive(Default)]
struct Shelf(BTreeMap<PathBuf, (Edition, Weak<[i16]>)>);

/// What changes when a file is written anew.
#[derive(PartialEq, Eq)]
struct Edition {
    octets: u64,
    modified: Option<SystemTime>,
}

impl Shelf {
    fn file(&mut self, path: &Path) -> Result<Arc<[i16]>, String> {
        let about = fs::metadata(path).map_err(|error| error.to_string())?;
        // A pipe or a device might never end.
        if !about.is_file() {
            return Err("it is no regular file".to_owned());
        }
        let edition = Edition { octets: about.len(), modified: about.modified().ok() };
        if let Some((known, clip)) = self.0.get(path)
            && *known == edition
            && let Some(clip) = clip.upgrade()
        {
            return Ok(clip);
        }
        let file = File::open(path).map_err(|error| error.to_string())?;
        let samples = decode(PcmClip::read_wav(BufReader::new(file)))?;
        self.0.retain(|_, (_, clip)| clip.strong_count() > 0);
        self.0.insert(path.to_path_buf(), (edition, Arc::downgrade(&samples)));
        Ok(samples)
    }
}

fn decode(clip: Result<PcmClip, WavError>) -> Result<Arc<[i16]>, String> {
    let clip = clip.map_err(|error| explain(&error))?;
    if clip.duration() > LONGEST {
        return Err("it is longer than 30 minutes".to_owned());
    }
    Ok(clip.at_rate(RATE).map_err(|error| error.to_string())?.samples)
}

/// An error with its cause, in one line.
pub(super) fn explain(error: &WavError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use rvoip_media_core::wav::WavWriter;

    use super::*;

    #[test]
    fn a_file_is_read_once_while_somebody_plays_it() {
        let path = std::env::temp_dir().join(format!("rvoip-shelf-{}.wav", std::process::id()));
        let mut shelf = Shelf::default();
        assert!(shelf.file(&path).is_err());
        let mut write = |samples: usize| {
            let mut wav = WavWriter::new(File::create(&path).unwrap(), 16_000).unwrap();
            wav.write(&vec![100; samples]).unwrap();
            wav.finish().unwrap();
            shelf.file(&path).unwrap()
        };
        let first = write(1_600);
        assert_eq!(first.len(), 800);
        assert_eq!(write(3_200).len(), 1_600);
        let again = shelf.file(&path).unwrap();
        assert!(Arc::ptr_eq(&again, &shelf.file(&path).unwrap()));
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn what_is_no_file_and_what_is_too_long_is_refused() {
        let mut shelf = Shelf::default();
        assert_eq!(shelf.file(&std::env::temp_dir()).unwrap_err(), "it is no regular file");
        let clip = PcmClip::new(1_000, vec![0; 1_800_001]);
        assert_eq!(decode(Ok(clip)).unwrap_err(), "it is longer than 30 minutes");
    }
}
