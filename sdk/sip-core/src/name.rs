//! Header names: one table of canonical names, compact forms and how often a header may stand in a message.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use compact_str::CompactString;

use crate::extension::Extension;
use crate::grammar::is_token;

/// How the values of a header may be spread over a message (RFC 3261 §7.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Multiplicity {
    /// One field with one value.
    Single,
    /// Several fields, each with one value that may itself hold commas.
    Repeated,
    /// Several values, in one field separated by commas, or in several fields.
    List,
    /// Not known: the header is an extension.
    Unknown,
}

macro_rules! headers {
    (@first $first:expr, $($rest:expr,)*) => { $first };
    ($($variant:ident $text:literal $($compact:literal)? $multiplicity:ident;)*) => {
        /// The name of a header: an open set. Compared without case (RFC 3261 §7.3.1); the compact form is the same name.
        #[derive(Clone, Debug)]
        pub enum HeaderName {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
            /// A header that this crate does not know. Made by [`HeaderName::parse`].
            Extension(Extension),
        }

        #[derive(Clone, Copy)]
        #[repr(u8)]
        enum Known {
            $($variant,)*
        }

        static KNOWN: &[HeaderName] = &[$(HeaderName::$variant,)*];

        /// Every spelling and the index of its header in `KNOWN`.
        const SPELLINGS: &[(&str, u8)] = &[
            $(($text, Known::$variant as u8), $(($compact, Known::$variant as u8),)?)*
        ];

        impl HeaderName {
            /// The canonical name, or that of an extension as it was written.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Extension(name) => name.as_str(),
                }
            }

            /// How the header's values may be spread over a message.
            pub fn multiplicity(&self) -> Multiplicity {
                match self {
                    $(Self::$variant => Multiplicity::$multiplicity,)*
                    Self::Extension(_) => Multiplicity::Unknown,
                }
            }

            /// The compact form, one letter, of the headers that have one.
            pub fn compact(&self) -> Option<&'static str> {
                const NONE: Option<&str> = None;
                match self {
                    $(Self::$variant => headers!(@first $(Some($compact),)? NONE,),)*
                    Self::Extension(_) => None,
                }
            }

            /// The header's index among the known ones; [`EXTENSION`] for the others.
            #[inline]
            pub(crate) fn index(&self) -> u8 {
                match self {
                    $(Self::$variant => Known::$variant as u8,)*
                    Self::Extension(_) => EXTENSION,
                }
            }
        }
    };
}

/// The index of Content-Length, which framing asks for in every field.
pub(crate) const CONTENT_LENGTH: u8 = Known::ContentLength as u8;

/// The index that stands for every extension header.
pub(crate) const EXTENSION: u8 = u8::MAX;

// The IANA registry "Session Initiation Protocol (SIP) Parameters", header fields; and two that are widely in use without
// being registered there (Diversion of RFC 5806, Remote-Party-ID).
headers! {
    Accept "Accept" List;
    AcceptContact "Accept-Contact" "a" List;
    AcceptEncoding "Accept-Encoding" List;
    AcceptLanguage "Accept-Language" List;
    AcceptResourcePriority "Accept-Resource-Priority" List;
    AdditionalIdentity "Additional-Identity" List;
    AlertInfo "Alert-Info" List;
    Allow "Allow" List;
    AllowEvents "Allow-Events" "u" List;
    AnswerMode "Answer-Mode" Single;
    AttestationInfo "Attestation-Info" Single;
    AuthenticationInfo "Authentication-Info" Repeated;
    Authorization "Authorization" Repeated;
    CallId "Call-ID" "i" Single;
    CallInfo "Call-Info" List;
    CellularNetworkInfo "Cellular-Network-Info" List;
    Contact "Contact" "m" List;
    ContentDisposition "Content-Disposition" Single;
    ContentEncoding "Content-Encoding" "e" List;
    ContentId "Content-ID" Single;
    ContentLanguage "Content-Language" List;
    ContentLength "Content-Length" "l" Single;
    ContentType "Content-Type" "c" Single;
    CSeq "CSeq" Single;
    Date "Date" Single;
    DcInfo "DC-Info" List;
    Diversion "Diversion" List;
    Encryption "Encryption" Repeated;
    ErrorInfo "Error-Info" List;
    Event "Event" "o" Single;
    Expires "Expires" Single;
    FeatureCaps "Feature-Caps" List;
    FlowTimer "Flow-Timer" Single;
    From "From" "f" Single;
    Geolocation "Geolocation" List;
    GeolocationError "Geolocation-Error" List;
    GeolocationRouting "Geolocation-Routing" Single;
    Hide "Hide" Repeated;
    HistoryInfo "History-Info" List;
    Identity "Identity" "y" List;
    IdentityInfo "Identity-Info" "n" Single;
    InfoPackage "Info-Package" Single;
    InReplyTo "In-Reply-To" List;
    Join "Join" Single;
    MaxBreadth "Max-Breadth" Single;
    MaxForwards "Max-Forwards" Single;
    MimeVersion "MIME-Version" Single;
    MinExpires "Min-Expires" Single;
    MinSe "Min-SE" Single;
    Organization "Organization" Single;
    OriginationId "Origination-Id" Single;
    PAccessNetworkInfo "P-Access-Network-Info" List;
    PAnswerState "P-Answer-State" Single;
    PAssertedIdentity "P-Asserted-Identity" List;
    PAssertedService "P-Asserted-Service" List;
    PAssociatedUri "P-Associated-URI" List;
    PCalledPartyId "P-Called-Party-ID" Single;
    PChargeInfo "P-Charge-Info" Single;
    PChargingFunctionAddresses "P-Charging-Function-Addresses" List;
    PChargingVector "P-Charging-Vector" Single;
    PDcsBillingInfo "P-DCS-Billing-Info" Single;
    PDcsLaes "P-DCS-LAES" Single;
    PDcsOsps "P-DCS-OSPS" Single;
    PDcsRedirect "P-DCS-Redirect" Single;
    PDcsTracePartyId "P-DCS-Trace-Party-ID" Single;
    PEarlyMedia "P-Early-Media" List;
    PMediaAuthorization "P-Media-Authorization" List;
    PPreferredIdentity "P-Preferred-Identity" List;
    PPreferredService "P-Preferred-Service" List;
    PPrivateNetworkIndication "P-Private-Network-Indication" Single;
    PProfileKey "P-Profile-Key" Single;
    PRefusedUriList "P-Refused-URI-List" List;
    PServedUser "P-Served-User" Single;
    PUserDatabase "P-User-Database" Single;
    PVisitedNetworkId "P-Visited-Network-ID" List;
    Path "Path" List;
    PermissionMissing "Permission-Missing" List;
    PolicyContact "Policy-Contact" List;
    PolicyId "Policy-ID" List;
    Priority "Priority" Single;
    PriorityShare "Priority-Share" Single;
    PriorityVerstat "Priority-Verstat" Single;
    PrivAnswerMode "Priv-Answer-Mode" Single;
    Privacy "Privacy" Repeated;
    ProxyAuthenticate "Proxy-Authenticate" Repeated;
    ProxyAuthenticationInfo "Proxy-Authentication-Info" Repeated;
    ProxyAuthorization "Proxy-Authorization" Repeated;
    ProxyRequire "Proxy-Require" List;
    RAck "RAck" Single;
    Reason "Reason" List;
    ReasonPhrase "Reason-Phrase" Single;
    RecordRoute "Record-Route" List;
    RecvInfo "Recv-Info" List;
    ReferEventsAt "Refer-Events-At" Single;
    ReferSub "Refer-Sub" Single;
    ReferTo "Refer-To" "r" Single;
    ReferredBy "Referred-By" "b" Single;
    RejectContact "Reject-Contact" "j" List;
    RelayedCharge "Relayed-Charge" List;
    RemotePartyId "Remote-Party-ID" List;
    Replaces "Replaces" Single;
    ReplyTo "Reply-To" Single;
    RequestDisposition "Request-Disposition" "d" List;
    Require "Require" List;
    ResourcePriority "Resource-Priority" List;
    ResourceShare "Resource-Share" Single;
    ResponseKey "Response-Key" Repeated;
    ResponseSource "Response-Source" List;
    RestorationInfo "Restoration-Info" Single;
    RetryAfter "Retry-After" Single;
    Route "Route" List;
    RSeq "RSeq" Single;
    SecurityClient "Security-Client" List;
    SecurityServer "Security-Server" List;
    SecurityVerify "Security-Verify" List;
    Server "Server" Single;
    ServiceInteractInfo "Service-Interact-Info" Single;
    ServiceRoute "Service-Route" List;
    SessionExpires "Session-Expires" "x" Single;
    SessionId "Session-ID" Single;
    SipETag "SIP-ETag" Single;
    SipIfMatch "SIP-If-Match" Single;
    Subject "Subject" "s" Single;
    SubscriptionState "Subscription-State" Single;
    Supported "Supported" "k" List;
    SuppressIfMatch "Suppress-If-Match" Single;
    TargetDialog "Target-Dialog" Single;
    Timestamp "Timestamp" Single;
    To "To" "t" Single;
    TriggerConsent "Trigger-Consent" List;
    Unsupported "Unsupported" List;
    UserAgent "User-Agent" Single;
    UserToUser "User-to-User" List;
    Via "Via" "v" List;
    Warning "Warning" List;
    WwwAuthenticate "WWW-Authenticate" Repeated;
}

const SLOTS: usize = 1024;
const FREE: u8 = u8::MAX;

/// A hash of a name that does not see case: `| 0x20` joins the two cases of a letter.
const fn slot_of(name: &[u8]) -> usize {
    let length = name.len();
    let (Some((first, _)), Some((last, _))) = (name.split_first(), name.split_last()) else {
        return 0;
    };
    #[expect(clippy::indexing_slicing, reason = "half of a length that is not zero")]
    let middle = name[length / 2];
    let mixed = length
        .wrapping_mul(0x9E3B)
        .wrapping_add(((*first | 0x20) as usize).wrapping_mul(0x2F05))
        .wrapping_add(((*last | 0x20) as usize).wrapping_mul(0x1C59))
        .wrapping_add(((middle | 0x20) as usize).wrapping_mul(0x6A2B));
    (mixed ^ (mixed >> 7)) % SLOTS
}

/// The spellings by their hash, with open addressing: a slot holds an index into `SPELLINGS`.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which would refuse an index out of range"
)]
#[expect(clippy::cast_possible_truncation, reason = "the table has fewer than 255 spellings, asserted below")]
const fn build_slots() -> [u8; SLOTS] {
    assert!(SPELLINGS.len() < FREE as usize);
    let mut slots = [FREE; SLOTS];
    let mut index = 0;
    while index < SPELLINGS.len() {
        let mut slot = slot_of(SPELLINGS[index].0.as_bytes());
        while slots[slot] != FREE {
            slot = (slot + 1) % SLOTS;
        }
        slots[slot] = index as u8;
        index += 1;
    }
    slots
}

static SPELLINGS_BY_SLOT: [u8; SLOTS] = build_slots();

/// The index of the known header that is spelled so, in any case, in full or compact; [`EXTENSION`] if there is none.
pub(crate) fn index_of(name: &[u8]) -> u8 {
    let mut slot = slot_of(name);
    loop {
        match SPELLINGS_BY_SLOT.get(slot).and_then(|spelling| SPELLINGS.get(usize::from(*spelling))) {
            // Most names are in the usual case, which is faster to see.
            Some((spelling, index))
                if spelling.as_bytes() == name || spelling.as_bytes().eq_ignore_ascii_case(name) =>
            {
                return *index;
            }
            Some(_) => slot = (slot + 1) % SLOTS,
            None => return EXTENSION,
        }
    }
}

impl HeaderName {
    /// Reads a name, in any case, in full or compact; `None` where the text is not a token.
    pub fn parse(text: &str) -> Option<Self> {
        match Self::from_index(index_of(text.as_bytes())) {
            Some(known) => Some(known),
            None => is_token(text.as_bytes()).then(|| Self::extension(text)),
        }
    }

    /// The extension header of that name, which is a token and no known header's.
    pub(crate) fn extension(name: &str) -> Self {
        Self::Extension(Extension::new(CompactString::new(name)))
    }

    /// The headers that this crate knows.
    pub fn known() -> impl Iterator<Item = Self> {
        KNOWN.iter().cloned()
    }

    /// Whether the header's list of values may be empty: the grammar of RFC 3261 §25.1, RFC 6086 §9.
    pub(crate) fn may_be_empty(&self) -> bool {
        matches!(
            self,
            Self::Accept
                | Self::AcceptEncoding
                | Self::AcceptLanguage
                | Self::Allow
                | Self::RecvInfo
                | Self::Supported
        )
    }

    /// The known header with this index.
    pub(crate) fn from_index(index: u8) -> Option<Self> {
        KNOWN.get(usize::from(index)).cloned()
    }
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        if let (Self::Extension(a), Self::Extension(b)) = (self, other) {
            a.as_str().eq_ignore_ascii_case(b.as_str())
        } else {
            self.index() == other.index()
        }
    }
}

impl Eq for HeaderName {}

impl PartialOrd for HeaderName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for HeaderName {
    fn cmp(&self, other: &Self) -> Ordering {
        let folded = |name: &Self| {
            if let Self::Extension(text) = name { Some(text.as_str().to_ascii_lowercase()) } else { None }
        };
        self.index().cmp(&other.index()).then_with(|| folded(self).cmp(&folded(other)))
    }
}

impl Hash for HeaderName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.index().hash(state);
        if let Self::Extension(text) = self {
            for byte in text.as_str().bytes() {
                byte.to_ascii_lowercase().hash(state);
            }
        }
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_in_any_case_is_found() {
        for name in HeaderName::known() {
            for spelling in [Some(name.as_str()), name.compact()].into_iter().flatten() {
                assert_eq!(HeaderName::parse(spelling), Some(name.clone()), "{spelling}");
                assert_eq!(
                    HeaderName::parse(&spelling.to_ascii_uppercase()),
                    Some(name.clone()),
                    "{spelling}"
                );
                assert_eq!(
                    HeaderName::parse(&spelling.to_ascii_lowercase()),
                    Some(name.clone()),
                    "{spelling}"
                );
            }
        }
    }

    #[test]
    fn no_two_headers_share_a_spelling() {
        let mut spellings: Vec<String> =
            SPELLINGS.iter().map(|(text, _)| text.to_ascii_lowercase()).collect();
        spellings.sort();
        spellings.dedup();
        assert_eq!(spellings.len(), SPELLINGS.len());
    }

    #[test]
    fn unknown_names_are_carried_and_compared_without_case() {
        assert_eq!(HeaderName::parse("X-Custom"), HeaderName::parse("x-cUSTOM"));
        assert_ne!(HeaderName::parse("X-Custom"), HeaderName::parse("X-Customs"));
        assert_eq!(HeaderName::parse("X-Custom").unwrap().as_str(), "X-Custom");
        assert_eq!(HeaderName::parse(""), None);
        assert_eq!(HeaderName::parse("Bad Name"), None);
        assert_eq!(HeaderName::parse("z").unwrap().multiplicity(), Multiplicity::Unknown);
    }

    #[test]
    fn look_up_probes_few_slots() {
        let longest = SPELLINGS
            .iter()
            .map(|(text, _)| {
                let mut slot = slot_of(text.as_bytes());
                let mut steps = 0;
                while SPELLINGS[usize::from(SPELLINGS_BY_SLOT[slot])].0 != *text {
                    slot = (slot + 1) % SLOTS;
                    steps += 1;
                }
                steps
            })
            .max();
        assert!(longest < Some(6), "{longest:?}");
    }
}
