//! Clocks, sockets, threads, locks, files and entropy belong to the edge of the program, and the tools that make
//! bindings to bindings/; everything that decides is handed what it needs.

use super::Finding;
use super::metadata::{Package, Workspace};
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
    /// Whether it binds the sans-IO crates alone, or all of sdk/ and bindings/ but the edge.
    sans_io_alone: bool,
}

const RULES: &[Rule] = &[
    Rule {
        name: "clock",
        words: &[
            "Instant::now",
            "SystemTime::now",
            ".elapsed()",
            "Utc::now",
            "Local::now",
            "now_utc",
            "now_local",
            "web_time",
            "Date::now",
            "Date::new_0",
            "performance.now",
        ],
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
        words: &["UdpSocket", "TcpStream", "TcpListener", "UnixStream", "socket2", "ToSocketAddrs", "rustls"],
        instead: "sockets belong to the edge",
        sans_io_alone: false,
    },
    Rule {
        name: "runtime",
        words: &["tokio", "async_std", "async_io", "smol", "mio", "futures_timer"],
        instead: "the runtime belongs to the edge",
        sans_io_alone: false,
    },
    Rule {
        name: "entropy",
        words: &[
            "getrandom",
            "OsRng",
            "SysRng",
            "ThreadRng",
            "thread_rng",
            "from_os_rng",
            "from_entropy",
            "rand::random",
            "rand::rng",
            "fastrand",
            "new_v4",
            "RandomState",
        ],
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

/// What the crates that decide may be made of: each of these computes, and reads no clock, opens no socket, starts no
/// thread and draws no entropy. Another one needs a look at what it does before it stands here.
const COMPUTE: &[&str] = &[
    "bytes",
    "compact_str",
    "futures",
    "hound",
    "md-5",
    "memchr",
    "nom",
    "rand_chacha",
    "rand_core",
    "realfft",
    "rubato",
    "sans-io-time",
    "serde",
    "serde_json",
    "sha2",
    "smallvec",
    "subtle",
    "thiserror",
    "tracing",
    "zeroize",
];

/// Folders of crates that decide: the sans-IO ones, the facade, and the switch, whose edge is a folder within it.
const DECIDE: &[&str] = &["sdk/sip-client", "sdk/call-engine"];

/// Checks sources and manifests.
pub(crate) fn check(files: &[SourceFile], workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    let ours = |path: &str| path.starts_with("sdk/") || path.starts_with("bindings/");
    for file in files.iter().filter(|file| file.extension() == "rs" && ours(&file.path)) {
        let sans_io = SANS_IO.iter().any(|folder| file.path.starts_with(folder));
        let edge = EDGE.iter().any(|place| file.path.starts_with(place));
        let in_source = file.path.contains("/src/");
        let bound = |rule: &&Rule| sans_io || (in_source && !edge && !rule.sans_io_alone);
        let rules: Vec<&Rule> = RULES.iter().filter(bound).collect();
        for (number, line) in file.code_lines() {
            for rule in &rules {
                check_line(file, (number, &line), rule, &mut findings);
            }
        }
    }
    for package in workspace.own().filter(|package| !super::layers::is_free(package)) {
        for dependency in package.dependencies.iter().filter(|one| !one.is_dev()) {
            let is_ours = workspace.own_named(&dependency.name).is_some();
            if !is_ours && !may_depend(package, &dependency.name) {
                findings.push(Finding::new(&package.name, format!("must not depend on {}", dependency.name)));
            }
        }
    }
    findings
}

fn may_depend(package: &Package, name: &str) -> bool {
    let folder = package.folder.as_deref().unwrap_or_default();
    if let Some((_, only)) = ONLY.iter().find(|(of, _)| *of == name) {
        return only
            .iter()
            .any(|one| *one == package.name || (one.ends_with('/') && folder.starts_with(one)));
    }
    let sans_io = SANS_IO.iter().any(|source| source.strip_suffix("/src/") == Some(folder));
    !(sans_io || DECIDE.contains(&folder)) || COMPUTE.contains(&name)
}

fn check_line(file: &SourceFile, (number, line): (usize, &str), rule: &Rule, findings: &mut Vec<Finding>) {
    for word in rule.words.iter().filter(|word| contains_word(line, word)) {
        if !file.is_excepted(number, rule.name) {
            let place = format!("{}:{number}", file.path);
            findings.push(Finding::new(place, format!("`{word}` ({}): {}", rule.name, rule.instead)));
        }
    }
}

/// Whether the word occurs and is not a part of a longer one: at an end of it that is a sign anything may stand.
pub(crate) fn contains_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let (begins, ends) = (word.starts_with(is_part), word.ends_with(is_part));
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default();
        let after = line.get(at + word.len()..).unwrap_or_default();
        !(begins && before.ends_with(is_part) || ends && after.starts_with(is_part))
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
        assert_eq!(findings("bindings/python/src/verb.rs", "Instant::now()"), 1);
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
    fn a_word_that_begins_or_ends_with_a_sign_is_found_beside_a_name() {
        assert_eq!(findings("sdk/sip-core/src/a.rs", "call.await"), 1);
        assert_eq!(findings("sdk/sip-core/src/a.rs", "now.monotonic + wait"), 1);
        assert_eq!(findings("sdk/sip-core/src/a.rs", "started.elapsed()"), 1);
    }

    #[test]
    fn what_decides_is_made_of_what_computes() {
        let crates = &["unheard-of", "bytes"] as &[&str];
        let found = check(
            &[],
            &fake::workspace(&[
                ("rvoip-sip-core", "sdk/sip-core", crates),
                ("rvoip-driver", "sdk/driver", crates),
            ]),
        );
        assert_eq!(found, [Finding::new("rvoip-sip-core", "must not depend on unheard-of")]);
    }

    #[test]
    fn binding_tools_and_the_runtime_have_their_packages() {
        let found = check(
            &[],
            &fake::workspace(&[
                ("rvoip", "sdk/sip-client", &["tokio", "uniffi", "serde"]),
                ("rvoip-media-core", "sdk/media-core", &["mio", "hound", "rvoip-driver"]),
                ("rvoip-driver", "sdk/driver", &["tokio", "web-sys"]),
                ("rvoip-python", "bindings/python", &["pyo3"]),
                ("rvoip-interop", "tests/interop", &["tokio"]),
            ]),
        );
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "rvoip: must not depend on tokio",
                "rvoip: must not depend on uniffi",
                "rvoip-media-core: must not depend on mio"
            ]
        );
    }
}
