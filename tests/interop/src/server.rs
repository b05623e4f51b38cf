//! What Kamailio and our own switch have in common for those who test phones with them.

use std::path::Path;

use anyhow::Result;

use crate::{BaresipFiles, Kamailio, OwnSwitch};

/// A registrar and proxy for the users [`USERS`](crate::USERS) of the domain [`DOMAIN`](crate::DOMAIN).
pub trait Server: Sized {
    /// Starts it; what it writes goes into a folder.
    fn begin(folder: &Path) -> Result<Self>;
    /// Its URI as an outbound proxy, with a transport.
    fn proxy(&self, transport: &str) -> Result<String>;
    /// The words of the command `rvoip` for a user behind it.
    fn words(&self, user: &str, transport: &str) -> Result<Vec<String>>;
    /// The file with the authority that signed its certificate.
    fn trusted(&self) -> &Path;
    /// Waits until a user has registered.
    fn has_registered(&self, user: &str) -> Result<()>;

    /// What a baresip needs that trusts it.
    fn files(&self) -> BaresipFiles {
        BaresipFiles { trusts: Some(self.trusted().to_owned()), ..BaresipFiles::default() }
    }
}

impl Server for Kamailio {
    fn begin(folder: &Path) -> Result<Self> {
        Self::start(folder)
    }

    fn proxy(&self, transport: &str) -> Result<String> {
        Ok(self.uri(transport))
    }

    fn words(&self, user: &str, transport: &str) -> Result<Vec<String>> {
        Ok(self.account(user, transport))
    }

    fn trusted(&self) -> &Path {
        self.authority()
    }

    fn has_registered(&self, user: &str) -> Result<()> {
        self.wait_for_contact(user).map(drop)
    }
}

impl Server for OwnSwitch {
    fn begin(folder: &Path) -> Result<Self> {
        Self::start(folder)
    }

    fn proxy(&self, transport: &str) -> Result<String> {
        self.uri(transport)
    }

    fn words(&self, user: &str, transport: &str) -> Result<Vec<String>> {
        self.account(user, transport)
    }

    fn trusted(&self) -> &Path {
        self.authority()
    }

    fn has_registered(&self, user: &str) -> Result<()> {
        self.wait_for_contact(user)
    }
}
