//! Clocks, sockets, threads, locks, files and entropy belong to the edge of the program, and the tools that make
//! bindings to bindings/; everything that decides is handed what it needs.

use super::Finding;
use super::metadata::Workspace;
use super::sources::SourceFile;

/// The sans-IO crates.
const SANS_IO: &[&str] = &[
    "sdk/sans-io/src/",
    "sdk/sip-core/src/",
    "sdk/sdp-core/src/",
    "sdk/rtp-core/src/",
    "sdk/nat-core/src/",
    "sdk/transaction-core/src/",
    "sdk/session-core/src/",
    "sdk/media-core/src/",
];

/// Where the program meets the platform.
const EDGE: &[&str] = &[
    "sdk/sip-transport/",
    "sdk/driver/",
    "sdk/certificates/",
    "sdk/call-engine/src/run/",
    "sdk/call-engine/src/run.rs",
    "sdk/api-server/",
    "sdk/cli/",
];

/// A rule over the words of a source file.
struct Rule {
    name: &'static str,
    words: &'static [&'static str],
    instead: &'static str,
    /// Whether it binds the sans-IO crates alone, or all of sdk/ but the edge.
    sans_io_alone: bool,
}

const RULES: &[Rule] = &[
    Rule {
        name: "clock",
        words: &["Instant::now", "SystemTime::now"],
        instead: "time is an argument",
        sans_io_alone: false,
    },
    Rule {
        name: "moment",
        words: &["monotonic + "],
        instead: "`Now::after` bears any wait that a peer or a caller may name",
        sans_io_alone: false,
    },
    Rule {
        name: "thread",
        words: &["thread::spawn", "thread::Builder", "thread::scope", "thread::sleep"],
        instead: "threads belong to the edge",
        sans_io_alone: false,
    },
    Rule {
        name: "socket",
        words: &["UdpSocket", "TcpStream", "TcpListener", "socket2", "ToSocketAddrs"],
        instead: "sockets belong to the edge",
        sans_io_alone: false,
    },
    Rule {
        name: "runtime",
        words: &["tokio", "async_std", "smol"],
        instead: "the runtime belongs to the edge",
        sans_io_alone: false,
    },
    Rule {
        name: "entropy",
        words: &["getrandom", "OsRng", "SysRng", "ThreadRng", "thread_rng", "from_os_rng", "RandomState"],
        instead: "the random generator is given at construction",
        sans_io_alone: false,
    },
    Rule {
        name: "hash-order",
        words: &["HashMap", "HashSet"],
        instead: "the order of a hash map is random and could reach the wire; use BTreeMap",
        sans_io_alone: true,
    },
    Rule {
        name: "lock",
        words: &["Mutex", "RwLock", "Condvar", "mpsc"],
        instead: "a machine is owned by one caller and needs no lock",
        sans_io_alone: true,
    },
    Rule {
        name: "files",
        words: &["std::fs", "fs::File", "File::open", "File::create", "std::env", "std::process"],
        instead: "files and the environment belong to the edge",
        sans_io_alone: true,
    },
    Rule {
        name: "async",
        words: &["async fn", "async move", ".await"],
        instead: "a machine is driven by handle_input and poll_output",
        sans_io_alone: true,
    },
];

/// Crates that only the named packages may depend on; a name ending in a slash is a folder.
const ONLY: &[(&str, &[&str])] = &[
    ("tokio", &["rvoip-sip-transport", "rvoip-driver", "rvoip-call-engine", "rvoip-api-server", "rvoip-cli"]),
    ("socket2", &["rvoip-sip-transport", "rvoip-driver"]),
    ("hickory-resolver", &["rvoip-sip-transport"]),
    ("uniffi", &["bindings/"]),
    ("pyo3", &["bindings/"]),
    ("wasm-bindgen", &["bindings/", "rvoip-sip-transport", "rvoip-driver"]),
    ("wasm-bindgen-futures", &["bindings/", "rvoip-sip-transport", "rvoip-driver"]),
    ("js-sys", &["bindings/", "rvoip-sip-transport", "rvoip-driver"]),
    ("web-sys", &["bindings/", "rvoip-sip-transport", "rvoip-driver"]),
];

/// Checks sources and manifests.
pub(crate) fn check(files: &[SourceFile], workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.extension() == "rs" && file.path.starts_with("sdk/")) {
        let sans_io = SANS_IO.iter().any(|folder| file.path.starts_with(folder));
        let edge = EDGE.iter().any(|place| file.path.starts_with(place));
        let in_source = file.path.contains("/src/");
        for rule in RULES.iter().filter(|rule| sans_io || (in_source && !edge && !rule.sans_io_alone)) {
            check_rule(file, rule, &mut findings);
        }
    }
    for package in workspace.own().filter(|package| !super::layers::is_free(package)) {
        let folder = package.folder.as_deref().unwrap_or_default();
        for dependency in package.dependencies.iter().filter(|one| !one.is_dev()) {
            let Some((name, only)) = ONLY.iter().find(|(name, _)| *name == dependency.name) else { continue };
            let allowed = only
                .iter()
                .any(|one| *one == package.name || (one.ends_with('/') && folder.starts_with(one)));
            if !allowed {
                findings.push(Finding::new(&package.name, format!("must not depend on {name}")));
            }
        }
    }
    findings
}

fn check_rule(file: &SourceFile, rule: &Rule, findings: &mut Vec<Finding>) {
    for (number, line) in file.code_lines() {
        for word in rule.words.iter().filter(|word| contains_word(line, word)) {
            if !file.is_excepted(number, rule.name) {
                let place = format!("{}:{number}", file.path);
                findings.push(Finding::new(place, format!("`{word}` ({}): {}", rule.name, rule.instead)));
            }
        }
    }
}

/// Whether the word occurs and is not a part of a longer one.
pub(crate) fn contains_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::super::metadata::fake;
    use super::*;

    fn findings(path: &str, text: &str) -> usize {
        check(&[SourceFile::new(path, text)], &fake::workspace(&[])).len()
    }

    #[test]
    fn every_rule_finds_each_of_its_words_in_a_sans_io_crate() {
        for rule in RULES {
            for word in rule.words {
                let text = format!("fn f() {{\n    let x = {word}(1);\n}}\n");
                assert!(findings("sdk/session-core/src/a.rs", &text) > 0, "{word}");
            }
        }
    }

    #[test]
    fn the_edge_may_and_the_facade_may_not_read_the_clock() {
        assert_eq!(findings("sdk/driver/src/clock.rs", "Instant::now()"), 0);
        assert_eq!(findings("sdk/call-engine/src/run/clock.rs", "Instant::now()"), 0);
        assert_eq!(findings("sdk/call-engine/src/router.rs", "Instant::now()"), 1);
        assert_eq!(findings("sdk/sip-client/src/call.rs", "Instant::now()"), 1);
        assert_eq!(findings("sdk/sip-client/src/call.rs", "async fn hold(&self) {}"), 0);
    }

    #[test]
    fn comments_parts_of_words_and_stated_exceptions_are_no_findings() {
        assert_eq!(findings("sdk/sip-core/src/a.rs", "// never Instant::now\n/// tokio"), 0);
        assert_eq!(findings("sdk/sip-core/src/a.rs", "let customTcpStreams = 1;"), 0);
        let excepted = "// tidy: lock: shared with the platform's thread\nuse std::sync::Mutex;\n";
        assert_eq!(findings("sdk/sip-core/src/a.rs", excepted), 0);
        let unreasoned = "// tidy: lock:\nuse std::sync::Mutex;\n";
        assert_eq!(findings("sdk/sip-core/src/a.rs", unreasoned), 1);
    }

    #[test]
    fn binding_tools_and_the_runtime_have_their_packages() {
        let found = check(
            &[],
            &fake::workspace(&[
                ("rvoip", "sdk/sip-client", &["tokio", "uniffi"]),
                ("rvoip-driver", "sdk/driver", &["tokio", "web-sys"]),
                ("rvoip-python", "bindings/python", &["pyo3"]),
                ("rvoip-interop", "tests/interop", &["tokio"]),
            ]),
        );
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["rvoip: must not depend on tokio", "rvoip: must not depend on uniffi"]);
    }
}
