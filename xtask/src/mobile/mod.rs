//! Kotlin and Swift: the library, what is generated from it, and their tests.

mod kotlin;
pub(crate) mod maven;
mod swift;

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::command::{self, cargo, root, run, target_directory};
use crate::stage::Count;
use crate::{install, kept, scenarios, shipped};

const BINDGEN: &str = "bindings/uniffi/bindgen/Cargo.toml";
/// Where Package.swift expects the generated source.
const SWIFT: &str = "mobile/swift/Built/release/swift";
const PACKAGE: &str = "rvoip-uniffi";
/// What phones run on. There is no linker for them here: it is checked that the library compiles.
const PHONES: &[&str] = &["aarch64-linux-android", "aarch64-apple-ios"];

/// The stage `mobile` of `cargo xtask test`.
pub(crate) fn run_stage(count: &mut Count) -> Result<()> {
    count.asked = true;
    scenarios::forget("mobile")?;
    let library = library()?;
    let generator = Generator::build()?;
    generator.test(count)?;
    shipped::check(&library)?;
    generator.generate(&library, "mobile/kotlin/generated", SWIFT)?;
    swift::check(SWIFT, &["mobile/swift/Sources", "mobile/swift/Tests/RvoipTests"], count)?;
    swift::test(count)?;
    kotlin::test(&library, count)?;
    run_scenarios(&generator, count)?;
    phones()
}

/// The scenarios in Kotlin, on the build for tests that has the harness; for Swift their runner is checked.
fn run_scenarios(generator: &Generator, count: &mut Count) -> Result<()> {
    let target = target_directory().join("harness");
    let folder = target.to_string_lossy().into_owned();
    run(&cargo(), &["build", "--package", PACKAGE, "--features", "harness", "--target-dir", &folder])?;
    let (kotlin, swift) = (format!("{folder}/kotlin"), format!("{folder}/swift"));
    let library = target.join("debug/librvoip_ffi.so");
    shipped::check_harness(&library)?;
    generator.generate(&library, &kotlin, &swift)?;
    swift::check(&swift, &["mobile/swift/Sources", "mobile/swift/Tests/ConformanceTests"], count)?;
    kotlin::run_scenarios(&target, count)
}

/// Generates Kotlin and Swift, for whoever reads them.
pub(crate) fn generate() -> Result<()> {
    Generator::build()?.generate(&library()?, "mobile/kotlin/generated", SWIFT)
}

/// Builds the library; gives its path.
fn library() -> Result<PathBuf> {
    run(&cargo(), &["build", "--package", PACKAGE])?;
    Ok(target_directory().join("debug/librvoip_ffi.so"))
}

/// The command that generates Kotlin and Swift. What it is built from takes longer to build than the library, and is
/// kept; the command itself is that of this checkout.
struct Generator {
    built: String,
    program: PathBuf,
}

impl Generator {
    fn build() -> Result<Self> {
        let manifest = std::fs::read_to_string(root().join(BINDGEN)).context(BINDGEN)?;
        let version = version_of("uniffi", &manifest).context("the generator names no version of uniffi")?;
        let folder = install::cache()?.join("tools").join(format!("uniffi-bindgen-{version}"));
        let _lock = kept::lock(&folder.join("xtask.lock"))?;
        let built = folder.to_string_lossy().into_owned();
        run(&cargo(), &["build", "--quiet", "--manifest-path", BINDGEN, "--target-dir", &built])?;
        kept::used(&folder)?;
        let program = target_directory().join("rvoip-uniffi-bindgen");
        std::fs::create_dir_all(target_directory()).context("making the build directory")?;
        std::fs::copy(folder.join("debug/rvoip-uniffi-bindgen"), &program)
            .with_context(|| format!("copying to {}", program.display()))?;
        Ok(Self { built, program })
    }

    fn test(&self, count: &mut Count) -> Result<()> {
        let arguments = ["test", "--quiet", "--manifest-path", BINDGEN, "--target-dir", &self.built];
        command::run_tests(&arguments, count)
    }

    fn generate(&self, library: &std::path::Path, kotlin: &str, swift: &str) -> Result<()> {
        for folder in [kotlin, swift] {
            let folder = root().join(folder);
            if folder.exists() {
                std::fs::remove_dir_all(&folder).with_context(|| format!("emptying {}", folder.display()))?;
            }
            std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        }
        run(&self.program.to_string_lossy(), &[&library.to_string_lossy(), kotlin, swift])
    }
}

/// The version of a dependency in a manifest: `name = { version = "=1.2.3", …`.
fn version_of<'m>(name: &str, manifest: &'m str) -> Option<&'m str> {
    let line = manifest.lines().find(|line| line.split_whitespace().next() == Some(name))?;
    let (_, rest) = line.split_once("version = \"=")?;
    rest.split_once('"').map(|(version, _)| version)
}

fn phones() -> Result<()> {
    for target in PHONES {
        install::target(target)?;
        run(&cargo(), &["check", "--package", PACKAGE, "--target", target])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_of_the_version_of_the_library() {
        let of = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
        let (generator, workspace) = (of(BINDGEN), of("Cargo.toml"));
        assert!(version_of("uniffi", &generator).is_some());
        assert_eq!(version_of("uniffi", &generator), version_of("uniffi", &workspace));
    }

    #[test]
    fn a_version_is_exact_or_none() {
        assert_eq!(version_of("uniffi", "uniffi = { version = \"=0.1.2\" }"), Some("0.1.2"));
        assert_eq!(version_of("uniffi", "uniffi = { version = \"0.1.2\" }"), None);
        assert_eq!(version_of("uniffi", "uniffi-x = { version = \"=0.1.2\" }"), None);
    }
}
