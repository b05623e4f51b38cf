//! Dialogs, INVITE sessions and registrations: the signalling of a phone, sans-IO.
