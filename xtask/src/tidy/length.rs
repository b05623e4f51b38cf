//! A file says one thing: no source file is over 600 lines unless its first lines say why.

use super::Finding;
use super::sources::SourceFile;

const LIMIT: usize = 600;
const EXTENSIONS: &[&str] =
    &["rs", "ts", "js", "css", "html", "py", "pyi", "kt", "swift", "c", "h", "sh", "md", "toml", "xml"];
/// What the reason begins with, within the first lines.
const MARKER: &str = "Long file: ";
const FIRST_LINES: usize = 10;
/// Files whose reason stands here instead.
const STATED_HERE: &[(&str, &str)] = &[];

/// Checks the length of every source file.
pub(crate) fn check(files: &[SourceFile]) -> Vec<Finding> {
    let sources = files.iter().filter(|file| EXTENSIONS.contains(&file.extension()));
    let long = sources.filter(|file| file.text.lines().count() > LIMIT && !states_reason(file));
    long.map(|file| {
        let lines = file.text.lines().count();
        Finding::new(&file.path, format!("{lines} lines; split it, or state `{MARKER}…` in its first lines"))
    })
    .collect()
}

fn states_reason(file: &SourceFile) -> bool {
    if STATED_HERE.iter().any(|(path, _)| *path == file.path) {
        return true;
    }
    let mut first = file.text.lines().take(FIRST_LINES);
    first.any(|line| line.split_once(MARKER).is_some_and(|(_, reason)| reason.trim().len() > 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_needs_a_reason() {
        let long = "x\n".repeat(LIMIT + 1);
        let file = |path: &str, text: String| check(&[SourceFile::new(path, text)]).len();
        assert_eq!(file("a.rs", long.clone()), 1);
        assert_eq!(file("a.swift", long.clone()), 1);
        assert_eq!(file("a.txt", long.clone()), 0);
        assert_eq!(file("a.rs", "x\n".repeat(LIMIT)), 0);
        assert_eq!(
            file("a.rs", format!("//! Long file: one table, generated from the registry.\n{long}")),
            0
        );
        assert_eq!(file("a.rs", format!("//! Long file: \n{long}")), 1);
    }
}
