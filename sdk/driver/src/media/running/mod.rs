//! One session on the media thread: its sockets, its files and who waits for it.

mod commands;
mod figures;
mod frames;
mod negotiation;

use std::collections::VecDeque;

use mio::net::UdpSocket;
use rvoip_media_core::{Lane, LevelMeter, MediaEvent, MediaOutput, MediaSession, Source};
use rvoip_sans_io::{Instant, Now, Random, Token};

use super::backend::Link;
use super::clips::Clips;
use super::ports::Pair;
use super::recordings::{Recording, RecordingId, Recordings};
use super::request::{MediaFailure, MediaFailureKind, MediaHappened, MediaOptions, MediaReported};
use super::thread::Owner;
use crate::clock;
use figures::figures;

/// Packets that are read from one socket before others get their turn.
const PACKETS_AT_ONCE: usize = 64;

/// What all sessions share.
pub(super) struct Tools {
    pub(super) clips: Clips,
    pub(super) recordings: Recordings,
    random: Random,
    last_socket: usize,
}

impl Tools {
    pub(super) fn new(clips: Clips, recordings: Recordings, random: Random) -> Self {
        Self { clips, recordings, random, last_socket: 0 }
    }

    /// Numbers for two sockets more.
    fn numbers(&mut self) -> (usize, usize) {
        self.last_socket += 2;
        (self.last_socket, self.last_socket + 1)
    }
}

/// The sockets and the session, once the first description was asked for.
struct Media {
    session: MediaSession,
    pair: Pair,
    numbers: (usize, usize),
    watched: bool,
}

impl Media {
    fn socket(&self, lane: Lane) -> &UdpSocket {
        match lane {
            Lane::Rtp => &self.pair.rtp,
            Lane::Rtcp => &self.pair.rtcp,
        }
    }
}

/// Where the peer's audio goes.
#[derive(Default)]
enum Sink {
    #[default]
    None,
    File(Recording),
    Frames,
}

pub(super) struct Running {
    owner: Owner,
    options: MediaOptions,
    link: Link,
    media: Option<Media>,
    /// Clips that are being read, in their order, and whether they shall repeat.
    loading: VecDeque<(Token, bool)>,
    /// The command whose clip is being played, while somebody waits for its end.
    playing: Option<Token>,
    /// What was asked for before there was a session.
    early_source: Option<Source>,
    waiting: frames::Waiting,
    muted: bool,
    /// The call is answered.
    watching: bool,
    /// Whose key presses are being sent, in their order; nobody's where whoever waited went away.
    digits: VecDeque<Option<Token>>,
    sink: Sink,
    /// Recordings whose files are not there yet, and who waits for that.
    creating: VecDeque<(RecordingId, Token)>,
    heard: Vec<i16>,
    meter: LevelMeter,
    next_figures: Option<Instant>,
    next_levels: Option<Instant>,
    closed: bool,
    #[cfg(test)]
    pub(super) faulty: bool,
}

impl Running {
    pub(super) fn new(owner: Owner, options: MediaOptions, link: Link) -> Self {
        Self {
            owner,
            options,
            link,
            media: None,
            loading: VecDeque::new(),
            playing: None,
            early_source: None,
            waiting: frames::Waiting::default(),
            muted: false,
            watching: false,
            digits: VecDeque::new(),
            sink: Sink::None,
            creating: VecDeque::new(),
            heard: Vec::new(),
            meter: LevelMeter::default(),
            next_figures: None,
            next_levels: None,
            closed: false,
            #[cfg(test)]
            faulty: false,
        }
    }

    fn report(&self, report: MediaReported) {
        self.link.reports.send(self.owner.session, report);
    }

    fn controlled(&self, token: Token, result: Result<(), MediaFailure>) {
        self.link.reports.controlled(self.owner.session, token, result);
    }

    /// Sockets that nobody watches yet.
    pub(super) fn take_unwatched(&mut self) -> Option<[(usize, Lane, &mut UdpSocket); 2]> {
        let media = self.media.as_mut().filter(|media| !media.watched)?;
        media.watched = true;
        let (first, second) = media.numbers;
        Some([(first, Lane::Rtp, &mut media.pair.rtp), (second, Lane::Rtcp, &mut media.pair.rtcp)])
    }

    /// Reads what arrived; true if there may be more.
    pub(super) fn read(&mut self, lane: Lane) -> bool {
        let Some(media) = &mut self.media else { return false };
        let mut buffer = [0; 2_048];
        let mut came = false;
        for _ in 0..PACKETS_AT_ONCE {
            match media.socket(lane).recv_from(&mut buffer) {
                Ok((length, source)) => {
                    came = true;
                    let bytes = buffer.get(..length).unwrap_or_default();
                    media.session.handle_packet(clock::now(), lane, source, bytes);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return false,
                // What an earlier packet of ours met (ICMP) is no end of the socket.
                Err(_) => {}
            }
        }
        // A socket that has nothing but errors is asked again when something comes.
        came
    }

    /// The call is answered.
    pub(super) fn watch(&mut self, now: Now) {
        self.watching = true;
        if let Some(media) = &mut self.media {
            media.session.watch(now);
        }
    }

    /// A frame is due, or the figures.
    pub(super) fn tick(&mut self, now: Now) {
        #[cfg(test)]
        assert!(!self.faulty, "a fault that a test made");
        self.speak_frames();
        if let Some(media) = &mut self.media {
            media.session.handle_timeout(now);
        }
        if self.next_figures.is_some_and(|at| at <= now.monotonic) {
            self.next_figures = Some(now.after(self.options.statistics_interval));
            self.report_figures();
        }
        if self.next_levels.is_some_and(|at| at <= now.monotonic) {
            self.next_levels = Some(now.after(self.options.levels_interval));
            self.report_levels();
        }
    }

    fn report_levels(&mut self) {
        if let Some(media) = &mut self.media {
            let sent = media.session.take_sent_level();
            let received = self.meter.take();
            self.report(MediaReported::Levels { sent, received });
        }
    }

    fn report_figures(&self) {
        if let Some(media) = &self.media {
            self.report(MediaReported::Statistics(figures(&media.session.statistics())));
        }
    }

    /// Sends and tells what the session wants; gives when it wants to be called.
    pub(super) fn flush(&mut self, tools: &mut Tools) -> Option<Instant> {
        let mut events = Vec::new();
        let next = {
            let media = self.media.as_mut()?;
            loop {
                match media.session.poll_output() {
                    MediaOutput::Transmit { lane, destination, bytes } => {
                        // What cannot be sent now is lost: audio does not wait.
                        let _ = media.socket(lane).send_to(&bytes, destination);
                    }
                    MediaOutput::Event(event) => events.push(event),
                    MediaOutput::Timeout(at) => break at,
                }
            }
        };
        for event in &events {
            self.tell(event);
        }
        self.listen(tools);
        [next, self.next_figures, self.next_levels].into_iter().flatten().min()
    }

    fn tell(&mut self, event: &MediaEvent) {
        let happened = match event {
            MediaEvent::FirstPacket => MediaHappened::AudioReceived,
            MediaEvent::DigitReceived { digit, duration } => {
                MediaHappened::DigitReceived { digit: *digit, duration: *duration }
            }
            MediaEvent::PlaybackFinished => {
                self.report(MediaReported::Happened(MediaHappened::PlaybackFinished));
                return self.end_playing();
            }
            MediaEvent::TimedOut => MediaHappened::TimedOut,
            MediaEvent::DigitsSent => return self.digits_over(Ok(())),
            MediaEvent::DigitsDropped { begun } => {
                let kind =
                    if *begun { MediaFailureKind::Interrupted } else { MediaFailureKind::NotNegotiated };
                let reason = "the peer takes no telephone events any more";
                return self.digits_over(Err(MediaFailure::new(kind, reason)));
            }
            // The signalling says when a call is over.
            MediaEvent::PeerBye => return,
        };
        self.report(MediaReported::Happened(happened));
    }

    /// The key presses of one command were sent, or will not be.
    fn digits_over(&mut self, result: Result<(), MediaFailure>) {
        if let Some(Some(token)) = self.digits.pop_front() {
            self.controlled(token, result);
        }
    }

    /// Gives on what was heard.
    fn listen(&mut self, tools: &Tools) {
        let Some(media) = &mut self.media else { return };
        self.heard.clear();
        media.session.take_audio(&mut self.heard);
        if self.next_levels.is_some() {
            self.meter.add(&self.heard);
        }
        match &mut self.sink {
            Sink::None => {}
            Sink::File(recording) => tools.recordings.write(recording, &self.heard),
            Sink::Frames => {
                self.link.frames.offer(self.owner.session, &self.heard);
                self.pass_heard();
            }
        }
    }

    /// The call is over: says good-bye, tells the figures, completes the recording.
    pub(super) fn close(&mut self, now: Now, tools: &mut Tools) {
        if let Some(media) = &mut self.media {
            media.session.hang_up(now);
        }
        self.flush(tools);
        self.dismiss();
        self.report_figures();
        self.end(tools);
    }

    /// The session cannot be trusted any more: what it owes to others is settled without it.
    pub(super) fn fail(&mut self, tools: &mut Tools) {
        self.dismiss();
        self.end_recording(None, tools);
        self.link.frames.set_outbound(self.owner.session, false);
        let reason = "an internal error ended the audio".to_owned();
        self.report(MediaReported::Happened(MediaHappened::Failed { reason }));
    }

    /// Gives up the sockets and tells, as the last thing, that all is closed.
    fn end(&mut self, tools: &Tools) {
        self.closed = true;
        // The ports are free before anybody hears so.
        self.media = None;
        self.link.frames.set_outbound(self.owner.session, false);
        let recorded = matches!(self.sink, Sink::File(_));
        self.end_recording(None, tools);
        if !recorded {
            self.report(MediaReported::Closed);
        }
    }
}
