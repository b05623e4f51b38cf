//! A lint that is silenced and a test that is left out say why.

use super::Finding;
use super::sources::SourceFile;

/// Attributes that need a reason, and how a reason looks.
const NEED_REASON: &[(&str, &str)] =
    &[("allow(", "reason ="), ("expect(", "reason ="), ("ignore", "ignore =")];

/// Checks the attributes of every Rust source.
pub(crate) fn check(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.extension() == "rs") {
        let mut lines = file.code_lines();
        while let Some((number, line)) = lines.next() {
            let line = line.trim_start();
            let Some(start) = line.strip_prefix("#[").or_else(|| line.strip_prefix("#![")) else { continue };
            let Some((name, reason)) = NEED_REASON.iter().find(|(name, _)| start.starts_with(name)) else {
                continue;
            };
            let mut attribute = start.to_owned();
            while !is_closed(&attribute) {
                let Some((_, more)) = lines.next() else { break };
                attribute.push_str(&more);
            }
            if !attribute.contains(reason) {
                let name = name.trim_end_matches('(');
                findings.push(Finding::new(
                    format!("{}:{number}", file.path),
                    format!("`{name}` without a reason"),
                ));
            }
        }
    }
    findings
}

/// Whether the attribute that was opened by one bracket is closed.
fn is_closed(text: &str) -> bool {
    let mut depth = 1;
    for c in text.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<String> {
        check(&[SourceFile::new("a.rs", text)]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn silence_without_a_reason_is_found() {
        assert_eq!(
            findings("fn a() {}\n    #[allow(dead_code)]\nfn b() {}"),
            ["a.rs:2: `allow` without a reason"]
        );
        assert_eq!(findings("#![allow(dead_code)]"), ["a.rs:1: `allow` without a reason"]);
        assert_eq!(findings("#[ignore]\n#[test]\nfn a() {}"), ["a.rs:1: `ignore` without a reason"]);
    }

    #[test]
    fn a_reason_may_stand_lines_below() {
        assert_eq!(findings("#[expect(\n    dead_code,\n    reason = \"x\"\n)]\nfn a() {}"), [] as [&str; 0]);
        assert_eq!(findings("#[expect(\n    dead_code\n)]\n// reason =\nfn a() {}").len(), 1);
        assert_eq!(findings("#[ignore = \"needs a peer\"]"), [] as [&str; 0]);
    }
}
