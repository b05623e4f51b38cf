//! The media of one call, sans-IO: descriptions, packets and audio in and out.

mod activity;
mod clock;
mod digits;
mod machine;
mod negotiation;
mod path;
mod playout;
mod receiving;
mod reports;
mod sending;
mod source;
mod statistics;
mod types;

pub use machine::MediaSession;
pub use statistics::{MediaStatistics, ReceivedStatistics, SentStatistics};
pub use types::{DigitsError, Lane, LocalMedia, MediaConfig, MediaError, MediaEvent, MediaOutput, Source};
