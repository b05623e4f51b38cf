//! Kotlin: an exception's `reason` and `status` belong to the class of all of them, and its message is for people.

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
    Ok(format!("{before}{class}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENERATED: &str = "x
sealed class RvoipException: kotlin.Exception() {
    class Busy(
        val `reason`: kotlin.String, 
        val `status`: kotlin.UShort?
        ) : RvoipException() {
        override val message
            get() = \"reason=${ `reason` }, status=${ `status` }\"
    }
    companion object ErrorHandler : UniffiRustCallStatusErrorHandler<RvoipException> {
";

    #[test]
    fn reason_and_status_are_those_of_the_base_class() {
        let amended = amend(GENERATED).unwrap();
        assert!(amended.contains("abstract val reason: kotlin.String"), "{amended}");
        assert!(amended.contains("override val `status`: kotlin.UShort?"), "{amended}");
        assert!(amended.contains("get() = status?.let { \"$reason ($it)\" } ?: reason"), "{amended}");
    }

    #[test]
    fn another_form_of_what_is_generated_is_refused() {
        assert!(amend(&GENERATED.replace("reason=", "why=")).is_err());
        assert!(amend(&GENERATED.replace("RvoipException", "OtherException")).is_err());
    }
}
