//! Expands the macros that a file defines by `macro_rules!` and calls in the place of items: enough of the language of
//! such macros for lists of documented names.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow, bail};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A piece of a macro's pattern or of its body.
#[derive(Debug)]
enum Part {
    Token(TokenTree),
    Group(Delimiter, Vec<Part>),
    /// `$name:kind`, or `$name` in a body.
    Variable {
        name: String,
        kind: String,
    },
    /// `$( … ) separator op`.
    Repeat {
        parts: Vec<Part>,
        separator: Option<TokenTree>,
    },
}

/// What a variable stands for.
#[derive(Debug, Clone)]
enum Bound {
    One(TokenStream),
    Many(Vec<Bound>),
}

type Bindings = BTreeMap<String, Bound>;

/// The items with calls of the file's own macros replaced by what they give; other calls stay.
pub(crate) fn items(items: Vec<syn::Item>) -> Result<Vec<syn::Item>> {
    let mut macros = BTreeMap::new();
    for item in &items {
        if let syn::Item::Macro(definition) = item
            && let Some(name) = &definition.ident
        {
            macros.insert(name.to_string(), definition.mac.tokens.clone());
        }
    }
    let mut expanded = Vec::new();
    for item in items {
        if let syn::Item::Macro(call) = &item
            && call.ident.is_none()
            && let Some(name) = call.mac.path.get_ident()
            && let Some(definition) = macros.get(&name.to_string())
        {
            let tokens = expand(definition.clone(), call.mac.tokens.clone())
                .map_err(|error| error.context(format!("macro {name}")))?;
            expanded.extend(syn::parse2::<syn::File>(tokens)?.items);
        } else {
            expanded.push(item);
        }
    }
    Ok(expanded)
}

/// Expands one call of a macro that has one rule.
fn expand(definition: TokenStream, call: TokenStream) -> Result<TokenStream> {
    let mut tokens = definition.into_iter();
    let (
        Some(TokenTree::Group(pattern)),
        Some(TokenTree::Punct(_)),
        Some(TokenTree::Punct(_)),
        Some(TokenTree::Group(body)),
    ) = (tokens.next(), tokens.next(), tokens.next(), tokens.next())
    else {
        bail!("its rule is not understood");
    };
    if tokens.any(|token| matches!(token, TokenTree::Group(_))) {
        bail!("it has more than one rule");
    }
    let call: Vec<TokenTree> = call.into_iter().collect();
    let mut bindings = Bindings::new();
    let rest = matches(&parts(pattern.stream())?, &call, &mut bindings);
    if rest.is_none_or(|rest| !rest.is_empty()) {
        bail!("a call does not match its rule");
    }
    let mut out = TokenStream::new();
    transcribe(&parts(body.stream())?, &bindings, &mut out)?;
    Ok(out)
}

fn parts(tokens: TokenStream) -> Result<Vec<Part>> {
    let mut tokens = tokens.into_iter().peekable();
    let mut parts = Vec::new();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '$' => match tokens.next() {
                Some(TokenTree::Group(group)) => {
                    let inner = self::parts(group.stream())?;
                    let mut separator = None;
                    loop {
                        match tokens.next() {
                            Some(TokenTree::Punct(op)) if "*+?".contains(op.as_char()) => break,
                            Some(token) if separator.is_none() => separator = Some(token),
                            _ => bail!("a repetition does not end"),
                        }
                    }
                    parts.push(Part::Repeat { parts: inner, separator });
                }
                Some(TokenTree::Ident(name)) => {
                    let mut kind = String::new();
                    let mut ahead = tokens.clone();
                    if let (Some(TokenTree::Punct(colon)), Some(TokenTree::Ident(found))) =
                        (ahead.next(), ahead.next())
                        && colon.as_char() == ':'
                        && colon.spacing() == proc_macro2::Spacing::Alone
                    {
                        kind = found.to_string();
                        tokens = ahead;
                    }
                    parts.push(Part::Variable { name: name.to_string(), kind });
                }
                _ => bail!("a dollar sign stands alone"),
            },
            TokenTree::Group(group) => {
                parts.push(Part::Group(group.delimiter(), self::parts(group.stream())?));
            }
            token @ (TokenTree::Punct(_) | TokenTree::Ident(_) | TokenTree::Literal(_)) => {
                parts.push(Part::Token(token));
            }
        }
    }
    Ok(parts)
}

/// Matches a pattern against the start of the tokens and returns what is left.
fn matches<'a>(parts: &[Part], tokens: &'a [TokenTree], bindings: &mut Bindings) -> Option<&'a [TokenTree]> {
    let mut tokens = tokens;
    for part in parts {
        match part {
            Part::Token(wanted) => {
                let (token, rest) = tokens.split_first()?;
                if token.to_string() != wanted.to_string() {
                    return None;
                }
                tokens = rest;
            }
            Part::Group(delimiter, inner) => {
                let (TokenTree::Group(group), rest) = tokens.split_first()? else { return None };
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                if group.delimiter() != *delimiter || !matches(inner, &inside, bindings)?.is_empty() {
                    return None;
                }
                tokens = rest;
            }
            Part::Variable { name, kind } => {
                let taken = match (kind.as_str(), tokens.first()?) {
                    // What an attribute's brackets hold.
                    ("meta", _) => tokens.len(),
                    ("ident", TokenTree::Ident(_)) | ("literal", TokenTree::Literal(_)) | ("tt", _) => 1,
                    _ => return None,
                };
                let (value, rest) = tokens.split_at_checked(taken)?;
                bindings.insert(name.clone(), Bound::One(value.iter().cloned().collect()));
                tokens = rest;
            }
            Part::Repeat { parts, separator } => {
                tokens = repeated(parts, separator.as_ref(), tokens, bindings);
            }
        }
    }
    Some(tokens)
}

fn repeated<'a>(
    parts: &[Part],
    separator: Option<&TokenTree>,
    tokens: &'a [TokenTree],
    bindings: &mut Bindings,
) -> &'a [TokenTree] {
    let mut rounds: BTreeMap<String, Vec<Bound>> =
        names(parts).into_iter().map(|name| (name, Vec::new())).collect();
    let mut tokens = tokens;
    let mut is_first = true;
    loop {
        let mut start = tokens;
        if let (Some(separator), false) = (separator, is_first) {
            match start.split_first() {
                Some((token, rest)) if token.to_string() == separator.to_string() => start = rest,
                _ => break,
            }
        }
        let mut round = Bindings::new();
        match matches(parts, start, &mut round) {
            Some(rest) if rest.len() < start.len() => tokens = rest,
            _ => break,
        }
        for (name, bound) in round {
            rounds.entry(name).or_default().push(bound);
        }
        is_first = false;
    }
    bindings.extend(rounds.into_iter().map(|(name, bounds)| (name, Bound::Many(bounds))));
    tokens
}

/// The variables that occur in the parts.
fn names(parts: &[Part]) -> Vec<String> {
    let mut found = Vec::new();
    for part in parts {
        match part {
            Part::Token(_) => {}
            Part::Variable { name, .. } => found.push(name.clone()),
            Part::Group(_, inner) | Part::Repeat { parts: inner, .. } => found.extend(names(inner)),
        }
    }
    found
}

fn transcribe(parts: &[Part], bindings: &Bindings, out: &mut TokenStream) -> Result<()> {
    for part in parts {
        match part {
            Part::Token(token) => out.extend([token.clone()]),
            Part::Group(delimiter, inner) => {
                let mut stream = TokenStream::new();
                transcribe(inner, bindings, &mut stream)?;
                out.extend([TokenTree::Group(Group::new(*delimiter, stream))]);
            }
            Part::Variable { name, .. } => match bindings.get(name) {
                Some(Bound::One(tokens)) => out.extend(tokens.clone()),
                Some(Bound::Many(_)) => bail!("${name} stands outside its repetition"),
                None => bail!("${name} is not known"),
            },
            Part::Repeat { parts, separator } => {
                let mut lists = names(parts).into_iter().filter_map(|name| match bindings.get(&name) {
                    Some(Bound::Many(values)) => Some(values.len()),
                    Some(Bound::One(_)) | None => None,
                });
                let count = lists.next().ok_or_else(|| anyhow!("a repetition repeats nothing"))?;
                for round in 0..count {
                    if let (Some(separator), true) = (separator, round > 0) {
                        out.extend([separator.clone()]);
                    }
                    let bound = bindings.iter().filter_map(|(name, bound)| match bound {
                        Bound::One(_) => Some((name.clone(), bound.clone())),
                        Bound::Many(values) => values.get(round).map(|value| (name.clone(), value.clone())),
                    });
                    transcribe(parts, &bound.collect(), out)?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String> {
        let found = items(syn::parse_file(text)?.items)?;
        let enums = found.iter().filter_map(|item| {
            let syn::Item::Enum(one) = item else { return None };
            let variants: Vec<String> = one
                .variants
                .iter()
                .map(|variant| format!("{}/{}", variant.ident, variant.attrs.len()))
                .collect();
            Some(format!("{} {}", one.ident, variants.join(" ")))
        });
        Ok(enums.collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn a_list_of_documented_names_becomes_two_enums() {
        let text = "macro_rules! both {
            ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
                pub enum One { $($(#[$doc])* #[more] $name { reason: String },)+ }
                pub enum Two { $($name),+ }
            };
        }
        both! { /// A.
            A, B, }";
        assert_eq!(expanded(text).unwrap(), "One A/2 B/1; Two A/0 B/0");
    }

    #[test]
    fn what_is_not_understood_is_an_error_and_not_left_out() {
        let two_rules = "macro_rules! m { (a) => {}; (b) => {}; } m! { a }";
        assert!(expanded(two_rules).is_err());
        let mismatch = "macro_rules! m { ($name:ident) => {}; } m! { 1 }";
        assert!(expanded(mismatch).is_err());
    }
}
