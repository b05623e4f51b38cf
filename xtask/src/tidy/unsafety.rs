//! No `unsafe` in what is shipped, and nothing that a compiler is told to link or to run: a lint would do for the first,
//! if it could not be lifted where it stands.

use super::Finding;
use super::edges::contains_word;
use super::layers::is_free;
use super::metadata::Workspace;
use super::sources::SourceFile;

const WORDS: &[&str] = &["unsafe", "asm!", "global_asm!", "naked_asm!", "#[link(", "#[no_mangle]"];

/// Checks the sources of the products, and that none of them has a program of its own that builds it.
pub(crate) fn check(workspace: &Workspace, files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.extension() == "rs" && is_shipped(&file.path)) {
        for (number, line) in file.code_lines() {
            for word in WORDS.iter().filter(|word| contains_word(&line, word)) {
                findings.push(Finding::new(format!("{}:{number}", file.path), format!("`{word}`")));
            }
        }
    }
    for package in workspace.own().filter(|package| !is_free(package)) {
        let builds =
            package.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "custom-build"));
        if builds || package.links.is_some() {
            findings.push(Finding::new(&package.name, "has a build script or a `links` key"));
        }
    }
    findings
}

fn is_shipped(path: &str) -> bool {
    let product = path.starts_with("sdk/") || path.starts_with("bindings/");
    product && path.contains("/src/")
}

#[cfg(test)]
mod tests {
    use super::super::metadata::{Target, fake};
    use super::*;

    #[test]
    fn unsafe_code_is_found_in_what_is_shipped_and_a_test_may_have_it() {
        let found =
            |path: &str, text: &str| check(&fake::workspace(&[]), &[SourceFile::new(path, text)]).len();
        for word in WORDS {
            assert!(found("sdk/driver/src/web/a.rs", &format!("fn f() {{ {word} }}")) > 0, "{word}");
        }
        assert_eq!(
            found("bindings/wasm/src/a.rs", "#[expect(unsafe_code, reason = \"x\")] unsafe { f() }"),
            1
        );
        assert_eq!(found("sdk/driver/src/a.rs", "#![forbid(unsafe_code)] // unsafe"), 0);
        assert_eq!(found("sdk/sip-core/tests/allocation.rs", "unsafe { f() }"), 0);
    }

    #[test]
    fn a_product_is_built_by_no_program_of_its_own() {
        let mut workspace = fake::workspace(&[("rvoip", "sdk/sip-client", &[])]);
        let package = workspace.packages.get_mut("rvoip").unwrap();
        package.targets.push(Target { kind: vec!["custom-build".to_owned()] });
        assert_eq!(check(&workspace, &[]), [Finding::new("rvoip", "has a build script or a `links` key")]);
    }
}
