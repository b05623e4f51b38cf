//! A SIP phone as a library: Client, Account, Call.
