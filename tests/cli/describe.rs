//! The descriptions of all files, made from the tables of columns: JSON Schema, CSV on the Web, and a page
//! for people.
#![expect(clippy::expect_used, reason = "what cannot be written is a failure")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use lasthop::columns::{Column, Kind, TABLES, Table};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

/// All descriptions: the path from the project's folder, and what stands there.
pub(crate) fn descriptions() -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = TABLES
        .iter()
        .map(|table| (format!("schemas/{}.schema.json", table.name), pretty(&json_schema(table))))
        .collect();
    all.push(("schemas/csvw.json".into(), pretty(&csv_on_the_web())));
    all.push(("docs/output.md".into(), page()));
    all
}

/// JSON whose keys stay in the order in which they were given.
#[derive(Serialize)]
#[serde(untagged)]
enum Json {
    Value(Value),
    List(Vec<Json>),
    Object(#[serde(serialize_with = "in_order")] Vec<(String, Json)>),
}

fn in_order<S: Serializer>(pairs: &[(String, Json)], to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(pairs.len()))?;
    for (key, value) in pairs {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

impl<T: Into<Value>> From<T> for Json {
    fn from(value: T) -> Self {
        Self::Value(value.into())
    }
}

fn object<const N: usize>(pairs: [(&str, Json); N]) -> Json {
    Json::Object(pairs.map(|(key, value)| (key.to_owned(), value)).into())
}

fn pretty(json: &Json) -> String {
    serde_json::to_string_pretty(json).expect("JSON") + "\n"
}

/// The classes of the built-in configuration stand for those of any.
fn columns(table: &Table) -> Vec<(String, &'static Column)> {
    table.columns(table.schema(), &["china", "russia"].map(str::to_owned))
}

fn json_schema(table: &Table) -> Json {
    let properties = columns(table)
        .into_iter()
        .map(|(name, column)| {
            let mut property = vec![("description".to_owned(), about(&name, column).into())];
            property.extend(json_type(column.kind, table.schema()));
            (name, Json::Object(property))
        })
        .collect();
    let names = columns(table).into_iter().map(|(name, _)| name.into()).collect();
    object([
        ("$schema", "https://json-schema.org/draft/2020-12/schema".into()),
        ("$id", format!("urn:lasthop:{}", table.name).into()),
        ("title", title(table).into()),
        ("description", about_file(table, "One object a line; null is unknown.").into()),
        ("type", "object".into()),
        ("properties", Json::Object(properties)),
        ("required", Json::List(names)),
        ("additionalProperties", false.into()),
    ])
}

/// The keywords that describe a value.
fn json_type(kind: Kind, schema: u64) -> Vec<(String, Json)> {
    let (kind, maybe) = known(kind);
    let name = match kind {
        Kind::Schema => return vec![("const".to_owned(), schema.into())],
        Kind::Flag => "boolean",
        Kind::Count | Kind::Ttl | Kind::Byte => "integer",
        Kind::Millis | Kind::Share => "number",
        _ => "string",
    };
    let name = if maybe { Json::List(vec![name.into(), "null".into()]) } else { Json::from(name) };
    let null = maybe.then(|| Json::from(Value::Null));
    let address = r"(\d{1,3}\.){3}\d{1,3}";
    let more: Vec<(&str, Json)> = match kind {
        Kind::OneOf(words) => {
            vec![(
                "enum",
                Json::List(words.iter().map(|word| (*word).into()).chain(null).collect()),
            )]
        }
        Kind::Time => vec![("format", "date-time".into()), ("pattern", "Z$".into())],
        Kind::Count | Kind::Millis => vec![("minimum", 0.into())],
        Kind::Ttl => vec![("minimum", 1.into()), ("maximum", 255.into())],
        Kind::Byte => vec![("minimum", 0.into()), ("maximum", 255.into())],
        Kind::Share => vec![("minimum", 0.into()), ("maximum", 1.into())],
        Kind::Address => vec![("format", "ipv4".into())],
        Kind::Prefix => vec![("pattern", format!(r"^{address}/\d{{1,2}}$").into())],
        Kind::Range => vec![("pattern", format!(r"^{address}(/\d{{1,2}}|-{address})$").into())],
        Kind::Country => vec![("pattern", "^[A-Z]{2}$".into())],
        Kind::Schema | Kind::Text | Kind::Label | Kind::Flag | Kind::Maybe(_) => Vec::new(),
    };
    let all = std::iter::once(("type", name)).chain(more);
    all.map(|(key, value)| (key.to_owned(), value)).collect()
}

fn csv_on_the_web() -> Json {
    let tables = TABLES.iter().map(|table| {
        let columns = columns(table).into_iter().map(|(name, column)| {
            let (kind, maybe) = known(column.kind);
            let mut pairs = vec![
                ("name", name.clone().into()),
                ("titles", name.clone().into()),
                ("dc:description", about(&name, column).into()),
                ("datatype", datatype(kind).into()),
                ("required", (!maybe && kind != Kind::Label).into()),
            ];
            if kind == Kind::Millis {
                pairs.push(("schema:unitText", "ms".into()));
            }
            Json::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
        });
        object([
            ("url", format!("{}.csv", table.name).into()),
            ("dc:title", title(table).into()),
            ("dc:description", about_file(table, "Empty is unknown.").into()),
            ("tableSchema", object([("columns", Json::List(columns.collect()))])),
        ])
    });
    object([
        (
            "@context",
            Json::List(vec![
                "http://www.w3.org/ns/csvw".into(),
                object([("@language", "en".into())]),
            ]),
        ),
        ("dc:title", "The CSV outputs of lasthop".into()),
        (
            "dialect",
            object([
                ("encoding", "utf-8".into()),
                ("header", true.into()),
                ("delimiter", ",".into()),
                ("lineTerminators", Json::List(vec!["\n".into()])),
                ("quoteChar", "\"".into()),
                ("doubleQuote", true.into()),
            ]),
        ),
        ("tables", Json::List(tables.collect())),
    ])
}

fn datatype(kind: Kind) -> &'static str {
    match kind {
        Kind::Schema | Kind::Count | Kind::Ttl | Kind::Byte => "integer",
        Kind::Millis | Kind::Share => "decimal",
        Kind::Flag => "boolean",
        Kind::Time => "dateTime",
        _ => "string",
    }
}

/// `docs/output.md`: what is written by hand down to the heading `Columns` and its sentences, then the tables.
fn page() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/output.md");
    let text = fs::read_to_string(file).expect("docs/output.md");
    let (by_hand, _) = text.split_once("\n### ").expect("a table");
    let mut page = by_hand.trim_end().to_owned() + "\n";
    for table in TABLES {
        let _ = write!(
            page,
            "\n### {}\n\n{} Written by `{}`. Schema {}.\n\n\
             | column | value | meaning |\n|---|---|---|\n",
            title(table),
            table.about,
            table.written_by,
            table.schema()
        );
        for column in table.groups.iter().copied().flatten() {
            let (kind, maybe) = known(column.kind);
            let maybe = if maybe { ", or empty" } else { "" };
            let about = about("{class}", column).replace(" (ms)", "");
            let _ = writeln!(page, "| `{}` | {}{maybe} | {about} |", column.name, words(kind));
        }
    }
    page
}

/// What stands in a cell, in words.
fn words(kind: Kind) -> String {
    match kind {
        Kind::OneOf(words) => {
            words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        }
        Kind::Schema => "number".into(),
        Kind::Text => "text".into(),
        Kind::Label => "text, or empty".into(),
        Kind::Time => "time".into(),
        Kind::Flag => "`true` or `false`".into(),
        Kind::Count => "whole number".into(),
        Kind::Ttl => "1 to 255".into(),
        Kind::Byte => "0 to 255".into(),
        Kind::Millis => "milliseconds".into(),
        Kind::Share => "0 to 1".into(),
        Kind::Address => "IPv4 address".into(),
        Kind::Prefix => "IPv4 prefix".into(),
        Kind::Range => "IPv4 prefix or range".into(),
        Kind::Country => "country code".into(),
        Kind::Maybe(known) => words(*known),
    }
}

/// What a column means, with its unit and the schema that introduced it.
fn about(name: &str, column: &Column) -> String {
    let class = name.split('_').next().unwrap_or_default();
    let mut text = column.about.replace("{class}", class);
    if known(column.kind).0 == Kind::Millis {
        text += " (ms)";
    }
    if column.since > 1 {
        let _ = write!(text, "; since schema {}", column.since);
    }
    text
}

/// What a file is, and how one of its formats is read.
fn about_file(table: &Table, format: &str) -> String {
    let per_class = table.groups.iter().copied().flatten().any(Column::is_per_class);
    let classes = if per_class {
        " The classes, here `china` and `russia`, have the names that targets.toml gives them."
    } else {
        ""
    };
    format!("{}{classes} Written by {}. {format}", table.about, table.written_by)
}

fn title(table: &Table) -> String {
    let (first, rest) = table.name.split_at(1);
    first.to_uppercase() + rest
}

/// What stands in a column where it is known, and whether it may be unknown.
fn known(kind: Kind) -> (Kind, bool) {
    if let Kind::Maybe(known) = kind { (*known, true) } else { (kind, false) }
}
