//! Codecs, jitter buffer, resampling, tones, files and the media of one call, sans-IO.

pub mod codec;
pub mod conceal;
pub mod g711;
pub mod quality;
pub mod resample;
pub mod tone;
pub mod wav;
