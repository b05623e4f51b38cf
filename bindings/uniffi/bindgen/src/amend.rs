//! Replacing parts of generated text, sure that they were there.

use crate::Result;

/// Replaces the only occurrence of `old`.
pub(crate) fn replace_once(text: &str, old: &str, new: &str) -> Result<String> {
    match text.matches(old).count() {
        1 => Ok(text.replacen(old, new, 1)),
        found => Err(format!("expected once, and found {found} times: {old}")),
    }
}

/// Replaces every occurrence of `old`, of which there must be `count`.
pub(crate) fn replace_all(text: &str, old: &str, new: &str, count: usize) -> Result<String> {
    match text.matches(old).count() {
        found if found == count && count > 0 => Ok(text.replace(old, new)),
        found => Err(format!("expected {count} times, and found {found} times: {old}")),
    }
}

/// Splits into what is before `start`, from it up to `end`, and the rest.
pub(crate) fn section<'t>(text: &'t str, start: &str, end: &str) -> Result<(&'t str, &'t str, &'t str)> {
    let from = text.find(start).ok_or_else(|| format!("not found: {start}"))?;
    let (before, rest) = text.split_at(from);
    let to = rest.find(end).ok_or_else(|| format!("not found after `{start}`: {end}"))?;
    let (middle, after) = rest.split_at(to);
    Ok((before, middle, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_as_often_as_expected_is_an_error() {
        assert_eq!(replace_once("a b c", "b", "x").unwrap(), "a x c");
        assert!(replace_once("a c", "b", "x").is_err());
        assert!(replace_once("b b", "b", "x").is_err());
        assert_eq!(replace_all("b b", "b", "x", 2).unwrap(), "x x");
        assert!(replace_all("b b", "b", "x", 3).is_err());
        assert!(replace_all("", "b", "x", 0).is_err());
        assert_eq!(section("a<b>c", "<", ">").unwrap(), ("a", "<b", ">c"));
        assert!(section("a<b", "<", ">").is_err());
    }
}
