//! Credentials of one identity: challenges are answered, and answers are not given twice.

use rvoip_sans_io::Random;
use rvoip_sip_core::{DigestClient, Edit, HeaderName, Message, Uri, UriBuf};

use crate::{Credentials, Identity};

/// The realms that challenged an identity.
#[derive(Debug, Default)]
pub(crate) struct Authenticator {
    client: DigestClient,
}

impl Authenticator {
    /// Takes the challenge that `request` got.
    ///
    /// # Errors
    /// One line for people: it cannot be answered, or the credentials are wrong.
    pub(crate) fn challenged(&mut self, response: &Message<'_>, request: &Message<'_>) -> Result<(), String> {
        self.client.challenged(response, request).map_err(|error| error.to_string())
    }

    /// Puts the credentials into a request, in place of those that it carried.
    pub(crate) fn authorize<'m>(
        &mut self,
        edit: Edit<'m>,
        request: &Message<'_>,
        credentials: &Credentials,
        random: &mut Random,
    ) -> Edit<'m> {
        let headers = self.client.authorize(request, &credentials.username, &credentials.password, random);
        let edit = edit.remove(&HeaderName::Authorization).remove(&HeaderName::ProxyAuthorization);
        headers.into_iter().fold(edit, |edit, (name, value)| edit.push_back_raw(name, &value))
    }

    /// Takes what the server said after it took the credentials; false if it does not know the password itself.
    pub(crate) fn confirmed(
        &mut self,
        response: &Message<'_>,
        request: &Message<'_>,
        credentials: &Credentials,
    ) -> bool {
        self.client.confirmed(response, request, &credentials.username, &credentials.password)
    }
}

/// Whether a request to that next hop passes a server of the identity, which may ask for the password. Whoever gets an answer
/// can try passwords on it, so that not every host that is called may ask; one behind a server of ours cannot be told from
/// that, as anybody can name its realm.
pub(crate) fn is_known_to(identity: &Identity, hop: &UriBuf) -> bool {
    let aor = UriBuf::from(&identity.aor.uri());
    identity.outbound_proxy.is_some()
        || identity.server.is_some()
        || [Some(&aor), identity.registrar.as_ref()].into_iter().flatten().any(|uri| are_related(uri, hop))
}

/// Whether the hosts of two URIs are the same, or one is in the domain of the other: a provider has several servers.
fn are_related(one: &UriBuf, other: &UriBuf) -> bool {
    let host = |uri: &Uri<'_>| uri.as_sip().map(|sip| sip.host.to_string().to_ascii_lowercase());
    let (Some(one), Some(other)) = (host(&one.as_uri()), host(&other.as_uri())) else { return false };
    let within = |inner: &str, outer: &str| {
        // One label alone is nobody's domain.
        outer.contains('.') && inner.strip_suffix(outer).is_some_and(|rest| rest.ends_with('.'))
    };
    one == other || within(&one, &other) || within(&other, &one)
}

#[cfg(test)]
mod tests {
    use rvoip_sip_core::NameAddrBuf;

    use super::*;

    #[test]
    fn servers_of_the_account_may_ask_for_its_password_and_no_others() {
        let uri = |text: &str| UriBuf::parse(text).unwrap();
        let mut identity = Identity::new(NameAddrBuf::parse("sip:alice@example.com").unwrap());
        identity.registrar = Some(uri("sip:192.0.2.10:5070"));
        for (hop, known) in [
            ("sip:bob@example.com", true),
            ("sip:bob@Example.com:5070;transport=tcp", true),
            ("sip:pbx.example.com;lr", true),
            ("sip:bob@192.0.2.10", true),
            ("sip:bob@com", false),
            ("sip:bob@badexample.com", false),
            ("sip:bob@elsewhere.example", false),
            ("tel:+1", false),
        ] {
            assert_eq!(is_known_to(&identity, &uri(hop)), known, "{hop}");
        }
        identity.outbound_proxy = Some(uri("sip:proxy.example.net"));
        assert!(is_known_to(&identity, &uri("sip:bob@elsewhere.example")), "all passes the proxy");
    }
}
