//! What a message must have before anything may act on it (RFC 3261 §8.1.1, §8.2).

use super::view::Message;
use crate::error::{HeaderError, HeaderErrorKind, ValidationError, ValidationErrorKind};
use crate::header::{CSeq, CallId, Contact, From, Header, MaxForwards, To, Via};
use crate::method::Method;
use crate::name::HeaderName;
use crate::uri::Uri;

/// The headers without which neither transaction nor dialog can be found.
const MANDATORY: [HeaderName; 5] =
    [HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq, HeaderName::Via];

/// The headers that what becomes of a message depends on: with two of them, two elements could see two messages (RFC 4475
/// §3.3.8). Of other headers that may stand once, as those for people, the first counts.
const STANDS_ONCE: [HeaderName; 20] = [
    HeaderName::From,
    HeaderName::To,
    HeaderName::CallId,
    HeaderName::CSeq,
    HeaderName::MaxForwards,
    HeaderName::MaxBreadth,
    HeaderName::ContentLength,
    HeaderName::ContentType,
    HeaderName::ContentDisposition,
    HeaderName::Expires,
    HeaderName::Event,
    HeaderName::SubscriptionState,
    HeaderName::RSeq,
    HeaderName::RAck,
    HeaderName::ReferTo,
    HeaderName::Replaces,
    HeaderName::Join,
    HeaderName::SessionExpires,
    HeaderName::SipIfMatch,
    HeaderName::TargetDialog,
];

/// Whether a message must have its Via yet: a request gets it when it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ViaPresence {
    Needed,
    AddedLater,
}

impl Message<'_> {
    /// Whether an element may act on the message: the version, the mandatory headers and their grammar, none twice of the
    /// headers that routing and dialogs depend on, the request URI, `CSeq`'s method; in requests that set where a dialog's
    /// requests go, Contact.
    ///
    /// Of Via the topmost alone is read: the others mean nothing to this element. Max-Forwards is checked if it is there:
    /// elements of RFC 2543 do not send it. The request URI may be of any scheme, but has no headers
    /// (RFC 3261 §19.1.1, table 1). Contact may be absent, as elements of RFC 2543 have it, but not hold several addresses
    /// or `*` (RFC 3261 §8.1.1.8). That the body is as long as Content-Length says was seen when the message was read;
    /// schemes, extensions and the body are for the user to judge (§8.2.2, §8.2.3).
    ///
    /// # Errors
    /// The first fault. A request is answered with [`ValidationError::status`], a response is dropped.
    pub fn validate(&self) -> Result<(), ValidationError> {
        self.validate_with(ViaPresence::Needed)
    }

    /// As [`Message::validate`], for a message whose Via may come later.
    pub(crate) fn validate_with(&self, via: ViaPresence) -> Result<(), ValidationError> {
        let fault = |offset, kind| Err(ValidationError::new(offset, kind));
        if !self.version().eq_ignore_ascii_case("SIP/2.0") {
            return fault(0, ValidationErrorKind::UnsupportedVersion);
        }
        self.no_header_twice(|name| STANDS_ONCE.contains(name))?;
        for name in &MANDATORY {
            if via == ViaPresence::AddedLater && *name == HeaderName::Via {
                continue;
            }
            if self.fields_named(name).next().is_none() {
                return fault(0, HeaderError::missing(name.clone()).into());
            }
        }
        self.mandatory_headers_read()
    }

    /// Whether no header of these stands more than once.
    pub(crate) fn no_header_twice(
        &self,
        stands_once: fn(&HeaderName) -> bool,
    ) -> Result<(), ValidationError> {
        let mut seen = [false; 256];
        for field in self.fields() {
            let known = field.known_index();
            let again = seen.get_mut(usize::from(known)).is_some_and(|seen| std::mem::replace(seen, true));
            if again && stands_once(&field.name()) {
                return Err(ValidationError::new(
                    field.offset(),
                    ValidationErrorKind::Repeated(field.name()),
                ));
            }
        }
        Ok(())
    }

    /// Reads the mandatory headers and the request URI for their grammar.
    fn mandatory_headers_read(&self) -> Result<(), ValidationError> {
        self.reads::<From<'_>>()?;
        self.reads::<To<'_>>()?;
        self.reads::<CallId<'_>>()?;
        self.reads::<Via<'_>>()?;
        let cseq = self.reads::<CSeq>()?;
        self.reads::<MaxForwards>()?;
        let Some(method) = self.method() else { return Ok(()) };
        if cseq.is_some_and(|cseq| cseq.method != method) {
            let offset = self.fields_named(&HeaderName::CSeq).next().map_or(0, |field| field.offset());
            // Whoever knows the method may know why.
            let kind = if matches!(method, Method::Extension(_)) {
                ValidationErrorKind::UnknownMethodMismatch
            } else {
                ValidationErrorKind::MethodMismatch
            };
            return Err(ValidationError::new(offset, kind));
        }
        if matches!(method, Method::Invite | Method::Subscribe | Method::Refer | Method::Update) {
            self.one_contact()?;
        }
        self.request_uri_reads()
    }

    /// Whether Contact, if it is there, is one address: that of all later requests of the dialog.
    fn one_contact(&self) -> Result<(), ValidationError> {
        let offset = || self.fields_named(&HeaderName::Contact).last().map_or(0, |field| field.offset());
        let mut contacts = self.get_all::<Contact<'_>>();
        let Some(first) = contacts.next() else { return Ok(()) };
        match first.map_err(|error| ValidationError::new(offset(), error.into()))? {
            Contact::Any => {
                let error = HeaderError::new(HeaderName::Contact, 0, HeaderErrorKind::UnexpectedCharacter);
                Err(ValidationError::new(offset(), error.into()))
            }
            Contact::Address { .. } if contacts.next().is_some() => {
                Err(ValidationError::new(offset(), ValidationErrorKind::Repeated(HeaderName::Contact)))
            }
            Contact::Address { .. } => Ok(()),
        }
    }

    fn reads<'m, T: Header<'m>>(&'m self) -> Result<Option<T>, ValidationError> {
        self.get::<T>().transpose().map_err(|error| {
            let offset = self.fields_named(&error.name).next().map_or(0, |field| field.offset());
            ValidationError::new(offset, error.into())
        })
    }

    fn request_uri_reads(&self) -> Result<(), ValidationError> {
        let fault = |error: HeaderError| ValidationError::new(0, error.into());
        match self.request_uri().transpose().map_err(fault)? {
            Some(Uri::Sip(uri)) if !uri.headers.is_empty() => {
                Err(fault(HeaderError::new(HeaderError::REQUEST_URI, 0, HeaderErrorKind::InvalidUri)))
            }
            Some(Uri::Sip(_) | Uri::Tel(_) | Uri::Absolute(_)) | None => Ok(()),
        }
    }
}
