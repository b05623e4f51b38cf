//! SIP transactions (RFC 3261 section 17, RFC 6026) and transport rules (section 18), sans-IO.
