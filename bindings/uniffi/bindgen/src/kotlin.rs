//! Kotlin: an exception's `reason` and `status` belong to the class of all of them, its message is for people, a variant
//! without fields prints as its name, as one with fields does, settings print without their passwords, and a verb of a
//! coroutine that is cancelled is not begun.

use crate::Result;
use crate::amend::{replace_all, replace_once, section};

const CLASS: &str = "sealed class RvoipException: kotlin.Exception() {\n";
const END: &str = "companion object ErrorHandler : UniffiRustCallStatusErrorHandler<RvoipException>";

/// What the class of all exceptions gets.
const COMMON: &str = "    /** One line for people. */
    abstract val reason: kotlin.String

    /** The SIP status code, if a peer gave one (100 to 699). */
    abstract val status: kotlin.UShort?
";

/// Where a verb is waited for.
const WAIT: &str = "    try {
        do {
            val pollResult = suspendCancellableCoroutine<Byte> { continuation ->
";
const WAITED: &str = "    } finally {
        freeFunc(rustFuture)
    }
";
/// The first look begins the verb.
const WANTED: &str = "        kotlinx.coroutines.currentCoroutineContext().ensureActive()
";
/// What was complete when it was cancelled has nobody to take it.
const UNWANTED: &str = "    } catch (cancelled: kotlinx.coroutines.CancellationException) {
        runCatching {
            liftFunc(uniffiRustCallWithError(errorHandler, { status -> completeFunc(rustFuture, status) }))
        }.onSuccess { Disposable.destroy(it) }
        throw cancelled
";

pub(crate) fn amend(text: &str) -> Result<String> {
    let (before, class, after) = section(text, CLASS, END)?;
    let kinds = class.matches(") : RvoipException() {").count();
    let class =
        replace_all(class, "val `reason`: kotlin.String", "override val `reason`: kotlin.String", kinds)?;
    let class =
        replace_all(&class, "val `status`: kotlin.UShort?", "override val `status`: kotlin.UShort?", kinds)?;
    let message = "get() = \"reason=${ `reason` }, status=${ `status` }\"";
    let class = replace_all(&class, message, "get() = status?.let { \"$reason ($it)\" } ?: reason", kinds)?;
    let class = replace_once(&class, CLASS, &format!("{CLASS}{COMMON}"))?;
    name_objects(&only_wanted(&hide_password(&format!("{before}{class}{after}"))?)?)
}

/// A verb is begun where it is wanted, and what was complete where it is not any more is let go of.
fn only_wanted(text: &str) -> Result<String> {
    let text = replace_once(text, WAIT, &WAIT.replacen("try {\n", &format!("try {{\n{WANTED}"), 1))?;
    let text = replace_once(&text, WAITED, &format!("{UNWANTED}{WAITED}"))?;
    let import = "import kotlinx.coroutines.suspendCancellableCoroutine\n";
    replace_once(&text, import, &format!("import kotlinx.coroutines.ensureActive\n{import}"))
}

/// What an account's settings print is what Rust shows of them, and not what the data class has.
fn hide_password(text: &str) -> Result<String> {
    const PRINTED: &str = "    override fun toString(): kotlin.String = describeAccount(this)\n\n";
    const COMPANION: &str = "    companion object\n";
    let (before, class, after) =
        section(text, "data class AccountConfig (", "public object FfiConverterTypeAccountConfig")?;
    let class = replace_once(class, COMPANION, &format!("{PRINTED}{COMPANION}"))?;
    Ok(format!("{before}{class}{after}"))
}

/// Makes the variants without fields data objects: `object Echo : AudioSource()`.
fn name_objects(text: &str) -> Result<String> {
    let is_variant = |line: &str| line.starts_with("    object ") && line.trim_end().ends_with("()");
    let lines = text.split_inclusive('\n');
    if !lines.clone().any(is_variant) {
        return Err("there is no variant without fields".to_owned());
    }
    Ok(lines
        .map(
            |line| if is_variant(line) { line.replacen("object", "data object", 1) } else { line.to_owned() },
        )
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENERATED: &str = "import kotlinx.coroutines.suspendCancellableCoroutine
): T {
    try {
        do {
            val pollResult = suspendCancellableCoroutine<Byte> { continuation ->
            }
        } while (pollResult != UNIFFI_RUST_FUTURE_POLL_READY);
    } finally {
        freeFunc(rustFuture)
    }
}
sealed class ToneKind {
    object Busy : ToneKind()
}
sealed class RvoipException: kotlin.Exception() {
    class Busy(
        val `reason`: kotlin.String, 
        val `status`: kotlin.UShort?
        ) : RvoipException() {
        override val message
            get() = \"reason=${ `reason` }, status=${ `status` }\"
    }
    companion object ErrorHandler : UniffiRustCallStatusErrorHandler<RvoipException> {
}
data class AccountConfig (
    val `password`: kotlin.String? = null 
){
    companion object
}
public object FfiConverterTypeAccountConfig: FfiConverterRustBuffer<AccountConfig> {
";

    #[test]
    fn reason_and_status_are_those_of_the_base_class() {
        let amended = amend(GENERATED).unwrap();
        assert!(amended.contains("abstract val reason: kotlin.String"), "{amended}");
        assert!(amended.contains("override val `status`: kotlin.UShort?"), "{amended}");
        assert!(amended.contains("    data object Busy : ToneKind()"), "{amended}");
        assert!(amended.contains("toString(): kotlin.String = describeAccount(this)"), "{amended}");
        assert!(amended.contains("get() = status?.let { \"$reason ($it)\" } ?: reason"), "{amended}");
    }

    #[test]
    fn a_verb_is_begun_only_where_it_is_wanted() {
        let amended = amend(GENERATED).unwrap();
        assert!(
            amended.contains(
                "    try {\n        kotlinx.coroutines.currentCoroutineContext().ensureActive()\n        do {"
            ),
            "{amended}"
        );
        assert!(
            amended.contains("        throw cancelled\n    } finally {\n        freeFunc(rustFuture)"),
            "{amended}"
        );
    }

    #[test]
    fn another_form_of_what_is_generated_is_refused() {
        assert!(amend(&GENERATED.replace("object Busy", "class Busy")).is_err());
        assert!(amend(&GENERATED.replace("reason=", "why=")).is_err());
        assert!(amend(&GENERATED.replace("    companion object\n", "")).is_err());
        assert!(amend(&GENERATED.replace("        do {", "        while (true) {")).is_err());
        assert!(amend(&GENERATED.replace("freeFunc", "dropFunc")).is_err());
        assert!(amend(&GENERATED.replace("RvoipException", "OtherException")).is_err());
    }
}
