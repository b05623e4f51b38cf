//! The text files of the repository.

use anyhow::Result;

use crate::command::{capture, root};

/// A text file, by its path within the repository.
#[derive(Debug, Clone)]
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl SourceFile {
    pub(crate) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// The part of the name after the last dot.
    pub(crate) fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Lines of Rust with their numbers, without comments.
    pub(crate) fn code_lines(&self) -> impl Iterator<Item = (usize, String)> {
        super::code::lines(&self.text)
    }

    /// The line before the given one, or the line itself, holds `// tidy: RULE: REASON`.
    pub(crate) fn is_excepted(&self, number: usize, rule: &str) -> bool {
        let marker = format!("// tidy: {rule}: ");
        let mut lines = self.text.lines().skip(number.saturating_sub(2)).take(number.min(2));
        lines.any(|line| line.split_once(&marker).is_some_and(|(_, reason)| reason.trim().len() > 10))
    }
}

/// Reads every text file that is under version control, or is new and not ignored.
pub(crate) fn read() -> Result<Vec<SourceFile>> {
    let listed = capture("git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
    let mut files = Vec::new();
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        // Deleted and not yet committed, or not text: nothing to check.
        if let Ok(text) = std::fs::read_to_string(root().join(path)) {
            files.push(SourceFile::new(path, text));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_needs_the_rule_and_a_reason() {
        let good = SourceFile::new("a.rs", "// tidy: files: the player is handed a path\nfs::open()\n");
        assert!(good.is_excepted(2, "files"));
        assert!(!good.is_excepted(2, "clock"));
        let bad = SourceFile::new("a.rs", "// tidy: files: x\nfs::open()\n");
        assert!(!bad.is_excepted(2, "files"));
    }
}
