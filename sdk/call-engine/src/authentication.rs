//! Who a request is from, by digest (RFC 3261 §22).

use rvoip_driver::{Now, Random};
use rvoip_sip_core::{AuthenticationFailure, DigestServer, Message, MessageBuilder, Secret, StatusCode};

use crate::SwitchConfig;

/// Challenges users and checks what they answer.
#[derive(Debug)]
pub(crate) struct Authentication {
    server: DigestServer,
    random: Random,
}

impl Authentication {
    pub(crate) fn new(config: &SwitchConfig, mut random: Random) -> Self {
        let algorithms = config.algorithms.clone();
        let server = DigestServer::new(config.realm.clone(), algorithms, config.nonce_lifetime, &mut random);
        Self { server, random }
    }

    /// The user whose credentials a request carries.
    pub(crate) fn user(
        &mut self,
        now: Now,
        config: &SwitchConfig,
        request: &Message<'_>,
        by_proxy: bool,
    ) -> Result<String, AuthenticationFailure> {
        let found = self.server.verify_request(now, request, by_proxy, |credentials| {
            let (name, password) = config.users.get_key_value(&credentials.username)?;
            Some((name.clone(), Secret::Password(password.clone())))
        });
        found.map(|verified| verified.username)
    }

    /// The answer to a request whose credentials are missing or not taken.
    pub(crate) fn challenge(
        &mut self,
        now: Now,
        request: &Message<'_>,
        failure: AuthenticationFailure,
        by_proxy: bool,
    ) -> MessageBuilder {
        let status = failure.status(by_proxy);
        let builder = MessageBuilder::response_to(request, status);
        if status == StatusCode::BAD_REQUEST {
            return builder;
        }
        let challenges = self.server.challenges(now, failure.is_stale(), &mut self.random);
        challenges.iter().fold(builder, |builder, challenge| builder.header(&challenge.field(by_proxy)))
    }
}
