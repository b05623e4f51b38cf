//! Names of transactions, by which messages find them (RFC 3261 §17.1.3, §17.2.3).

use rvoip_sip_core::header::{CSeq, CallId, From, Via};
use rvoip_sip_core::{HeaderError, HeaderName, Message, Method};

/// The name of a server transaction. That of an ACK or CANCEL is the name of the INVITE that it speaks of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ServerName(String);

impl ServerName {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The name of the transaction that a request makes or repeats.
    pub(crate) fn of_request(request: &Message<'_>, via: &Via<'_>) -> Result<Self, HeaderError> {
        let method = request.method().unwrap_or(Method::Invite);
        let method = if method == Method::Ack { Method::Invite } else { method };
        Self::with_method(request, via, &method)
    }

    /// The name of the INVITE that a CANCEL speaks of.
    pub(crate) fn of_cancelled(cancel: &Message<'_>, via: &Via<'_>) -> Result<Self, HeaderError> {
        Self::with_method(cancel, via, &Method::Invite)
    }

    fn with_method(request: &Message<'_>, via: &Via<'_>, method: &Method) -> Result<Self, HeaderError> {
        let host = via.host.to_string().to_ascii_lowercase();
        let port = via.port_or_default();
        if let Some(branch) = via.unique_branch() {
            // Branches are compared without case, as every token (RFC 3261 §7.3.1).
            return Ok(Self(format!("{}\n{host}:{port}\n{method}", branch.to_ascii_lowercase())));
        }
        // A peer of RFC 2543. The tag of To is left out: the ACK has one where the INVITE has none.
        let uri = request.request_uri_text().unwrap_or_default();
        let from = request.require::<From<'_>>()?;
        let call_id = request.require::<CallId<'_>>()?;
        let sequence = request.require::<CSeq>()?.sequence;
        let tag = from.tag().unwrap_or_default();
        let branch = via.branch().unwrap_or_default();
        Ok(Self(format!("{uri}\n{tag}\n{call_id}\n{sequence}\n{host}:{port}\n{branch}\n{method}")))
    }
}

/// What a request is recognised by when it comes on two paths (RFC 3261 §8.2.2.2). `None` inside a dialog.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MergeName(String);

impl MergeName {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn of(request: &Message<'_>) -> Option<Self> {
        let to = request.get::<rvoip_sip_core::header::To<'_>>()?.ok()?;
        if to.tag().is_some() {
            return None;
        }
        let from = request.get::<From<'_>>()?.ok()?;
        let call_id = request.get::<CallId<'_>>()?.ok()?;
        let sequence = request.raw(HeaderName::CSeq).next()?;
        Some(Self(format!("{}\n{call_id}\n{sequence}", from.tag()?)))
    }
}

/// The name of a client transaction: its branch and the method of its request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ClientName(String, Method);

impl ClientName {
    pub(crate) fn new(branch: &str, method: &Method) -> Self {
        Self(branch.to_ascii_lowercase(), method.clone())
    }

    pub(crate) fn of_response(response: &Message<'_>) -> Option<Self> {
        let via = response.get::<Via<'_>>()?.ok()?;
        let cseq = response.get::<CSeq>()?.ok()?;
        Some(Self::new(via.unique_branch()?, &cseq.method))
    }
}
