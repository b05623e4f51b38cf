//! Digest authentication (RFC 7616, RFC 8760; RFC 3261 §22): both sides, without state of their own beyond nonces.

mod algorithm;
mod client;
mod credentials;
mod header;
mod nonce;
mod parse;
mod password;
mod replay;
mod response;
mod server;

pub use algorithm::{Algorithm, Qop};
pub use client::{ChallengeError, DigestClient};
pub use credentials::{AuthenticationInfo, Challenge, DigestCredentials};
pub use header::{AuthField, Authorization, ProxyAuthenticate, ProxyAuthorization, WwwAuthenticate};
pub use parse::{AuthParams, AuthScheme, schemes};
pub use password::Password;
pub use response::{Ha1, Secret};
pub use server::{AuthenticationFailure, DigestServer, Verified};
