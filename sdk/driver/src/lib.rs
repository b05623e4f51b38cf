//! Runs a sans-IO root on a platform: one loop, one lock, sockets, clock and the media thread.
