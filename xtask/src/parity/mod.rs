//! `cargo xtask parity`: what the facade has and a language lacks, by name.
//!
//! The facade is read from its sources, and so is each language: what is written by hand there, what is exported to
//! uniffi, and the generated types. What a language has in another manner, or cannot have, stands in
//! [`exceptions`] with its reason; what stands there in its place has to exist, and an exception that nothing needs is
//! a finding too.

mod exceptions;
mod languages;
mod scan;
#[cfg(test)]
mod scenarios;
mod surface;
mod uniffi;
mod wanted;

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use self::exceptions::{EXCEPTIONS, Exception};
use self::languages::{LANGUAGES, Language};
use self::surface::Surface;
use self::wanted::{Item, Wanted};
use crate::facade::Crate;

/// Reads everything, prints what is missing, and fails if anything is.
pub(crate) fn run() -> Result<()> {
    let wanted = Wanted::read(&Crate::read("sdk/sip-client/src")?, &Crate::read("sdk/driver/src")?)?;
    let mut findings = wanted.unclassed();
    println!("{} items of the facade", wanted.items.len());
    for language in LANGUAGES {
        let Some(surface) = language.read()? else {
            findings.push(format!("{} is absent: there is no {}", language.name, language.folder));
            continue;
        };
        let lacks = missing(&wanted.items, language, &surface, EXCEPTIONS);
        println!("{:4} {}", if lacks.is_empty() { "ok" } else { "BAD" }, language.name);
        findings.extend(lacks);
    }
    findings.extend(unneeded(&wanted.items, EXCEPTIONS));
    for finding in &findings {
        println!("     {finding}");
    }
    if findings.is_empty() { Ok(()) } else { bail!("{} findings", findings.len()) }
}

/// What the language lacks, and exceptions that point at what it has not either.
fn missing(items: &[Item], language: &Language, surface: &Surface, exceptions: &[Exception]) -> Vec<String> {
    let mut findings = Vec::new();
    for item in items.iter().filter(|item| item.is_for(language)) {
        let (container, member) = language.spelling(item);
        let name = language.name;
        let exception =
            exceptions.iter().find(|one| one.item == item.path() && one.languages.contains(&name));
        if surface.has(&container, &member) {
            if exception.is_some() {
                findings.push(format!("{name} has {}: its exception is not needed", item.path()));
            }
            continue;
        }
        match exception {
            None => findings.push(format!(
                "{name} lacks {}: there is no {member}{} in {}",
                item.path(),
                if container.is_empty() { String::new() } else { format!(" of {container}") },
                language.folder,
            )),
            Some(exception) => {
                let instead = exception.instead.split(", ").filter(|instead| !instead.is_empty());
                for instead in instead {
                    let (container, member) = instead.split_once('.').unwrap_or(("", instead));
                    if !surface.has(container, member) {
                        findings
                            .push(format!("{name} lacks {instead}, which stands for {} there", item.path()));
                    }
                }
            }
        }
    }
    findings
}

/// Exceptions for what the facade has not.
fn unneeded(items: &[Item], exceptions: &[Exception]) -> Vec<String> {
    let paths: BTreeSet<String> = items.iter().map(Item::path).collect();
    let stale = exceptions.iter().filter(|one| !paths.contains(one.item));
    stale
        .map(|one| format!("the exception for {} is not needed: the facade has no such item", one.item))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACADE: &str =
        "impl Call { pub async fn send_dtmf(&self) {} pub fn key(&self) {} fn hidden(&self) {} }
        #[derive(Serialize)] #[serde(tag = \"type\", rename_all = \"snake_case\")]
        pub enum Event { /// x
            Lagged { missed: u32 } }";

    fn facade(more: &str) -> Wanted {
        let files = [("lib.rs", "pub use call::{Call, Event};"), ("call.rs", FACADE), ("more.rs", more)];
        Wanted::read(&Crate::parse(files).unwrap(), &Crate::default()).unwrap()
    }

    fn language(name: &str) -> &'static Language {
        LANGUAGES.iter().find(|language| language.name == name).unwrap()
    }

    const TYPESCRIPT: &str = "export class Call {\n  readonly key: CallKey;\n  sendDtmf(digits: string): void {\n  }\n}\n\
        export interface Lagged {\n  readonly missed: number;\n}\n";

    #[test]
    fn a_verb_that_one_language_lacks_is_named() {
        let wanted = facade("impl Call { pub async fn park(&self) {} }");
        let surface = Surface::of(language("TypeScript").grammar(), &[TYPESCRIPT.to_owned()]);
        let found = missing(&wanted.items, language("TypeScript"), &surface, &[]);
        assert_eq!(found, ["TypeScript lacks Call::park: there is no park of Call in web/src"]);
        assert!(missing(&facade("").items, language("TypeScript"), &surface, &[]).is_empty());
    }

    #[test]
    fn an_exception_has_to_be_needed_and_what_it_points_at_has_to_exist() {
        let wanted = facade("impl Call { pub async fn park(&self) {} }");
        let surface = Surface::of(language("TypeScript").grammar(), &[TYPESCRIPT.to_owned()]);
        let exception =
            |item, instead| Exception { item, languages: &["TypeScript"], instead, reason: "a test" };
        let park = |instead| {
            missing(&wanted.items, language("TypeScript"), &surface, &[exception("Call::park", instead)])
        };
        assert!(park("Call.sendDtmf").is_empty());
        assert_eq!(park("Call.leave"), ["TypeScript lacks Call.leave, which stands for Call::park there"]);
        assert_eq!(unneeded(&wanted.items, &[exception("Call::leave", "")]).len(), 1);
    }

    #[test]
    fn a_field_that_was_removed_from_a_language_is_named() {
        let without = TYPESCRIPT.replace("  readonly missed: number;\n", "");
        let surface = Surface::of(language("TypeScript").grammar(), &[without]);
        let found = missing(&facade("").items, language("TypeScript"), &surface, &[]);
        assert_eq!(
            found,
            ["TypeScript lacks Event::Lagged::missed: there is no missed of Lagged in web/src"]
        );
    }

    #[test]
    fn a_verb_that_is_taken_out_of_a_real_language_is_named() {
        let wanted = Wanted::read(
            &Crate::read("sdk/sip-client/src").unwrap(),
            &Crate::read("sdk/driver/src").unwrap(),
        )
        .unwrap();
        for language in LANGUAGES {
            let Some(surface) = language.read().unwrap() else { continue };
            let hold = wanted.items.iter().find(|item| item.path() == "Call::hold").unwrap();
            let (container, member) = language.spelling(hold);
            let without = surface.without(&container, &member);
            let before = missing(&wanted.items, language, &surface, EXCEPTIONS);
            let after = missing(&wanted.items, language, &without, EXCEPTIONS);
            assert!(!before.iter().any(|one| one.contains("Call::hold")), "{before:?}");
            assert!(after.iter().any(|one| one.contains("Call::hold")), "{after:?}");
        }
    }

    const STRANGE: &str = "pub struct Strange; #[derive(Serialize)] pub struct Known { a: u8 }";

    #[test]
    fn a_name_that_the_facade_exports_is_of_a_class() {
        let wanted = Wanted::read(
            &Crate::parse([("lib.rs", "pub use call::{Known, Strange};"), ("call.rs", STRANGE)]).unwrap(),
            &Crate::default(),
        )
        .unwrap();
        assert_eq!(wanted.unclassed().len(), 1);
    }
}
