//! The repository's text names no place of one machine.

use super::Finding;
use super::sources::SourceFile;

/// Beginnings of paths that exist on one machine, in two parts so that this file does not name them.
const PLACES: &[(&str, &str)] = &[
    ("/ho", "me/"),
    ("/ro", "ot/"),
    ("/Us", "ers/"),
    ("/wo", "rk/"),
    ("/t", "mp/"),
    ("/o", "pt/"),
    ("/m", "nt/"),
    ("C:\\Us", "ers"),
    ("../sha", "red"),
];

/// Checks every text file.
pub(crate) fn check(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        for (line, number) in file.text.lines().zip(1_usize..) {
            for (first, second) in PLACES {
                let place = format!("{first}{second}");
                if names(line, &place) {
                    findings
                        .push(Finding::new(format!("{}:{number}", file.path), format!("names `{place}`")));
                }
            }
        }
    }
    findings
}

/// Whether the place occurs at the beginning of a path, not within a longer one such as an address of the web.
fn names(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default();
        before.ends_with("file://") || !before.ends_with(|c: char| c.is_alphanumeric() || "._-/}".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_found_and_an_address_is_not() {
        for (first, second) in PLACES {
            let text = format!("ok\nsee {first}{second}someone/file\n");
            let found = check(&[SourceFile::new("docs/a.md", text)]);
            assert_eq!(found.first().map(|one| one.place.as_str()), Some("docs/a.md:2"));
        }
        let file = format!("file://{}{}someone", "/ho", "me/");
        assert_eq!(check(&[SourceFile::new("a.md", file)]).len(), 1);
        let address = format!("https://example.com{}{}page", "/ho", "me/");
        assert_eq!(check(&[SourceFile::new("a.md", address)]), []);
    }
}
