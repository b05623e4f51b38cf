//! The media side: what it is asked and what it reports, and natively the thread that carries it out.

#[cfg(not(target_arch = "wasm32"))]
mod address;
#[cfg(not(target_arch = "wasm32"))]
mod backend;
#[cfg(not(target_arch = "wasm32"))]
mod clips;
mod form;
#[cfg(not(target_arch = "wasm32"))]
mod frames;
#[cfg(not(target_arch = "wasm32"))]
mod names;
mod octets;
#[cfg(not(target_arch = "wasm32"))]
mod ports;
#[cfg(not(target_arch = "wasm32"))]
mod recordings;
#[cfg(not(target_arch = "wasm32"))]
mod reports;
mod request;
#[cfg(not(target_arch = "wasm32"))]
mod running;
#[cfg(not(target_arch = "wasm32"))]
mod thread;

#[cfg(not(target_arch = "wasm32"))]
pub use backend::NativeMedia;
pub use request::{
    AudioSink, AudioSource, MediaAction, MediaControl, MediaFailure, MediaFailureKind, MediaFigures,
    MediaHappened, MediaKey, MediaOptions, MediaReport, MediaReported, MediaRequest, ReceivedFigures,
    SentFigures, ToneKind,
};
