//! What a language has in another manner, or cannot have.

/// An item of the facade that some languages have not under its name.
pub(super) struct Exception {
    /// As the facade names it.
    pub(super) item: &'static str,
    pub(super) languages: &'static [&'static str],
    /// What stands for it there, `Type.member`, several separated by a comma and a space; nothing if nothing does.
    pub(super) instead: &'static str,
    #[expect(dead_code, reason = "people read it; that there is one is what the type demands")]
    pub(super) reason: &'static str,
}

const ALL: &[&str] = &["TypeScript", "Python", "Kotlin", "Swift"];
const UNIFFI: &[&str] = &["Kotlin", "Swift"];
const TYPESCRIPT: &[&str] = &["TypeScript"];
const PYTHON: &[&str] = &["Python"];
const NO_BUILDER: &str = "settings are arguments there";
const SETTING: &str = "settings are an object with named fields there";

pub(super) const EXCEPTIONS: &[Exception] = &[
    Exception {
        item: "AccountBuilder::password",
        languages: ALL,
        instead: "AccountConfig.password",
        reason: SETTING,
    },
    Exception {
        item: "AccountBuilder::auth_user",
        languages: ALL,
        instead: "AccountConfig.auth_user",
        reason: SETTING,
    },
    Exception {
        item: "AccountBuilder::registrar",
        languages: ALL,
        instead: "AccountConfig.registrar",
        reason: SETTING,
    },
    Exception {
        item: "AccountBuilder::outbound_proxy",
        languages: ALL,
        instead: "AccountConfig.outbound_proxy",
        reason: SETTING,
    },
    Exception {
        item: "AccountBuilder::transport",
        languages: ALL,
        instead: "AccountConfig.transport",
        reason: SETTING,
    },
    Exception {
        item: "AccountBuilder::expires",
        languages: ALL,
        instead: "AccountConfig.expires",
        reason: SETTING,
    },
    Exception {
        item: "AccountBuilder::add",
        languages: UNIFFI,
        instead: "Client.addAccount",
        reason: "without a builder the client adds",
    },
    Exception {
        item: "AccountBuilder::register",
        languages: UNIFFI,
        instead: "Client.register",
        reason: "without a builder the client registers",
    },
    Exception {
        item: "Client::account",
        languages: UNIFFI,
        instead: "Client.addAccount, Client.register",
        reason: "without a builder the client adds and registers",
    },
    Exception {
        item: "Client::account_with",
        languages: UNIFFI,
        instead: "Client.addAccount, Client.register",
        reason: "without a builder the client adds and registers",
    },
    Exception {
        item: "Client::account_with",
        languages: TYPESCRIPT,
        instead: "Client.account",
        reason: "one verb takes an address or settings",
    },
    Exception {
        item: "Client::account_by_key",
        languages: TYPESCRIPT,
        instead: "Client.accountOf",
        reason: "the name that reads well beside `call(key)`",
    },
    Exception { item: "Client::builder", languages: TYPESCRIPT, instead: "Client.create", reason: SETTING },
    Exception { item: "Client::builder", languages: UNIFFI, instead: "Client.open", reason: SETTING },
    Exception {
        item: "Client::close",
        languages: UNIFFI,
        instead: "Client.shutdown",
        reason: "`close` of the generated class frees the handle",
    },
    Exception {
        item: "ClientBuilder::config",
        languages: TYPESCRIPT,
        instead: "Client.create",
        reason: "the settings are its argument",
    },
    Exception {
        item: "ClientBuilder::config",
        languages: UNIFFI,
        instead: "Client.open",
        reason: "the settings are its argument",
    },
    Exception { item: "ClientBuilder::bind", languages: ALL, instead: "ClientConfig.binds", reason: SETTING },
    Exception {
        item: "ClientBuilder::build",
        languages: TYPESCRIPT,
        instead: "Client.create",
        reason: "there is no builder",
    },
    Exception {
        item: "ClientBuilder::build",
        languages: UNIFFI,
        instead: "Client.open",
        reason: "there is no builder",
    },
    Exception {
        item: "ClientBuilder::wire_tap",
        languages: TYPESCRIPT,
        instead: "",
        reason: "the browser's own tools show every frame of a WebSocket",
    },
    Exception {
        item: "ClientBuilder::wire_tap",
        languages: UNIFFI,
        instead: "Client.open",
        reason: "the tap is its argument",
    },
    Exception {
        item: "ClientBuilder::media_platform",
        languages: TYPESCRIPT,
        instead: "ClientOptions.media",
        reason: "an option of `create`",
    },
    Exception {
        item: "Events::ready",
        languages: UNIFFI,
        instead: "EventStream.ready",
        reason: "the flow and the sequence wait by it",
    },
    Exception {
        item: "Events::take_events",
        languages: UNIFFI,
        instead: "Events.take",
        reason: "together with what a collector left",
    },
    Exception {
        item: "Call::write_frames",
        languages: TYPESCRIPT,
        instead: "",
        reason: "a page makes audio by a track of its own, which WebRTC sends",
    },
    Exception {
        item: "Call::read_frames",
        languages: TYPESCRIPT,
        instead: "",
        reason: "a page takes audio from a track, which WebRTC brings",
    },
    Exception {
        item: "AccountBuilder::add",
        languages: PYTHON,
        instead: "Client.add_account",
        reason: NO_BUILDER,
    },
    Exception {
        item: "AccountBuilder::register",
        languages: PYTHON,
        instead: "Client.register",
        reason: NO_BUILDER,
    },
    Exception {
        item: "Client::account",
        languages: PYTHON,
        instead: "Client.add_account, Client.register",
        reason: NO_BUILDER,
    },
    Exception {
        item: "Client::account_with",
        languages: PYTHON,
        instead: "Client.add_account, Client.register",
        reason: NO_BUILDER,
    },
    Exception { item: "Client::builder", languages: PYTHON, instead: "Client.open", reason: NO_BUILDER },
    Exception {
        item: "ClientBuilder::config",
        languages: PYTHON,
        instead: "Client.open",
        reason: NO_BUILDER,
    },
    Exception { item: "ClientBuilder::build", languages: PYTHON, instead: "Client.open", reason: NO_BUILDER },
    Exception {
        item: "ClientBuilder::wire_tap",
        languages: PYTHON,
        instead: "Client.open",
        reason: NO_BUILDER,
    },
    Exception {
        item: "Events::next",
        languages: PYTHON,
        instead: "Events.__anext__",
        reason: "`anext(events)` calls it",
    },
];
