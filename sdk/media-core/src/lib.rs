//! Codecs, jitter buffer, resampling, tones, files and the media of one call, sans-IO.
