//! Building SIP URIs from parts that may hold anything.

use std::fmt::Write;

use crate::error::HeaderErrorKind;
use crate::escape::Escaped;
use crate::host::Host;
use crate::scan::{PASSWORD, URI_HEADER, URI_PARAM, USER};
use crate::syntax::SyntaxError;
use crate::uri::{SipScheme, UriBuf};

/// Builds a SIP URI: what is not allowed in a part is escaped, so that no part can reach into the next.
///
/// ```
/// use rvoip_sip_core::{Host, SipScheme, SipUriBuilder};
///
/// let uri = SipUriBuilder::new(SipScheme::Sip, Host::Name("example.com"))
///     .user("a@b")
///     .param("transport", Some("tcp"))
///     .build()?;
/// assert_eq!(uri.as_str(), "sip:a%40b@example.com;transport=tcp");
/// # Ok::<(), rvoip_sip_core::SyntaxError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SipUriBuilder {
    scheme: SipScheme,
    user: Option<String>,
    password: Option<String>,
    host: String,
    port: Option<u16>,
    params: String,
    headers: String,
    empty_part: bool,
}

impl SipUriBuilder {
    /// A URI of that scheme and host.
    pub fn new(scheme: SipScheme, host: Host<'_>) -> Self {
        Self {
            scheme,
            user: None,
            password: None,
            host: host.to_string(),
            port: None,
            params: String::new(),
            headers: String::new(),
            empty_part: false,
        }
    }

    /// The user, not escaped.
    #[must_use]
    pub fn user(mut self, user: &str) -> Self {
        self.empty_part |= user.is_empty();
        self.user = Some(Escaped { text: user, allowed: USER }.to_string());
        self
    }

    /// The password, not escaped.
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(Escaped { text: password, allowed: PASSWORD }.to_string());
        self
    }

    /// The port.
    #[must_use]
    pub fn port(mut self, port: Option<u16>) -> Self {
        self.port = port;
        self
    }

    /// Adds a parameter, not escaped.
    #[must_use]
    pub fn param(mut self, name: &str, value: Option<&str>) -> Self {
        self.empty_part |= name.is_empty() || value.is_some_and(str::is_empty);
        // Writing to a String cannot fail.
        let _ = write!(self.params, ";{}", Escaped { text: name, allowed: URI_PARAM });
        if let Some(value) = value {
            let _ = write!(self.params, "={}", Escaped { text: value, allowed: URI_PARAM });
        }
        self
    }

    /// Adds a header, not escaped.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.empty_part |= name.is_empty();
        let sign = if self.headers.is_empty() { '?' } else { '&' };
        let (name, value) =
            (Escaped { text: name, allowed: URI_HEADER }, Escaped { text: value, allowed: URI_HEADER });
        let _ = write!(self.headers, "{sign}{name}={value}");
        self
    }

    /// The URI.
    ///
    /// # Errors
    /// A host that is none, an empty user or name, a password without a user, a known parameter with a wrong value.
    pub fn build(self) -> Result<UriBuf, SyntaxError> {
        if self.empty_part || self.password.is_some() && self.user.is_none() {
            return Err(SyntaxError::new(0, HeaderErrorKind::Empty));
        }
        Host::parse(&self.host)?;
        let mut text = format!("{}:", self.scheme);
        if let Some(user) = &self.user {
            text.push_str(user);
            if let Some(password) = &self.password {
                text.push(':');
                text.push_str(password);
            }
            text.push('@');
        }
        text.push_str(&self.host);
        if let Some(port) = self.port {
            let _ = write!(text, ":{port}");
        }
        text.push_str(&self.params);
        text.push_str(&self.headers);
        UriBuf::parse(&text)
    }
}
