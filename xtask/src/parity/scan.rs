//! Finds types and their members in formatted source text: by keyword at the start of a line and by indentation, which
//! is enough for code that is kept in one form.

use super::surface::Surface;

/// How a language writes types and members.
pub(super) struct Grammar {
    /// Columns before a member.
    pub(super) indent: usize,
    /// Words that may stand before any other.
    pub(super) modifiers: &'static [&'static str],
    /// What begins a type.
    pub(super) types: &'static [&'static str],
    /// What begins a member or a function; where there is nothing, a member begins with its name.
    pub(super) members: &'static [&'static str],
    /// Whether a member may begin with its name.
    pub(super) bare_members: bool,
}

pub(super) const TYPESCRIPT: Grammar = Grammar {
    indent: 2,
    modifiers: &[
        "export", "declare", "abstract", "readonly", "static", "async", "override", "get", "public", "const",
    ],
    types: &["class", "interface", "type"],
    members: &["function"],
    bare_members: true,
};

pub(super) const PYTHON: Grammar =
    Grammar { indent: 4, modifiers: &["async"], types: &["class"], members: &["def"], bare_members: true };

pub(super) const KOTLIN: Grammar = Grammar {
    indent: 4,
    modifiers: &[
        "public", "override", "suspend", "inline", "operator", "final", "open", "sealed", "data", "abstract",
    ],
    types: &["class", "interface", "object"],
    members: &["fun", "val", "var"],
    bare_members: false,
};

pub(super) const SWIFT: Grammar = Grammar {
    indent: 4,
    modifiers: &[
        "public",
        "final",
        "static",
        "mutating",
        "nonisolated",
        "@discardableResult",
        "open",
        "override",
    ],
    types: &["class", "struct", "enum", "extension", "actor", "protocol"],
    members: &["func", "var", "let", "case"],
    bare_members: false,
};

/// Adds what one file declares.
pub(super) fn scan(grammar: &Grammar, text: &str, into: &mut Surface) {
    let mut container = String::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let indent = line.len() - line.trim_start().len();
        if indent == 0 {
            let Some((word, rest)) = declared(grammar, line) else {
                container.clear();
                continue;
            };
            if grammar.types.contains(&word) {
                identifier(rest).clone_into(&mut container);
                into.add("", &container);
                into.add(&container, "");
            } else {
                container.clear();
                function(grammar, word, rest, into);
                if grammar.bare_members && rest.starts_with(['=', ':']) {
                    into.add("", identifier(word));
                }
            }
        } else if indent == grammar.indent && !container.is_empty() {
            member(grammar, line.trim_start(), &container, into);
        }
    }
}

/// The first word that is no modifier, and what follows it.
fn declared<'a>(grammar: &Grammar, line: &'a str) -> Option<(&'a str, &'a str)> {
    let mut rest = line;
    loop {
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        if !grammar.modifiers.contains(&word) {
            return (!word.is_empty()).then_some((word, after.trim_start()));
        }
        rest = after;
    }
}

/// A function outside of types, or one that is added to a type: `fun <R> Client.use(`.
fn function(grammar: &Grammar, word: &str, rest: &str, into: &mut Surface) {
    if !grammar.members.contains(&word) {
        return;
    }
    let rest = match rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((_, rest)) => rest.trim_start(),
        None => rest,
    };
    let first = identifier(rest);
    match rest.strip_prefix(first).and_then(|rest| rest.strip_prefix('.')) {
        Some(extension) => into.add(first, identifier(extension)),
        None => into.add("", first),
    }
}

fn member(grammar: &Grammar, line: &str, container: &str, into: &mut Surface) {
    let Some((word, rest)) = declared(grammar, line) else { return };
    if grammar.members.contains(&word) {
        into.add(container, identifier(rest));
    } else if grammar.bare_members {
        let name = identifier(word);
        let after = word.strip_prefix(name).unwrap_or_default();
        let after = if after.is_empty() { rest } else { after };
        if !name.is_empty() && after.starts_with(['(', '<', ':', '?', '=', ';', '!']) {
            into.add(container, name);
        }
    }
}

fn identifier(text: &str) -> &str {
    let text = text.trim_start_matches('`');
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    text.split_at_checked(end).map_or(text, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surface(grammar: &Grammar, text: &str) -> Surface {
        Surface::of(grammar, &[text.to_owned()])
    }

    #[test]
    fn members_of_typescript_are_found() {
        let text = "export class Call extends Source {\n  readonly key: CallKey;\n  get info(): CallInfo {\n    other();\n  }\n  \
            static async create<T>(a: T): Promise<void> {\n  }\n}\nexport function parseMessage(x: string): object {\n}\n";
        let found = surface(&TYPESCRIPT, text);
        assert!(["key", "info", "create"].iter().all(|name| found.has("Call", name)));
        assert!(found.has("", "parseMessage"));
        assert!(!found.has("Call", "other"));
    }

    #[test]
    fn members_of_python_are_found() {
        let text = "class Call:\n    \"\"\"Doc.\"\"\"\n\n    key: CallKey\n\n    async def hang_up(self) -> None:\n        pass\n\n    \
            @property\n    def info(self) -> int:\n        pass\n\ndef parse_message(x: str) -> int:\n    pass\n";
        let found = surface(&PYTHON, text);
        assert!(["key", "hang_up", "info"].iter().all(|name| found.has("Call", name)));
        assert!(found.has("", "parse_message"));
    }

    #[test]
    fn members_and_extensions_of_kotlin_and_swift_are_found() {
        let text = "public suspend inline fun <R> Client.use(block: (Client) -> R): R {\n}\npublic val Event.key: Int\n\
            public class Events {\n    public suspend fun next(): Event? {\n    }\n}\n";
        let found = surface(&KOTLIN, text);
        assert!(found.has("Client", "use") && found.has("Event", "key") && found.has("Events", "next"));
        let text = "extension Call {\n    public func events() -> Events {\n    }\n    public var info: Int { 1 }\n}\n";
        let found = surface(&SWIFT, text);
        assert!(found.has("Call", "events") && found.has("Call", "info"));
    }
}
