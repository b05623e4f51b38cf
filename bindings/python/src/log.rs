//! What the library logs, into Python's `logging`.

use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicU8, Ordering};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::bridge::{self, Told};

/// The level that `logging` has for the logger `rvoip`, as it was last seen.
static LEVEL: AtomicU8 = AtomicU8::new(30);

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

/// Looks at the level of the logger `rvoip` again.
pub(crate) fn refresh(py: Python<'_>) {
    let level =
        logger(py, "rvoip").and_then(|logger| logger.call_method0("getEffectiveLevel")?.extract::<i64>());
    // A logger that fails tells nothing new.
    if let Ok(level) = level {
        LEVEL.store(u8::try_from(level.clamp(0, 255)).unwrap_or(u8::MAX), Ordering::Relaxed);
    }
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
        let is_ours = metadata.target().starts_with("rvoip");
        is_ours && number(*metadata.level()) >= LEVEL.load(Ordering::Relaxed)
    }

    fn register_callsite(&self, _: &'static Metadata<'static>) -> tracing::subscriber::Interest {
        // The level can change at any time.
        tracing::subscriber::Interest::sometimes()
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
        // `rvoip_driver::hub` is the logger `rvoip.driver.hub`.
        let logger = metadata.target().replace("::", ".").replacen("rvoip_", "rvoip.", 1);
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
