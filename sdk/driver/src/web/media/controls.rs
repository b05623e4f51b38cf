//! The user's commands: mute, key presses, clips and tones.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Object, Reflect, Uint8Array};
use rvoip_sans_io::Token;
use rvoip_session_core::Direction;
use wasm_bindgen::prelude::{Closure, JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{MediaStreamTrack, RtcdtmfSender, RtcdtmfToneChangeEvent};

use super::call::Call;
use crate::media::{
    AudioSource, MediaControl, MediaFailure, MediaFailureKind, MediaHappened, MediaReported, ToneKind,
};
use crate::web::js::{describe, has_method, sleep};

/// How long a key is pressed and how long none is, in milliseconds.
const TONE: u32 = 100;
const GAP: u32 = 70;
/// A pause that a comma makes (the browser's own length).
const PAUSE: u64 = 2_000;

/// What is played in place of the microphone.
#[derive(Debug)]
pub(super) struct Playing {
    /// The command that began it.
    token: Token,
    track: MediaStreamTrack,
    /// The command waits for its end.
    ends: bool,
}

fn unsupported(what: &str) -> MediaFailure {
    MediaFailure::new(MediaFailureKind::Unsupported, format!("a page cannot {what}"))
}

impl Call {
    pub(super) fn control(self: &Rc<Self>, token: Token, control: MediaControl) {
        match control {
            MediaControl::Mute(muted) => {
                self.set_muted(muted);
                self.controlled(token, Ok(()));
            }
            MediaControl::SendDigits(digits) => spawn_local(Rc::clone(self).send_digits(token, digits)),
            MediaControl::Play(source) => spawn_local(Rc::clone(self).play(token, source)),
            MediaControl::StopPlaying => spawn_local(Rc::clone(self).stop_playing(token)),
            MediaControl::Record(_) | MediaControl::StopRecording => {
                self.controlled(token, Err(unsupported("record into a file")));
            }
            MediaControl::WriteFrames(_) | MediaControl::ReadFrames => {
                self.controlled(token, Err(unsupported("make or take audio frame by frame: use a track")));
            }
        }
    }

    /// Nobody waits for a command any more: what it plays ends.
    pub(super) fn withdraw(self: &Rc<Self>, token: Token) {
        let plays = self.playing.borrow().as_ref().is_some_and(|playing| playing.token == token);
        if plays {
            let call = Rc::clone(self);
            spawn_local(async move { call.back_to_microphone().await });
        }
    }

    fn controlled(&self, token: Token, result: Result<(), MediaFailure>) {
        self.report(MediaReported::Controlled(token, result));
    }

    fn set_muted(&self, muted: bool) {
        self.muted.set(muted);
        if let Some(playing) = self.playing.borrow().as_ref() {
            playing.track.set_enabled(!muted);
        }
        self.open_microphone();
    }

    /// Whoever is on hold does not hear what is said here, whatever direction the media have.
    pub(super) fn hold(&self, direction: Direction) {
        self.holding.set(matches!(direction, Direction::SendOnly | Direction::Inactive));
        self.open_microphone();
    }

    /// Whether what is said here is to be heard there.
    pub(super) fn speaks(&self) -> bool {
        !self.muted.get() && !self.holding.get()
    }

    fn open_microphone(&self) {
        if let Some(microphone) = self.peer().and_then(|peer| peer.microphone()) {
            microphone.set_enabled(self.speaks());
        }
    }

    async fn send_digits(self: Rc<Self>, token: Token, digits: String) {
        let sender = self.peer().and_then(|peer| peer.sender()).and_then(|sender| sender.dtmf());
        let result = match sender {
            Some(sender) => press(&sender, &digits).await,
            None => {
                Err(MediaFailure::new(MediaFailureKind::NotNegotiated, "the peer takes no telephone events"))
            }
        };
        self.controlled(token, result);
    }

    async fn play(self: Rc<Self>, token: Token, source: AudioSource) {
        let result = self.begin(token, &source).await;
        if result.is_ok() && is_clip(&source) {
            self.finish(token).await;
        } else {
            self.controlled(token, result);
        }
    }

    async fn begin(self: &Rc<Self>, token: Token, source: &AudioSource) -> Result<(), MediaFailure> {
        let described = describe_source(source)?;
        let Some(sender) = self.peer().and_then(|peer| peer.sender()) else {
            return Err(MediaFailure::new(MediaFailureKind::Gone, "the call has no audio yet"));
        };
        let refused = |error: JsValue| MediaFailure::new(MediaFailureKind::Unreadable, describe(&error));
        let promise = self.platform.play(self.key.0, &described).map_err(refused)?;
        let track: MediaStreamTrack =
            JsFuture::from(promise).await.map_err(refused)?.dyn_into().map_err(|_| {
                MediaFailure::new(MediaFailureKind::Unreadable, "the page gave no audio track")
            })?;
        track.set_enabled(!self.muted.get());
        JsFuture::from(sender.replace_track(Some(&track))).await.map_err(refused)?;
        let playing = Playing { token, track, ends: is_clip(source) };
        let before = self.playing.borrow_mut().replace(playing);
        self.over(before.as_ref());
        Ok(())
    }

    /// Whoever waits for the end of what was played need not any longer.
    fn over(&self, playing: Option<&Playing>) {
        if let Some(Playing { token, ends: true, .. }) = playing {
            self.controlled(*token, Ok(()));
        }
    }

    /// Waits for a clip's own end.
    async fn finish(self: &Rc<Self>, token: Token) {
        let ended = match self.platform.playback_ended(self.key.0) {
            Ok(promise) => JsFuture::from(promise).await.is_ok(),
            Err(_) => false,
        };
        let still = self.playing.borrow().as_ref().is_some_and(|playing| playing.token == token);
        if still {
            if ended {
                self.happened(MediaHappened::PlaybackFinished);
            }
            self.back_to_microphone().await;
        }
    }

    async fn stop_playing(self: Rc<Self>, token: Token) {
        self.back_to_microphone().await;
        self.controlled(token, Ok(()));
    }

    async fn back_to_microphone(self: &Rc<Self>) {
        let playing = self.playing.borrow_mut().take();
        if playing.is_none() {
            return;
        }
        self.over(playing.as_ref());
        // What the page cannot stop any more is stopped.
        let _ = self.platform.stop_playing(self.key.0);
        if let Some(peer) = self.peer()
            && let Some(sender) = peer.sender()
        {
            let _ = JsFuture::from(sender.replace_track(peer.microphone().as_ref())).await;
        }
    }
}

fn is_clip(source: &AudioSource) -> bool {
    matches!(source, AudioSource::Bytes { repeat: false, .. })
}

/// Presses keys, and waits until the last one is released.
async fn press(sender: &RtcdtmfSender, digits: &str) -> Result<(), MediaFailure> {
    // Where the browser says whether it can, it is asked; else the attempt shows it.
    if Reflect::get(sender, &"canInsertDTMF".into()).is_ok_and(|can| can.is_falsy() && !can.is_undefined())
        || !has_method(sender, "insertDTMF")
    {
        return Err(MediaFailure::new(MediaFailureKind::NotNegotiated, "the peer takes no telephone events"));
    }
    // Keys that are already on their way go first.
    let waiting = sender.tone_buffer();
    let all = format!("{waiting}{digits}");
    sender.insert_dtmf_with_duration_and_inter_tone_gap(&all, TONE, GAP);
    let pauses = u64::try_from(all.matches(',').count()).unwrap_or(0);
    let tones = u64::try_from(all.len()).unwrap_or(0) - pauses;
    let step = u64::from(TONE + GAP);
    // A page that is closed or a call that ends tells no last tone: the wait has an end of its own.
    let limit = Duration::from_millis(tones * step + pauses * PAUSE + 3_000);
    let on_tone = RefCell::new(None);
    let done = js_sys::Promise::new(&mut |resolve, _| {
        let closure =
            Closure::<dyn FnMut(RtcdtmfToneChangeEvent)>::new(move |event: RtcdtmfToneChangeEvent| {
                if event.tone().is_empty() {
                    let _ = resolve.call0(&JsValue::UNDEFINED);
                }
            });
        sender.set_ontonechange(Some(closure.as_ref().unchecked_ref()));
        *on_tone.borrow_mut() = Some(closure);
    });
    let outcome = futures::future::select(JsFuture::from(done), Box::pin(sleep(limit))).await;
    sender.set_ontonechange(None);
    match outcome {
        futures::future::Either::Left(_) => Ok(()),
        futures::future::Either::Right(_) => {
            Err(MediaFailure::new(MediaFailureKind::Gone, "the key presses were not sent"))
        }
    }
}

/// A source as the page takes it.
fn describe_source(source: &AudioSource) -> Result<JsValue, MediaFailure> {
    let object = Object::new();
    let set = |name: &str, value: JsValue| {
        // A new plain object takes every property.
        let _ = Reflect::set(&object, &name.into(), &value);
    };
    match source {
        AudioSource::Bytes { wav, repeat } => {
            set("type", "bytes".into());
            set("wav", Uint8Array::from(wav.as_slice()).into());
            set("repeat", (*repeat).into());
        }
        AudioSource::Tone { tone } => {
            set("type", "tone".into());
            let (kind, hertz) = match tone {
                ToneKind::Ringback => ("ringback", None),
                ToneKind::Busy => ("busy", None),
                ToneKind::Dial => ("dial", None),
                ToneKind::Sine { hertz } => ("sine", Some(*hertz)),
            };
            let tone = Object::from_entries(&Array::of1(&Array::of2(&"type".into(), &kind.into())))
                .unwrap_or_default();
            if let Some(hertz) = hertz {
                let _ = Reflect::set(&tone, &"hertz".into(), &hertz.into());
            }
            set("tone", tone.into());
        }
        AudioSource::File { .. } => return Err(unsupported("read a file by its path: play its bytes")),
        AudioSource::Echo => return Err(unsupported("play the peer back to itself")),
        AudioSource::Frames => return Err(unsupported("make audio frame by frame: use a track")),
    }
    Ok(object.into())
}
