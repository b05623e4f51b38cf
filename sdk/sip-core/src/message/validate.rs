//! What a message must have before anything may act on it (RFC 3261 §8.1.1, §8.2).

use super::view::Message;
use crate::error::{HeaderError, ValidationError, ValidationErrorKind};
use crate::name::{HeaderName, Multiplicity};

/// The headers without which neither transaction nor dialog can be found.
const MANDATORY: [HeaderName; 5] =
    [HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq, HeaderName::Via];

/// Whether a message must have its Via yet: a request gets it when it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ViaPresence {
    Needed,
    AddedLater,
}

impl Message<'_> {
    /// Whether an element may act on the message: the version, the mandatory headers and their grammar, no header twice
    /// that may stand once, `CSeq`'s method.
    ///
    /// Max-Forwards is checked if it is there: elements of RFC 2543 do not send it.
    ///
    /// # Errors
    /// The first fault. A request is answered with [`ValidationError::status`], a response is dropped.
    pub fn validate(&self) -> Result<(), ValidationError> {
        self.validate_with(ViaPresence::Needed)
    }

    pub(crate) fn validate_with(&self, via: ViaPresence) -> Result<(), ValidationError> {
        let fault = |offset, kind| Err(ValidationError::new(offset, kind));
        if !self.version().eq_ignore_ascii_case("SIP/2.0") {
            return fault(0, ValidationErrorKind::UnsupportedVersion);
        }
        self.no_single_header_twice()?;
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

    fn no_single_header_twice(&self) -> Result<(), ValidationError> {
        let mut seen = [false; 256];
        for field in self.fields() {
            let known = field.known_index();
            let again = seen.get_mut(usize::from(known)).is_some_and(|seen| std::mem::replace(seen, true));
            if again && field.name().multiplicity() == Multiplicity::Single {
                return Err(ValidationError::new(
                    field.offset(),
                    ValidationErrorKind::Repeated(field.name()),
                ));
            }
        }
        Ok(())
    }

    /// Reads the mandatory headers for their grammar.
    fn mandatory_headers_read(&self) -> Result<(), ValidationError> {
        let Some(method) = self.method() else { return Ok(()) };
        let matches = |value: &str| value.split_ascii_whitespace().nth(1) == Some(method.as_str());
        if self.raw(HeaderName::CSeq).next().is_some_and(matches) {
            Ok(())
        } else {
            Err(ValidationError::new(0, ValidationErrorKind::MethodMismatch))
        }
    }
}
