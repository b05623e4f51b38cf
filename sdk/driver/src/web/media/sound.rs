//! What is sent in place of the microphone: clips and tones.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Object, Reflect, Uint8Array};
use rvoip_sans_io::Token;
use wasm_bindgen::prelude::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::MediaStreamTrack;

use super::call::{Call, unsupported};
use super::lane::Lane;
use super::platform::{Playback, given};
use crate::media::{AudioSource, MediaFailure, MediaFailureKind, MediaHappened, ToneKind};
use crate::web::js::describe;

/// The sources of a call, one after the other.
#[derive(Debug, Default)]
pub(super) struct Sound {
    orders: Lane<Order>,
    /// The command whose clip or tone is being made ready.
    beginning: Cell<Option<Token>>,
    playing: RefCell<Option<Playing>>,
}

#[derive(Debug)]
enum Order {
    Play(Token, AudioSource),
    /// Back to the microphone; with the command that says so.
    Stop(Option<Token>),
    /// The microphone is another one.
    Microphone,
}

#[derive(Clone, Debug)]
struct Playing {
    /// The command that began it.
    token: Token,
    playback: Playback,
    /// It has an end, which the command waits for.
    ends: bool,
}

impl Sound {
    pub(super) fn mute(&self, muted: bool) {
        if let Some(playing) = self.playing.borrow().as_ref() {
            playing.playback.track().set_enabled(!muted);
        }
    }

    fn plays(&self, token: Token) -> bool {
        self.playing.borrow().as_ref().is_some_and(|playing| playing.token == token)
    }
}

impl Call {
    pub(super) fn play(self: &Rc<Self>, token: Token, source: AudioSource) {
        self.source(Order::Play(token, source));
    }

    pub(super) fn stop_playing(self: &Rc<Self>, token: Token) {
        self.source(Order::Stop(Some(token)));
    }

    /// Nobody waits for a command any more: what it plays, or is about to, ends.
    pub(super) fn stop_playing_of(self: &Rc<Self>, token: Token) {
        self.sound.orders.keep(|order| !matches!(order, Order::Play(of, _) if *of == token));
        if self.sound.plays(token) || self.sound.beginning.get() == Some(token) {
            self.source(Order::Stop(None));
        }
    }

    pub(super) fn send_microphone(self: &Rc<Self>) {
        self.source(Order::Microphone);
    }

    /// The call is over.
    pub(super) fn silence(&self) {
        self.sound.orders.keep(|_| false);
        if let Some(playing) = self.sound.playing.take() {
            stop(&playing.playback);
        }
    }

    fn source(self: &Rc<Self>, order: Order) {
        if self.sound.orders.add(order) {
            spawn_local(Rc::clone(self).change_sources());
        }
    }

    async fn change_sources(self: Rc<Self>) {
        while let Some(order) = self.sound.orders.take() {
            match order {
                Order::Play(token, source) => {
                    let result = self.begin(token, &source).await;
                    if result.is_err() || !self.sound.plays(token) || !is_clip(&source) {
                        self.controlled(token, result);
                    }
                }
                Order::Stop(token) => {
                    self.back_to_microphone().await;
                    if let Some(token) = token {
                        self.controlled(token, Ok(()));
                    }
                }
                Order::Microphone if self.sound.playing.borrow().is_none() => {
                    // A track that cannot be sent leaves the one before.
                    let _ = self.replace_track(self.microphone()).await;
                }
                Order::Microphone => {}
            }
        }
    }

    fn microphone(&self) -> Option<MediaStreamTrack> {
        self.peer().and_then(|peer| peer.microphone.track())
    }

    async fn replace_track(&self, track: Option<MediaStreamTrack>) -> Result<(), MediaFailure> {
        let Some(sender) = self.peer().and_then(|peer| peer.sender()) else {
            return Err(MediaFailure::new(MediaFailureKind::Gone, "the call has no audio yet"));
        };
        JsFuture::from(sender.replace_track(track.as_ref()))
            .await
            .map(drop)
            .map_err(|error| unreadable(&error))
    }

    async fn begin(self: &Rc<Self>, token: Token, source: &AudioSource) -> Result<(), MediaFailure> {
        let described = describe_source(source)?;
        let promised = self.platform.play(self.key.0, &described);
        self.sound.beginning.set(Some(token));
        let given = given(promised).await;
        self.sound.beginning.set(None);
        let playback: Playback = given.map_err(|error| unreadable(&error))?.unchecked_into();
        // To read it took time: what was ordered meanwhile goes before it.
        if self.closed.get() || self.sound.orders.any(|order| !matches!(order, Order::Microphone)) {
            stop(&playback);
            return Ok(());
        }
        let track = playback.track();
        track.set_enabled(!self.is_muted());
        if let Err(failure) = self.replace_track(Some(track)).await {
            stop(&playback);
            return Err(failure);
        }
        let ends = is_clip(source);
        let playing = Playing { token, playback: playback.clone(), ends };
        if let Some(before) = self.sound.playing.replace(Some(playing)) {
            self.over(&before);
        }
        if ends {
            spawn_local(Rc::clone(self).finish(token, playback));
        }
        Ok(())
    }

    /// Waits for a clip's own end.
    async fn finish(self: Rc<Self>, token: Token, playback: Playback) {
        let ended = given(Ok(playback.ended())).await.is_ok();
        if self.sound.plays(token) {
            if ended {
                self.happened(MediaHappened::PlaybackFinished);
            }
            self.source(Order::Stop(None));
        }
    }

    /// Something is played no longer; whoever waits for its end need not any longer.
    fn over(&self, playing: &Playing) {
        stop(&playing.playback);
        if playing.ends {
            self.controlled(playing.token, Ok(()));
        }
    }

    async fn back_to_microphone(&self) {
        let Some(playing) = self.sound.playing.take() else { return };
        self.over(&playing);
        let _ = self.replace_track(self.microphone()).await;
    }
}

fn stop(playback: &Playback) {
    // What the page cannot stop any more is stopped.
    let _ = playback.stop();
}

/// Whether it comes to its own end.
fn is_clip(source: &AudioSource) -> bool {
    matches!(source, AudioSource::Bytes { repeat: false, .. })
}

fn unreadable(error: &JsValue) -> MediaFailure {
    MediaFailure::new(MediaFailureKind::Unreadable, describe(error))
}

/// A source as the page takes it: in the facade's serde form.
fn describe_source(source: &AudioSource) -> Result<JsValue, MediaFailure> {
    match source {
        AudioSource::Bytes { wav, repeat } => Ok(object(&[
            ("type", "bytes".into()),
            ("wav", Uint8Array::from(wav.as_slice()).into()),
            ("repeat", (*repeat).into()),
        ])),
        AudioSource::Tone { tone } => {
            let (kind, hertz) = match tone {
                ToneKind::Ringback => ("ringback", 0),
                ToneKind::Busy => ("busy", 0),
                ToneKind::Dial => ("dial", 0),
                ToneKind::Sine { hertz } => ("sine", *hertz),
            };
            let tone = object(&[("type", kind.into()), ("hertz", hertz.into())]);
            Ok(object(&[("type", "tone".into()), ("tone", tone)]))
        }
        AudioSource::File { .. } | AudioSource::Echo | AudioSource::Frames => Err(unsupported()),
    }
}

fn object(members: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        // A new plain object takes every property.
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}
