//! Legacy display elements (RFC 9788, section 4.5.3): copies of protected header fields at the start of a text, for programs that
//! show no others. Who shows the real ones leaves them out.

use super::charset::Text;
use super::part::Part;

/// The text of `part` without the copy, where the part says that it has one.
pub(super) fn without(part: Part<'_>) -> Text {
    let text = part.text();
    let content_type = part.content_type();
    match content_type.essence() {
        _ if content_type.parameter("hp-legacy-display") != Some("1") => text,
        "text/html" => text.map(|html| without_elements(&html)),
        _ => text.map(|plain| without_leading_lines(&plain).to_owned()),
    }
}

/// What follows the first blank line (section 4.5.3.2); all of it where there is none.
fn without_leading_lines(text: &str) -> &str {
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        end += line.len();
        if line.trim().is_empty() {
            return text.get(end..).unwrap_or_default();
        }
    }
    text
}

/// Without each `div` of the class for it (section 4.5.3.3); one that does not end stays.
fn without_elements(html: &str) -> String {
    let mut shown = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = split_at_element(rest) {
        shown.push_str(before);
        rest = after;
    }
    shown + rest
}

/// What stands before the first such element, and what follows it.
fn split_at_element(html: &str) -> Option<(&str, &str)> {
    let mut divs = tags(html).filter(|tag| tag.is("div") || tag.is("/div"));
    let first = divs.find(|tag| tag.is("div") && has_class(tag.text, "header-protection-legacy-display"))?;
    let mut depth = 1_usize;
    let last = divs.find(|tag| {
        depth = if tag.is("div") { depth + 1 } else { depth - 1 };
        depth == 0
    })?;
    Some((html.get(..first.start)?, html.get(last.end..)?))
}

/// What stands between `<` and `>`, and where.
struct Tag<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

impl Tag<'_> {
    /// Whether it has this name; that of a closing tag begins with a slash.
    fn is(&self, name: &str) -> bool {
        let end = self.text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(self.text.len());
        self.text.get(..end).is_some_and(|own| own.eq_ignore_ascii_case(name))
    }
}

fn tags(html: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut end = 0;
    html.split_inclusive('>').filter_map(move |piece| {
        end += piece.len();
        let (before, text) = piece.strip_suffix('>')?.rsplit_once('<')?;
        Some(Tag { text, start: end - piece.len() + before.len(), end })
    })
}

fn has_class(tag: &str, class: &str) -> bool {
    let Some(at) = tag.to_ascii_lowercase().find("class=") else { return false };
    let value = tag.get(at + "class=".len()..).unwrap_or_default();
    let value = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value.split(quote).nth(1),
        _ => value.split_ascii_whitespace().next(),
    };
    value.is_some_and(|value| value.split_ascii_whitespace().any(|own| own == class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_before_the_first_blank_one_go() {
        for (text, shown) in [
            ("Subject: x\n\nhello\n\nbye\n", "hello\n\nbye\n"),
            ("Subject: x\nTo: y\n \nhello", "hello"),
            ("\nhello", "hello"),
            ("Subject: x\n\n", ""),
            ("no blank line\nat all", "no blank line\nat all"),
            ("", ""),
        ] {
            assert_eq!(without_leading_lines(text), shown, "{text:?}");
        }
    }

    #[test]
    fn elements_of_the_class_go() {
        const DIV: &str = "<div class=\"header-protection-legacy-display\">";
        for (html, shown) in [
            (format!("<body>{DIV}<pre>Subject: x</pre></div><p>hello</p>"), "<body><p>hello</p>"),
            (format!("a{DIV}<div>x</div><DIV class=y>z</DIV></div>b{DIV}</div>c"), "abc"),
            ("<DIV id=1 Class='x header-protection-legacy-display'>y</DIV >b".to_owned(), "b"),
            ("<div class=header-protection-legacy-display id=1>y</div>b".to_owned(), "b"),
            ("<div><div class=\"x\">y</div></div>b".to_owned(), "<div><div class=\"x\">y</div></div>b"),
            (
                "<divider class=header-protection-legacy-display>".to_owned(),
                "<divider class=header-protection-legacy-display>",
            ),
        ] {
            assert_eq!(without_elements(&html), shown, "{html}");
        }
        for broken in
            [format!("a{DIV}b<div>c</div>d"), DIV.to_owned(), "<div class=".to_owned(), "a<".to_owned()]
        {
            assert_eq!(without_elements(&broken), broken);
        }
    }

    #[test]
    fn many_open_tags_cost_linear_time() {
        let html = "<".repeat(200_000) + &"<div>".repeat(100_000);
        assert_eq!(without_elements(&html), html);
    }
}
