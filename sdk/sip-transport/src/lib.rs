//! Moves the bytes of SIP over UDP and TCP, answers DNS questions, and decides nothing.
