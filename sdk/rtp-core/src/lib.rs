//! RTP, RTCP, reception statistics and telephone events (RFC 3550, RFC 4733), sans-IO.
