//! Digest authentication (RFC 7616, RFC 8760; RFC 3261 §22): both sides, without state of their own beyond nonces.

mod algorithm;
mod client;
mod credentials;
mod parse;
mod password;
mod server;

pub use algorithm::{Algorithm, Qop};
pub use client::{ChallengeError, DigestClient};
pub use credentials::{AuthenticationInfo, Challenge, DigestCredentials};
pub use parse::{AuthParams, AuthScheme, schemes};
pub use password::Password;
pub use server::{AuthenticationFailure, DigestServer};

use algorithm::Ha1;
