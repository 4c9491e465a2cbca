//! What the core can do, every language can do: each public operation under core/ is used by bindings/ffi, or has a reason why not.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::{Item, ItemImpl, ItemUse, Type, UseTree, Visibility};

use super::Violations;

/// Files with their texts.
type Files = [(String, String)];

/// Operations of the core that no file of the binding names together with their type, and reasons for what is no such operation.
///
/// An operation counts as bound where one file of the binding names both the type and the method: the mirror of a type stands in one
/// file. Reasons are given for `Type::method`, for a whole type as `Type::*`, or for a free function.
pub(super) fn lacking(core: &Files, binding: &Files, reasons: &str) -> Result<Violations, String> {
    let operations = operations(core)?;
    if operations.is_empty() {
        return Err("no public operations were found under core/".to_owned());
    }
    let names = binding.iter().map(|(name, text)| words(name, text)).collect::<Result<Vec<_>, _>>()?;
    let reasons: BTreeMap<String, String> = toml::from_str(reasons).map_err(|error| error.to_string())?;
    let mut given = BTreeSet::new();
    let mut violations = Vec::new();
    for operation in &operations {
        let reason = operation.reason(&reasons);
        given.extend(reason);
        let is_bound = names.iter().any(|file| operation.is_named_in(file));
        match (is_bound, reason) {
            (false, None) => violations.push(format!("{operation} has no binding")),
            (true, Some(reason)) if *reason == operation.to_string() => {
                violations.push(format!("{operation} has a binding, and a reason why not"));
            }
            _ => {}
        }
    }
    let idle = reasons.keys().filter(|reason| !given.contains(*reason));
    violations.extend(idle.map(|reason| format!("{reason} is no operation of the core")));
    Ok(violations)
}

/// A public method, or a free function.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Operation {
    of: Option<String>,
    name: String,
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.of {
            Some(of) => write!(f, "{of}::{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl Operation {
    fn is_named_in(&self, file: &BTreeSet<String>) -> bool {
        file.contains(&self.name) && self.of.as_ref().is_none_or(|of| file.contains(of))
    }

    /// The entry that says why there is no binding.
    fn reason<'a>(&self, reasons: &'a BTreeMap<String, String>) -> Option<&'a String> {
        let whole = self.of.as_ref().map(|of| format!("{of}::*"));
        let entry = |name: &str| reasons.get_key_value(name).map(|(name, _)| name);
        entry(&self.to_string()).or_else(|| entry(&whole?))
    }
}

/// Every operation that a caller of the core's crates can name.
fn operations(core: &Files) -> Result<BTreeSet<Operation>, String> {
    let parsed = core
        .iter()
        .map(|(name, text)| syn::parse_file(text).map_err(|error| format!("{name}: {error}")))
        .collect::<Result<Vec<_>, _>>()?;
    let mut public = BTreeSet::new();
    for file in &parsed {
        file.items.iter().for_each(|item| exported(item, &mut public));
    }
    let mut operations = BTreeSet::new();
    for file in &parsed {
        file.items.iter().for_each(|item| add(item, &public, &mut operations));
    }
    Ok(operations)
}

/// The names that a `pub use` hands out.
fn exported(item: &Item, names: &mut BTreeSet<String>) {
    if let Item::Use(ItemUse { vis: Visibility::Public(_), tree, .. }) = item {
        let mut open = vec![tree];
        while let Some(tree) = open.pop() {
            match tree {
                UseTree::Path(path) => open.push(&path.tree),
                UseTree::Group(group) => open.extend(&group.items),
                UseTree::Name(name) => _ = names.insert(name.ident.to_string()),
                UseTree::Rename(name) => _ = names.insert(name.rename.to_string()),
                UseTree::Glob(_) => {}
            }
        }
    }
}

fn add(item: &Item, public: &BTreeSet<String>, operations: &mut BTreeSet<Operation>) {
    match item {
        Item::Impl(ItemImpl { trait_: None, self_ty, items, .. }) => {
            let Some(of) = type_name(self_ty).filter(|of| public.contains(of)) else { return };
            for item in items {
                if let syn::ImplItem::Fn(method) = item
                    && matches!(method.vis, Visibility::Public(_))
                {
                    let name = method.sig.ident.to_string();
                    operations.insert(Operation { of: Some(of.clone()), name });
                }
            }
        }
        Item::Fn(function) if matches!(function.vis, Visibility::Public(_)) => {
            let name = function.sig.ident.to_string();
            if public.contains(&name) {
                operations.insert(Operation { of: None, name });
            }
        }
        _ => {}
    }
}

fn type_name(of: &Type) -> Option<String> {
    match of {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// Every word of a file, but of its comments.
fn words(name: &str, text: &str) -> Result<BTreeSet<String>, String> {
    let tokens: TokenStream = text.parse().map_err(|error| format!("{name}: {error}"))?;
    let (mut words, mut open) = (BTreeSet::new(), vec![tokens]);
    while let Some(tokens) = open.pop() {
        for token in tokens {
            match token {
                TokenTree::Ident(word) => _ = words.insert(word.to_string()),
                TokenTree::Group(group) => open.push(group.stream()),
                TokenTree::Literal(_) | TokenTree::Punct(_) => {}
            }
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORE: &str = "
        pub use session::{Session, connect as _, close};
        pub(crate) use inner::Hidden;
        impl Session { pub fn noop(&self) {} pub fn list(&self) {} pub(crate) fn inner(&self) {} }
        impl Hidden { pub fn secret(&self) {} }
        impl Drop for Session { fn drop(&mut self) {} }
        pub fn close() {}
        pub fn helper() {}
    ";

    fn check(binding: &[&str], reasons: &str) -> Result<Violations, String> {
        let files = |texts: &[&str]| -> Vec<_> {
            texts.iter().map(|text| ("a.rs".to_owned(), (*text).to_owned())).collect()
        };
        lacking(&files(&[CORE]), &files(binding), reasons)
    }

    #[test]
    fn what_is_named_with_its_type_is_bound() {
        let whole = ["impl S { fn a(s: Session) { s.noop(); s.list() } }", "fn b() { close() }"];
        assert_eq!(check(&whole, ""), Ok(Vec::new()));
        let apart = ["type S = Session;", "fn a() { noop(); list(); close() }"];
        assert_eq!(
            check(&apart, ""),
            Ok(vec!["Session::list has no binding".to_owned(), "Session::noop has no binding".to_owned()])
        );
    }

    #[test]
    fn a_comment_binds_nothing() {
        let violations =
            check(&["/// Session::noop\nfn a(s: Session) { s.list(); close(); /* noop */ }"], "");
        assert_eq!(violations, Ok(vec!["Session::noop has no binding".to_owned()]));
    }

    #[test]
    fn a_reason_stands_for_a_binding_and_must_be_needed() {
        assert_eq!(check(&["fn b() { close() }"], "'Session::*' = 'for Rust'"), Ok(Vec::new()));
        let whole = ["fn a(s: Session) { s.noop(); s.list(); close() }"];
        assert_eq!(
            check(&whole, "'Session::noop' = 'x'\n'Session::gone' = 'y'"),
            Ok(vec![
                "Session::noop has a binding, and a reason why not".to_owned(),
                "Session::gone is no operation of the core".to_owned()
            ])
        );
    }

    #[test]
    fn a_core_that_can_no_longer_be_read_is_an_error() {
        assert!(lacking(&[], &[], "").is_err() && check(&[], "no table").is_err());
    }
}
