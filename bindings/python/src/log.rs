//! What the library logs, into Python's `logging`.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::bridge::{self, Told};

/// The levels that `logging` has for our loggers, as they were last seen, by the targets of `tracing`; and when.
static LEVELS: RwLock<Levels> = RwLock::new(Levels { of: BTreeMap::new(), seen: None });

/// For how long levels are believed. Afterwards `logging` is asked itself, by giving it a record.
const BELIEVED: Duration = Duration::from_secs(1);

struct Levels {
    of: BTreeMap<&'static str, u8>,
    seen: Option<Instant>,
}

impl Levels {
    /// Whether somebody may want to see records of a level. They want them as long as nobody knows better.
    fn may_want(&self, target: &str, level: u8) -> bool {
        // tidy: clock: of what Python was asked, and no decision of ours
        let known = self.seen.is_some_and(|at| at.elapsed() < BELIEVED);
        !known || self.of.get(target).is_none_or(|least| level >= *least)
    }
}

/// One record, on its way.
pub(crate) struct Record {
    logger: String,
    level: u8,
    text: String,
}

impl Record {
    /// Says how much could not be told.
    pub(crate) fn missed(count: u64) -> Self {
        let text = format!("{count} log records and wire entries were dropped: the interpreter was too slow");
        Self { logger: "rvoip".to_owned(), level: 30, text }
    }

    pub(crate) fn hand_over(&self, py: Python<'_>) -> PyResult<()> {
        logger(py, &self.logger)?.call_method1("log", (self.level, &self.text)).map(drop)
    }
}

/// Sends what the library logs to `logging`.
pub(crate) fn install(py: Python<'_>) -> PyResult<()> {
    bridge::open(py)?;
    refresh(py);
    // A second interpreter of this process finds it installed.
    let _ = tracing::subscriber::set_global_default(Logging);
    Ok(())
}

/// Looks at the levels of our loggers again.
#[expect(clippy::disallowed_methods, reason = "when that was")]
pub(crate) fn refresh(py: Python<'_>) {
    let level = |target: &str| {
        let level = logger(py, &name(target))?.call_method0("getEffectiveLevel")?.extract::<i64>()?;
        PyResult::Ok(u8::try_from(level.clamp(0, 255)).unwrap_or(u8::MAX))
    };
    // Python is asked without the lock, which every thread that logs waits for.
    let targets: Vec<&str> = read().of.keys().copied().collect();
    // A logger that fails tells nothing new.
    let levels: Vec<(&str, u8)> =
        targets.into_iter().filter_map(|target| Some((target, level(target).ok()?))).collect();
    let mut known = LEVELS.write().unwrap_or_else(PoisonError::into_inner);
    known.of.extend(levels);
    // tidy: clock: of what Python was asked, and no decision of ours
    known.seen = Some(Instant::now());
}

fn read() -> RwLockReadGuard<'static, Levels> {
    LEVELS.read().unwrap_or_else(PoisonError::into_inner)
}

/// The logger of a target: that of `rvoip_driver::hub` is `rvoip.driver.hub`.
fn name(target: &str) -> String {
    target.replace("::", ".").replacen("rvoip_", "rvoip.", 1)
}

fn logger<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    static GET_LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    GET_LOGGER.import(py, "logging", "getLogger")?.call1((name,))
}

/// The level's number in `logging`, which has none below DEBUG.
fn number(level: Level) -> u8 {
    match level {
        Level::ERROR => 40,
        Level::WARN => 30,
        Level::INFO => 20,
        Level::DEBUG => 10,
        Level::TRACE => 5,
    }
}

struct Logging;

impl Subscriber for Logging {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("rvoip")
            && read().may_want(metadata.target(), number(*metadata.level()))
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if !metadata.target().starts_with("rvoip") {
            return Interest::never();
        }
        // Wanted, until its level was looked at.
        LEVELS.write().unwrap_or_else(PoisonError::into_inner).of.entry(metadata.target()).or_insert(0);
        // The level can change at any time.
        Interest::sometimes()
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        let metadata = event.metadata();
        let logger = name(metadata.target());
        let record = Record { logger, level: number(*metadata.level()), text: text.message + &text.fields };
        bridge::tell(Told::Record(record));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing into a text cannot fail.
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {}={value:?}", field.name())
        };
    }
}
