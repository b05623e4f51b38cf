//! Credentials of one identity: challenges are answered, and answers are not given twice.

use rvoip_sans_io::Random;
use rvoip_sip_core::{DigestClient, Edit, HeaderName, Message};

use crate::Credentials;

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
