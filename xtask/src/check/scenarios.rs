//! The scenarios that every language runs under the same names.

use serde_json::Value;

use super::Violations;

/// A language: where its tests are, and what a test of a scenario looks like there.
pub(super) struct Language {
    /// For people.
    pub(super) name: &'static str,
    /// The folder of its tests.
    pub(super) folder: &'static str,
    /// How its files end.
    pub(super) extension: &'static str,
    /// The beginning of the definition of a scenario's test.
    test: fn(&str) -> String,
    /// The file in the repository that lists the scenarios which have no meaning there.
    pub(super) without: Option<&'static str>,
}

pub(super) const LANGUAGES: [Language; 6] = [
    Language {
        name: "Rust",
        folder: "bindings/ffi/tests",
        extension: ".rs",
        test: |name| format!("fn {name}("),
        without: None,
    },
    Language {
        name: "Python (asyncio)",
        folder: "bindings/python/tests/aio",
        extension: ".py",
        test: |name| format!("def test_{name}("),
        without: None,
    },
    Language {
        name: "Python (blocking)",
        folder: "bindings/python/tests/blocking",
        extension: ".py",
        test: |name| format!("def test_{name}("),
        without: None,
    },
    Language {
        name: "Kotlin",
        folder: "bindings/kotlin/src/test",
        extension: ".kt",
        test: |name| format!("fun {}(", camel(name)),
        without: None,
    },
    Language {
        name: "Swift",
        folder: "bindings/swift/Tests",
        extension: ".swift",
        test: |name| format!("func {}(", camel(name)),
        without: None,
    },
    Language {
        name: "JavaScript",
        folder: "wasm/js/tests/suite",
        extension: ".js",
        test: |name| format!("async {name}("),
        without: Some("wasm/js/tests/scenarios.json"),
    },
];

/// `connect_refused` as `connectRefused`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| {
        let mut letters = word.chars();
        let capital = letters.next().map(|letter| letter.to_ascii_uppercase());
        text + &capital.into_iter().chain(letters).collect::<String>()
    })
}

/// The names in tests/vectors/scenarios.json.
pub(super) fn names(json: &str) -> Result<Vec<String>, String> {
    let json: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let listed = json.get("scenarios").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let name = |scenario: &Value| Some(scenario.get("name")?.as_str()?.to_owned());
    let names: Option<Vec<String>> = listed.iter().map(name).collect();
    names.filter(|names| !names.is_empty()).ok_or_else(|| "no names of scenarios were found".to_owned())
}

/// The names in a list of what a language does without. Each of them is a scenario.
pub(super) fn without(json: &str, names: &[String]) -> Result<Vec<String>, String> {
    let json: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let listed = json.get("no_connections").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let listed: Vec<String> = listed.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect();
    match listed.iter().find(|name| !names.contains(name)) {
        Some(unknown) => Err(format!("there is no scenario {unknown}")),
        None => Ok(listed),
    }
}

/// Scenarios that `language` lacks, or has twice, in the texts of its tests.
pub(super) fn lacking(language: &Language, names: &[String], texts: &[String]) -> Violations {
    let count = |name: &str| -> usize {
        let test = (language.test)(name);
        texts.iter().map(|text| text.matches(&test).count()).sum()
    };
    names
        .iter()
        .filter_map(|name| match count(name) {
            1 => None,
            0 => Some(format!("{} has no test of {name}", language.name)),
            several => Some(format!("{} has {several} tests of {name}", language.name)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"scenarios": [{"name": "connect_refused"}, {"name": "timeout"}]}"#;

    #[test]
    fn each_language_has_its_way_of_naming() {
        let names = names(JSON).unwrap_or_default();
        assert_eq!(names, ["connect_refused", "timeout"]);
        let whole = [
            "fn connect_refused() {} async fn timeout() {}",
            "async def test_connect_refused(server): ...\nasync def test_timeout(): ...",
            "def test_connect_refused(server): ...\ndef test_timeout(): ...",
            "@Test fun connectRefused() = x\n fun timeout() {}",
            "@Test func connectRefused() async {}\n @Test func timeout() {}",
            "async connect_refused(context) {},\n async timeout({ postseal }) {}",
        ];
        for (language, text) in LANGUAGES.iter().zip(whole) {
            assert_eq!(
                lacking(language, &names, &[text.to_owned()]),
                Vec::<String>::new(),
                "{}",
                language.name
            );
        }
    }

    #[test]
    fn what_is_missing_or_double_is_named() {
        let names = ["timeout".to_owned(), "lost_reply".to_owned()];
        let texts = ["def test_timeout(a): ...".to_owned(), "def test_timeout(b): ...".to_owned()];
        let [_, python, ..] = &LANGUAGES;
        assert_eq!(
            lacking(python, &names, &texts),
            ["Python (asyncio) has 2 tests of timeout", "Python (asyncio) has no test of lost_reply"]
        );
    }

    #[test]
    fn what_has_no_meaning_in_a_language_is_listed() {
        let names = names(JSON).unwrap_or_default();
        assert_eq!(without(r#"{"no_connections": ["timeout"]}"#, &names), Ok(vec!["timeout".to_owned()]));
        assert_eq!(
            without(r#"{"no_connections": ["tea_time"]}"#, &names),
            Err("there is no scenario tea_time".to_owned())
        );
    }

    #[test]
    fn a_list_that_can_no_longer_be_read_is_an_error() {
        assert!(names("{}").is_err() && names(r#"{"scenarios": [{}]}"#).is_err());
    }
}
