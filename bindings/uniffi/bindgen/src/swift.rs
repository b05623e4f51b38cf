//! Swift: the cancellation of a task reaches Rust, where it drops the future and so withdraws the command.
//!
//! `UniFFI` exports what cancels a future and does not call it from Swift. Every call of a verb is given that function,
//! and waits within `withTaskCancellationHandler`; the hand-written `FutureCancellation` sees to it that a future is not
//! cancelled once it is freed.

use crate::Result;
use crate::amend::{replace_once, section};

/// The module of the C header.
pub(crate) const MODULE_MAP: &str = "module RvoipFFI {
    header \"RvoipFFI.h\"
    export *
}
";

const WAIT: &str = "    let rustFuture = rustFutureFunc()
    defer {
        freeFunc(rustFuture)
    }
    var pollResult: Int8;
    repeat {
        pollResult = await withUnsafeContinuation {
            pollFunc(
                rustFuture,
                { handle, pollResult in
                    uniffiFutureContinuationCallback(handle: handle, pollResult: pollResult)
                },
                uniffiContinuationHandleMap.insert(obj: $0)
            )
        }
    } while pollResult != UNIFFI_RUST_FUTURE_POLL_READY

    return try liftFunc(makeRustCall(
        { completeFunc(rustFuture, $0) },
        errorHandler: errorHandler
    ))
}
";

const CANCELLABLE_WAIT: &str = "    let rustFuture = rustFutureFunc()
    let cancellation = FutureCancellation { cancelFunc(rustFuture) }
    defer {
        cancellation.finish()
        freeFunc(rustFuture)
    }
    return try await withTaskCancellationHandler {
        var pollResult: Int8
        repeat {
            pollResult = await withUnsafeContinuation {
                pollFunc(
                    rustFuture,
                    { handle, pollResult in
                        uniffiFutureContinuationCallback(handle: handle, pollResult: pollResult)
                    },
                    uniffiContinuationHandleMap.insert(obj: $0)
                )
            }
        } while pollResult != UNIFFI_RUST_FUTURE_POLL_READY
        return try liftFunc(makeRustCall(
            { completeFunc(rustFuture, $0) },
            errorHandler: errorHandler
        ))
    } onCancel: {
        cancellation.cancel()
    }
}
";

pub(crate) fn amend(text: &str) -> Result<String> {
    let parameter = "    freeFunc: (UInt64) -> (),\n";
    let cancel = "    cancelFunc: @escaping (UInt64) -> (),\n";
    let text = replace_once(text, parameter, &format!("{parameter}{cancel}"))?;
    let text = replace_once(&text, WAIT, CANCELLABLE_WAIT)?;
    let refused = "fatalError(\"Cancellation not supported yet\")";
    let text = replace_once(&text, refused, "throw CancellationError()")?;
    let text = describe_errors(&text)?;
    // A verb that cannot throw could not tell that it was cancelled.
    if text.contains("try! await") || text.contains("try!  await") {
        return Err("a verb that waits and cannot throw cannot be cancelled".to_owned());
    }
    hand_over_cancel(&text)
}

/// Gives every call the function that cancels its future, beside the one that frees it.
fn hand_over_cancel(text: &str) -> Result<String> {
    const FREE: &str = "            freeFunc: ffi_rvoip_ffi_rust_future_free_";
    let calls = text.matches("await uniffiRustCallAsync(").count();
    let (mut amended, mut found) = (String::new(), 0);
    for line in text.split_inclusive('\n') {
        amended.push_str(line);
        if let Some(kind) = line.strip_prefix(FREE) {
            amended.push_str("            cancelFunc: ffi_rvoip_ffi_rust_future_cancel_");
            amended.push_str(kind);
            found += 1;
        }
    }
    if found == calls && calls > 0 {
        Ok(amended)
    } else {
        Err(format!("{calls} calls wait, and {found} free a future"))
    }
}

/// What an error says of itself is its reason, not the name of its case.
fn describe_errors(text: &str) -> Result<String> {
    let (before, errors, after) = section(text, "enum RvoipError: Swift.Error", "#if compiler(>=6)")?;
    let errors = replace_once(errors, "String(reflecting: self)", "description")?;
    Ok(format!("{before}{errors}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generated() -> String {
        format!(
            "fatalError(\"Cancellation not supported yet\")
enum RvoipError: Swift.Error {{
        String(reflecting: self)
#if compiler(>=6)
    try  await uniffiRustCallAsync(
            freeFunc: ffi_rvoip_ffi_rust_future_free_u64,
    freeFunc: (UInt64) -> (),
{WAIT}"
        )
    }

    #[test]
    fn every_call_can_be_cancelled() {
        let amended = amend(&generated()).unwrap();
        assert!(amended.contains("cancelFunc: ffi_rvoip_ffi_rust_future_cancel_u64,"), "{amended}");
        assert!(amended.contains("onCancel"), "{amended}");
        assert!(!amended.contains("fatalError"), "{amended}");
    }

    #[test]
    fn a_verb_that_cannot_throw_and_another_form_are_refused() {
        assert!(amend(&generated().replace("try  await", "try! await")).is_err());
        assert!(amend(&generated().replace("freeFunc: ffi", "release: ffi")).is_err());
        assert!(amend(&generated().replace("while", "until")).is_err());
    }
}
