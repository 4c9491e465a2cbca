//! Which parts of a message are its body, which are shown within it, and which are files.
//!
//! Every leaf is exactly one of them, so that nothing that was sent can hide.

use super::tree::{Node, Tree};

/// What a part is to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The text body.
    Text,
    /// The HTML body.
    Html,
    /// Shown where the HTML body refers to it.
    Inline,
    /// Everything else: a file, or a text that comes after the body.
    Attachment,
    /// A container of parts.
    Container,
    /// Inside an attached message, and none of ours.
    Nested,
}

/// Where a part stands, before it is known what was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Body,
    Related,
    Aside,
    Nested,
}

/// The role of each node.
pub(super) fn assign(tree: &Tree) -> Vec<Role> {
    let places = places(tree);
    let mut roles: Vec<_> = tree.iter().zip(&places).map(|(node, place)| unchosen(node, *place)).collect();
    let is_candidate = |index: &usize| {
        places.get(*index) == Some(&Place::Body)
            && tree.get(*index).is_some_and(|node| body_role(node).is_some())
    };
    let Some(first) = (0..tree.len()).find(is_candidate) else { return roles };
    // Text and HTML are the two bodies of a message only where they are alternatives.
    let scope = outermost_alternative(tree, first).unwrap_or(first);
    for wanted in [Role::Text, Role::Html] {
        let chosen = (first..tree.len()).find(|index| {
            is_candidate(index)
                && is_within(tree, *index, scope)
                && tree.get(*index).and_then(body_role) == Some(wanted)
        });
        if let Some(role) = chosen.and_then(|index| roles.get_mut(index)) {
            *role = wanted;
        }
    }
    roles
}

fn unchosen(node: &Node, place: Place) -> Role {
    match place {
        Place::Nested => Role::Nested,
        _ if !node.children.is_empty() && node.content_type.is_multipart() => Role::Container,
        Place::Related if node.content_id.is_some() => Role::Inline,
        _ => Role::Attachment,
    }
}

/// The kind of body that a leaf would make.
fn body_role(node: &Node) -> Option<Role> {
    // A text with a name is a file, unless it is all there is.
    if node.file_name.is_some() && node.parent.is_some() {
        return None;
    }
    match node.content_type.essence() {
        "text/plain" => Some(Role::Text),
        "text/html" => Some(Role::Html),
        _ => None,
    }
}

/// Parents come before their children, so that one pass is enough.
fn places(tree: &Tree) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::with_capacity(tree.len());
    for (index, node) in tree.iter().enumerate() {
        let place = match node.parent.and_then(|parent| Some((tree.get(parent)?, *places.get(parent)?))) {
            None => Place::Body,
            Some((parent, place)) => place_within(tree, parent, place, index, node),
        };
        places.push(place);
    }
    places
}

fn place_within(tree: &Tree, parent: &Node, place: Place, index: usize, node: &Node) -> Place {
    if place == Place::Nested || !parent.content_type.is_multipart() {
        return Place::Nested;
    }
    if node.disposition.as_deref() == Some("attachment") {
        return Place::Aside;
    }
    if place != Place::Body {
        return place;
    }
    let is_first = parent.children.first() == Some(&index);
    match parent.content_type.essence() {
        "multipart/related" if related_root(tree, parent) == Some(index) => Place::Body,
        "multipart/related" => Place::Related,
        "multipart/signed" if !is_first => Place::Aside,
        "multipart/encrypted" => Place::Aside,
        _ => Place::Body,
    }
}

/// The part that the others belong to: the one that `start` names, or the first (RFC 2387, section 3.2). Some programs name none
/// and begin with an image: then it is the first of the `type` that the container says its root has.
fn related_root(tree: &Tree, related: &Node) -> Option<usize> {
    let find = |is_root: &dyn Fn(&Node) -> bool| {
        related.children.iter().find(|&&index| tree.get(index).is_some_and(is_root)).copied()
    };
    let start = related.content_type.parameter("start").map(|id| id.trim_matches(['<', '>', ' ']));
    let is_start = |node: &Node| start.is_some() && node.content_id.as_ref().map(|id| id.as_str()) == start;
    let first = related.children.first().copied();
    let is_body = |node: &Node| matches!(node.content_type.top_level(), "text" | "multipart");
    find(&is_start)
        .or_else(|| first.filter(|&index| tree.get(index).is_some_and(is_body)))
        .or_else(|| {
            let kind = related.content_type.parameter("type")?;
            find(&|node| node.content_type.essence().eq_ignore_ascii_case(kind))
        })
        .or(first)
}

fn ancestors(tree: &Tree, index: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(tree.get(index).and_then(|node| node.parent), |&i| tree.get(i)?.parent)
}

fn outermost_alternative(tree: &Tree, index: usize) -> Option<usize> {
    let is_alternative =
        |i: &usize| tree.get(*i).is_some_and(|n| n.content_type.essence() == "multipart/alternative");
    ancestors(tree, index).filter(is_alternative).last()
}

fn is_within(tree: &Tree, index: usize, scope: usize) -> bool {
    index == scope || ancestors(tree, index).any(|ancestor| ancestor == scope)
}
