//! Files are read and written on a thread of their own, so that no disk holds up the audio.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};

use futures::channel::mpsc::UnboundedSender;
use rvoip_media_core::wav::{PcmClip, WavWriter};
use rvoip_sans_io::Token;

use super::request::{MediaFailure, MediaFailureKind, MediaHappened, MediaKey, MediaReport, MediaReported};
use super::thread::{Order, Owner};

/// Pieces of work that may wait: 20 ms of audio each, so a disk may stall for a minute with three calls recording.
const WORK: usize = 8_192;
/// The rate of all audio, in Hz.
const RATE: u32 = 8_000;

/// Names a recording.
pub(super) type RecordingId = u64;

/// Something for the file thread.
pub(super) enum FileWork {
    /// Read a clip.
    Load { owner: Owner, token: Token, path: PathBuf },
    /// Decode a clip.
    Decode { owner: Owner, token: Token, wav: Vec<u8> },
    /// Begin a recording.
    Create { owner: Owner, token: Token, id: RecordingId, path: PathBuf },
    /// Add to it.
    Write { id: RecordingId, pcm: Vec<i16> },
    /// Complete it.
    Finish {
        id: RecordingId,
        session: MediaKey,
        /// Who waits for it.
        token: Option<Token>,
        /// The call is over with it.
        last: bool,
        reports: UnboundedSender<MediaReport>,
    },
}

/// The file thread.
#[derive(Clone, Debug)]
pub(super) struct Files(SyncSender<FileWork>);

impl Files {
    /// Starts the thread; `done` takes what is to be told to the media thread.
    pub(super) fn start(done: impl Fn(Order) + Send + 'static) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(WORK);
        let body = move || {
            let mut recordings = BTreeMap::new();
            while let Ok(work) = receiver.recv() {
                if let Some(order) = carry_out(work, &mut recordings) {
                    done(order);
                }
            }
        };
        std::thread::Builder::new().name("rvoip-files".to_owned()).spawn(body)?;
        Ok(Self(sender))
    }

    /// Queues work; false if too much waits.
    pub(super) fn push(&self, work: FileWork) -> bool {
        self.0.try_send(work).is_ok()
    }
}

type Writer = (WavWriter<BufWriter<File>>, PathBuf);

fn carry_out(work: FileWork, recordings: &mut BTreeMap<RecordingId, Writer>) -> Option<Order> {
    match work {
        FileWork::Load { owner, token, path } => {
            let loaded = File::open(&path)
                .map_err(|error| error.to_string())
                .and_then(|file| PcmClip::read_wav(BufReader::new(file)).map_err(|error| error.to_string()))
                .and_then(|clip| clip.at_rate(RATE).map_err(|error| error.to_string()));
            let loaded = loaded.map_err(|reason| {
                let reason = format!("{} cannot be played: {reason}", path.display());
                MediaFailure::new(MediaFailureKind::Unreadable, reason)
            });
            Some(Order::Loaded { owner, token, loaded })
        }
        FileWork::Decode { owner, token, wav } => {
            let loaded = PcmClip::from_wav(&wav)
                .map_err(|error| error.to_string())
                .and_then(|clip| clip.at_rate(RATE).map_err(|error| error.to_string()));
            let loaded = loaded.map_err(|reason| {
                let reason = format!("the recording cannot be played: {reason}");
                MediaFailure::new(MediaFailureKind::Unreadable, reason)
            });
            Some(Order::Loaded { owner, token, loaded })
        }
        FileWork::Create { owner, token, id, path } => {
            let created = File::create(&path).map_err(|error| error.to_string()).and_then(|file| {
                WavWriter::new(BufWriter::new(file), RATE).map_err(|error| error.to_string())
            });
            let created = match created {
                Ok(writer) => {
                    recordings.insert(id, (writer, path));
                    Ok(())
                }
                Err(reason) => {
                    let reason = format!("{} cannot be written: {reason}", path.display());
                    Err(MediaFailure::new(MediaFailureKind::Unwritable, reason))
                }
            };
            Some(Order::Created { owner, token, id, created })
        }
        FileWork::Write { id, pcm } => {
            if let Some((writer, path)) = recordings.get_mut(&id)
                && let Err(error) = writer.write(&pcm)
            {
                tracing::warn!(path = %path.display(), %error, "a recording ends early");
                recordings.remove(&id);
            }
            None
        }
        FileWork::Finish { id, session, token, last, reports } => {
            let finished = match recordings.remove(&id) {
                None => Err(MediaFailure::new(MediaFailureKind::Unwritable, "the recording ended early")),
                Some((writer, path)) => writer.finish().map_err(|error| {
                    let reason = format!("{} cannot be written: {error}", path.display());
                    MediaFailure::new(MediaFailureKind::Unwritable, reason)
                }),
            };
            let happened =
                finished.is_ok().then_some(MediaReported::Happened(MediaHappened::RecordingFinished));
            let controlled = token.map(|token| MediaReported::Controlled(token, finished));
            let closed = last.then_some(MediaReported::Closed);
            for report in happened.into_iter().chain(controlled).chain(closed) {
                // A machine that is gone hears nothing.
                let _ = reports.unbounded_send(MediaReport { session, report });
            }
            None
        }
    }
}
