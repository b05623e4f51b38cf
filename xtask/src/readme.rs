//! `cargo xtask readme`: the README's examples, taken from files that tests run.
//!
//! A line `<!-- example: LANGUAGE PATH -->` is followed by a block of code, which is what stands in that file between
//! `begin: readme` and `end: readme`; several such regions follow one another. `PATH#NAME` takes the regions of another
//! name.

use anyhow::{Context as _, Result, bail};

use crate::command::root;

/// The README that shows every language.
const FILE: &str = "README.md";
/// Those of the languages.
const OTHERS: &[&str] = &["python/README.md", "mobile/kotlin/README.md", "mobile/swift/README.md"];
const MARKER: &str = "<!-- example: ";
const FENCE: &str = "```";
/// The languages in which the same call has to be shown.
const LANGUAGES: &[&str] = &["rust", "typescript", "python", "kotlin", "swift"];

/// Fills the blocks, or with `--check` fails if one is not as it should be.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let check = match arguments {
        [] => false,
        [one] if one == "--check" => true,
        _ => bail!("usage: cargo xtask readme [--check]"),
    };
    write(FILE, LANGUAGES, check)?;
    OTHERS.iter().try_for_each(|file| write(file, &[], check))
}

fn write(file: &str, languages: &[&str], check: bool) -> Result<()> {
    let path = root().join(file);
    let present = std::fs::read_to_string(&path).with_context(|| format!("reading {file}"))?;
    let read =
        |path: &str| std::fs::read_to_string(root().join(path)).with_context(|| format!("reading {path}"));
    let filled = fill(&present, languages, read).with_context(|| format!("filling {file}"))?;
    if filled == present {
        return Ok(());
    }
    if check {
        bail!("the examples of {file} are not those of their files: run `cargo xtask readme`");
    }
    std::fs::write(&path, filled).with_context(|| format!("writing {file}"))
}

/// The text with every block replaced by what its file holds; each of the languages must be shown.
fn fill(text: &str, languages: &[&str], read: impl Fn(&str) -> Result<String>) -> Result<String> {
    let mut out = String::new();
    let mut shown = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(marker) = line.strip_prefix(MARKER).and_then(|rest| rest.strip_suffix(" -->")) else {
            continue;
        };
        let Some((language, path)) = marker.split_once(' ') else {
            bail!("`{line}` wants a language and a path")
        };
        let (path, name) = path.split_once('#').unwrap_or((path, "readme"));
        let code = regions(&read(path)?, name).with_context(|| format!("taking the example from {path}"))?;
        out.extend([FENCE, language, "\n", &code, FENCE, "\n"]);
        shown.push(language);
        if lines.peek().is_some_and(|line| line.starts_with(FENCE)) {
            lines.next();
            lines
                .by_ref()
                .find(|line| *line == FENCE)
                .with_context(|| format!("the block below `{line}` does not end"))?;
        }
    }
    match languages.iter().find(|language| !shown.contains(language)) {
        Some(missing) => bail!("there is no example in {missing}"),
        None => Ok(out),
    }
}

/// The regions of a file, each moved to the left margin, a blank line between them.
fn regions(text: &str, name: &str) -> Result<String> {
    let (begin, end) = (format!("begin: {name}"), format!("end: {name}"));
    let mut regions: Vec<Vec<&str>> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        if line.trim_end().ends_with(&end) {
            is_open = false;
        } else if line.trim_end().ends_with(&begin) {
            is_open = true;
            regions.push(Vec::new());
        } else if let (true, Some(region)) = (is_open, regions.last_mut()) {
            region.push(line);
        }
    }
    if is_open || regions.is_empty() {
        bail!("it has no region `{begin}` … `{end}`");
    }
    Ok(regions.iter().map(|region| dedent(trimmed(region))).collect::<Vec<_>>().join("\n"))
}

/// Without blank lines at both ends.
fn trimmed<'a>(lines: &'a [&'a str]) -> &'a [&'a str] {
    let is_blank = |line: &&str| line.trim().is_empty();
    let start = lines.iter().take_while(|line| is_blank(line)).count();
    let end = lines.len() - lines.iter().rev().take_while(|line| is_blank(line)).count();
    lines.get(start..end).unwrap_or_default()
}

fn dedent(lines: &[&str]) -> String {
    let width = |line: &&str| line.len() - line.trim_start().len();
    let margin = lines.iter().filter(|line| !line.trim().is_empty()).map(width).min().unwrap_or(0);
    let mut out = String::new();
    for line in lines {
        out.push_str(line.get(margin..).unwrap_or_default());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "// begin: readme\nuse a;\n\n// end: readme\nfn f() {\n    // begin: readme\n    a {\n        b\n\n    }\n    // end: readme\n}\n";

    fn fill_from(text: &str, source: &str) -> Result<String> {
        fill(text, &["rust"], |_| Ok(source.to_owned()))
    }

    #[test]
    fn blocks_are_filled_from_the_regions_of_their_files() {
        let text = "a\n<!-- example: rust x.rs -->\n```rust\nold\n```\nb\n";
        let filled = fill_from(text, SOURCE).unwrap();
        let wanted = "a\n<!-- example: rust x.rs -->\n```rust\nuse a;\n\na {\n    b\n\n}\n```\nb\n";
        assert_eq!(filled, wanted);
        assert_eq!(fill_from(&filled, SOURCE).unwrap(), filled);
        assert_eq!(fill_from("<!-- example: rust x.rs -->\nb\n", SOURCE).unwrap().lines().count(), 10);
    }

    #[test]
    fn regions_have_names() {
        let text = "<!-- example: rust x.rs#more -->\n";
        let source = "// begin: more\nb\n// end: more\n";
        assert!(fill_from(text, source).unwrap().ends_with("```rust\nb\n```\n"));
        assert!(fill_from(text, SOURCE).is_err());
    }

    #[test]
    fn a_file_without_a_region_and_a_missing_language_are_errors() {
        assert!(fill_from("<!-- example: rust x.rs -->\n", "fn f() {}").is_err());
        assert!(fill_from("<!-- example: rust x.rs -->\n", "// begin: readme\n").is_err());
        let error = fill_from("nothing\n", SOURCE).unwrap_err().to_string();
        assert!(error.contains("rust"), "{error}");
    }
}
