//! The rows: printed as they come, kept as JSON.

use std::path::Path;

use serde_json::{Value, json};

pub struct Table {
    words: Vec<String>,
    rows: Vec<Value>,
}

/// One figure and what it should be.
pub struct Figure {
    pub name: &'static str,
    pub value: f64,
    pub aim: Option<Aim>,
}

#[derive(Clone, Copy)]
pub enum Aim {
    AtLeast(f64),
    AtMost(f64),
}

impl Aim {
    fn print(self, value: f64) -> String {
        let (bound, number, holds) = match self {
            Self::AtLeast(number) => ("≥", number, value >= number),
            Self::AtMost(number) => ("≤", number, value <= number),
        };
        format!("(aim {bound} {number:.2}{})", if holds { "" } else { ": missed" })
    }
}

impl Table {
    pub fn new(words: Vec<String>) -> Self {
        Self { words, rows: Vec::new() }
    }

    /// Whether the row was asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| name.contains(word.as_str()))
    }

    pub fn add(&mut self, name: &str, figures: &[Figure]) {
        let mut line = format!("{name:<48}");
        for figure in figures {
            let aim = figure.aim.map_or(String::new(), |aim| format!(" {}", aim.print(figure.value)));
            line += &format!("  {:>8.2} {}{aim}", figure.value, figure.name);
        }
        println!("{line}");
        let figures = figures.iter().map(|figure| {
            let (at_least, at_most) = match figure.aim {
                Some(Aim::AtLeast(number)) => (Some(number), None),
                Some(Aim::AtMost(number)) => (None, Some(number)),
                None => (None, None),
            };
            json!({ "name": figure.name, "value": figure.value, "aim_at_least": at_least, "aim_at_most": at_most })
        });
        self.rows.push(json!({ "row": name, "figures": figures.collect::<Vec<_>>() }));
    }

    /// Nothing where no row was asked for.
    pub fn write_json(&self, path: &Path) {
        if self.rows.is_empty() {
            return;
        }
        match std::fs::write(path, format!("{:#}\n", Value::from(self.rows.clone()))) {
            Ok(()) => println!("also in {}", path.canonicalize().unwrap_or_else(|_| path.to_owned()).display()),
            Err(why) => eprintln!("{}: {why}", path.display()),
        }
    }
}

/// The middle one of several measurements.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
