//! A crate's first page has an example, the RFCs as a check list, and the invariants.

use super::Finding;
use super::sources::SourceFile;

/// What has to stand in the documentation of each library of sdk/.
const PARTS: &[(&str, &str)] = &[
    ("//! ```", "an example"),
    ("//! # RFCs", "a list `# RFCs`"),
    ("//! # Invariants", "a list `# Invariants`"),
];
/// Crates that lack a part, and why.
const WITHOUT: &[(&str, &str, &str)] =
    &[("sdk/sans-io/src/lib.rs", "a list `# RFCs`", "the words of machines, of which no RFC speaks")];

/// Checks the documentation of every library.
pub(crate) fn check(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| is_library(&file.path)) {
        for (begin, part) in PARTS {
            let is_there = file.text.lines().any(|line| line.starts_with(begin));
            let is_excused = WITHOUT.iter().any(|(path, without, _)| *path == file.path && without == part);
            if !is_there && !is_excused {
                findings.push(Finding::new(&file.path, format!("its documentation lacks {part}")));
            }
        }
    }
    findings
}

fn is_library(path: &str) -> bool {
    path.strip_prefix("sdk/")
        .is_some_and(|rest| rest.ends_with("/src/lib.rs") && rest.matches('/').count() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_that_is_missing_is_found() {
        let found = |path: &str, text: &str| -> Vec<String> {
            check(&[SourceFile::new(path, text)]).iter().map(ToString::to_string).collect()
        };
        let whole =
            "//! A crate.\n//!\n//! ```\n//! ```\n//! # RFCs\n//! - one\n//! # Invariants\n//! - two\n";
        assert_eq!(found("sdk/sip-core/src/lib.rs", whole), [] as [&str; 0]);
        assert_eq!(
            found("sdk/sip-core/src/lib.rs", &whole.replace("# RFCs", "Implemented:")),
            ["sdk/sip-core/src/lib.rs: its documentation lacks a list `# RFCs`"]
        );
        assert_eq!(found("sdk/sip-core/src/lib.rs", "//! A crate.\n").len(), 3);
        assert_eq!(found("sdk/sans-io/src/lib.rs", &whole.replace("# RFCs", "")), [] as [&str; 0]);
        assert_eq!(found("sdk/sip-core/src/header/lib.rs", ""), [] as [&str; 0]);
    }
}
