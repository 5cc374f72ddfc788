//! The descriptions in `schemas/`: every output is as they say, in JSON and in CSV.
#![expect(clippy::expect_used, clippy::panic, reason = "what cannot be read is a failure")]

use std::fs;
use std::path::Path;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Map, Value};
use tempfile::TempDir;

use super::describe::descriptions;
use super::lab::{Lab, outside};
use super::sheet::Sheet;
use super::stories::{STORY, told};

/// The description of one output.
struct Description {
    schema: Value,
    schemas: Schemas,
    index: SchemaIndex,
    /// The columns in their order, as CSVW has them.
    columns: Vec<Value>,
}

fn file(name: &str) -> Value {
    let described = descriptions().into_iter().find(|(path, _)| *path == format!("schemas/{name}"));
    serde_json::from_str(&described.expect(name).1).expect("JSON")
}

impl Description {
    fn of(name: &str) -> Self {
        let text = file(&format!("{name}.schema.json"));
        let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
        compiler.enable_format_assertions();
        let id = text["$id"].as_str().expect("an id").to_owned();
        compiler.add_resource(&id, text.clone()).expect("a resource");
        let index = compiler.compile(&id, &mut schemas).expect("a right schema");
        let tables = file("csvw.json");
        let tables = tables["tables"].as_array().expect("tables");
        let table = tables.iter().find(|table| table["url"] == format!("{name}.csv"));
        let columns = &table.expect(name)["tableSchema"]["columns"];
        Self { schema: text, schemas, index, columns: columns.as_array().expect("columns").clone() }
    }

    fn names(&self) -> Vec<&str> {
        self.columns.iter().filter_map(|column| column["name"].as_str()).collect()
    }

    fn holds(&self, value: &Value) {
        let valid = self.schemas.validate(value, self.index);
        assert!(
            valid.is_ok(),
            "{}\n{value}",
            valid.err().map(|why| why.to_string()).unwrap_or_default()
        );
    }

    /// Every line is an object that the schema describes, with the keys in the columns' order.
    fn holds_json(&self, text: &str) {
        assert!(!text.is_empty(), "no line");
        for line in text.lines() {
            self.holds(&serde_json::from_str(line).expect("JSON"));
            let places = self.names().into_iter().map(|name| line.find(&format!("\"{name}\":")));
            assert!(places.is_sorted(), "{line}");
        }
    }

    /// Every cell is of the type that CSVW gives it, and every row, read like that, what the schema
    /// describes.
    fn holds_csv(&self, text: &str) {
        let sheet = Sheet::read(text);
        assert_eq!(sheet.header, self.names());
        assert!(!sheet.rows.is_empty(), "no row");
        for row in &sheet.rows {
            let pairs = self.columns.iter().zip(row);
            let object: Map<String, Value> = pairs
                .map(|(column, cell)| {
                    let name = column["name"].as_str().expect("a name");
                    (name.to_owned(), self.value(column, cell))
                })
                .collect();
            self.holds(&Value::Object(object));
        }
    }

    fn value(&self, column: &Value, cell: &str) -> Value {
        let name = column["name"].as_str().expect("a name");
        if cell.is_empty() {
            assert_eq!(column["required"], false, "{name} is empty");
            let blank = self.schema["properties"][name]["type"] == "string";
            return if blank { "".into() } else { Value::Null };
        }
        match column["datatype"].as_str().expect("a type") {
            "integer" => cell.parse::<u64>().expect(name).into(),
            "decimal" => cell.parse::<f64>().expect(name).into(),
            "boolean" => cell.parse::<bool>().expect(name).into(),
            "dateTime" | "string" => cell.into(),
            other => panic!("{name}: no type {other}"),
        }
    }
}

/// `UPDATE_SCHEMAS=1 cargo test --test cli schemas` writes them anew.
#[test]
fn the_descriptions_are_those_of_the_columns() {
    for (name, text) in descriptions() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&name);
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::write(&path, &text).expect("written");
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == text,
            "{name} is out of date: UPDATE_SCHEMAS=1 cargo test --test cli schemas"
        );
    }
}

#[test]
fn another_object_is_refused() {
    let description = Description::of("owner");
    let right: Value =
        serde_json::from_str(&outside(&["owner", "8.8.8.8", "--format", "json"]).ended(0).out)
            .expect("JSON");
    let is_valid = |value: &Value| description.schemas.validate(value, description.index).is_ok();
    assert!(is_valid(&right));
    for (key, value) in [("address", "8.8.8".into()), ("asn", "x".into()), ("new", Value::Null)] {
        let mut wrong = right.clone();
        wrong[key] = value;
        assert!(!is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn of_a_run() {
    let Some(lab) = Lab::near() else { return };
    let run = |more: &[&str]| lab.probe(&[&["--sample", "8"], more].concat()).ended(0).out;
    let json = run(&["--traces", "t.jsonl", "--hops", "h.jsonl", "--format", "json", "--ping"]);
    let csv = run(&["--traces", "t.csv", "--hops", "h.csv"]);
    for (name, json, csv) in [
        ("summary", json, csv),
        ("traces", lab.read("t.jsonl"), lab.read("t.csv")),
        ("hops", lab.read("h.jsonl"), lab.read("h.csv")),
    ] {
        let description = Description::of(name);
        description.holds_json(&json);
        description.holds_csv(&csv);
    }
}

#[test]
fn of_a_census() {
    let Some(lab) = Lab::near() else { return };
    let ping = |more: &[&str]| {
        let quick = ["--rate", "2000", "--timeout", "0.2", "--method", "icmp,tcp"];
        let targets = ["175.45.176.8/30", "175.45.179.0/30"];
        lab.lasthop(&[&["ping"], &targets[..], &quick, more].concat()).ended(0).out
    };
    let (counts, census) = (Description::of("counts"), Description::of("census"));
    counts.holds_json(&ping(&["--census", "c.jsonl", "--format", "json"]));
    census.holds_json(&lab.read("c.jsonl"));
    counts.holds_csv(&ping(&["--census", "c.csv"]));
    census.holds_csv(&lab.read("c.csv"));
    let pinged = lab.probe(&["--sample", "12", "--ping", "--format", "json"]).ended(0).out;
    Description::of("summary").holds_json(&pinged);
}

#[test]
fn of_traces_made_elsewhere() {
    let Some(lab) = Lab::near() else { return };
    lab.write(
        "trace.txt",
        "traceroute to 175.45.176.8 (175.45.176.8), 30 hops max\n 1  192.168.1.1  0.5 ms\n 2  4.69.1.1  9.0 ms\n \
         3  103.35.255.254  234.1 ms\n",
    );
    let classify =
        |more: &[&str]| lab.lasthop(&[&["classify", "trace.txt"], more].concat()).ended(0).out;
    let (summary, traces) = (Description::of("summary"), Description::of("traces"));
    summary.holds_json(&classify(&["--traces", "t.jsonl", "--format", "json"]));
    traces.holds_json(&lab.read("t.jsonl"));
    summary.holds_csv(&classify(&["--traces", "t.csv"]));
    traces.holds_csv(&lab.read("t.csv"));
}

#[test]
fn of_a_story() {
    let description = Description::of("summary");
    description.holds_json(&told(STORY, &["--format", "json"]).ended(0).out);
    description.holds_csv(&told(STORY, &[]).ended(0).out);
}

#[test]
fn of_a_report() {
    let folder = TempDir::new().expect("a folder");
    let history = folder.path().join("history.csv");
    fs::write(&history, told(STORY, &[]).ended(0).out).expect("written");
    let history = history.to_str().expect("a path");
    for (name, show) in [("events", "events"), ("state", "state")] {
        let report =
            |format| outside(&["report", history, "--show", show, "--format", format]).ended(0).out;
        let description = Description::of(name);
        description.holds_json(&report("json"));
        description.holds_csv(&report("csv"));
    }
    let diff = |format| {
        let runs = ["--diff", "2020-02-29T22", "newest"];
        outside(&[&["report", history], &runs[..], &["--format", format]].concat()).ended(0).out
    };
    let description = Description::of("diff");
    description.holds_json(&diff("json"));
    description.holds_csv(&diff("csv"));
}

#[test]
fn of_owner() {
    let addresses = ["103.35.255.254", "8.8.8.8", "10.0.0.1", "175.45.177.1", "240.0.0.1"];
    let owner = |more: &[&str]| outside(&[&["owner"], &addresses[..], more].concat()).ended(0).out;
    let description = Description::of("owner");
    description.holds_json(&owner(&["--format", "json"]));
    description.holds_csv(&owner(&["--format", "csv"]));
}
