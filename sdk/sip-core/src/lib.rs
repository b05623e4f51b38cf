//! The grammar of SIP: messages, headers, URIs, digest, framing. No state, no I/O.
