//! Offer and answer (RFC 3264) for one audio stream.
//!
//! [`offer`] and [`offer_again`] describe what a [`LocalAudio`] can do, [`answer`] and [`answer_again`] meet an offer
//! with it, [`accept_answer`] reads what came back. What both sides agreed on is a [`Stream`]. Media other than the
//! first acceptable audio are rejected in place. A [`Negotiation`] remembers what these need of the descriptions before.

mod accept;
mod answer;
mod compose;
mod exchange;
mod local;
mod offer;
mod payloads;
mod remote;
mod restrict;
mod stream;

pub use accept::{AnswerError, accept_answer};
pub use answer::{Answered, Refusal, answer, answer_again};
pub use exchange::{Negotiation, NegotiationError};
pub use local::{LocalAudio, LocalCodec};
pub use offer::{offer, offer_again};
pub use restrict::restrict;
pub use stream::{EventPayload, NegotiatedCodec, Stream};
