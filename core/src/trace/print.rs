//! One event, one line, in fixed columns: what a failing seed prints.

use std::fmt;

use super::{Traced, event::Field};

impl fmt::Display for Traced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>12.6} {:>3} {:<22}", self.at.0 as f64 / 1e6, self.node, self.event.name())?;
        let mut result = Ok(());
        self.event.each_field(|name, field| {
            if result.is_ok() {
                result = match field {
                    Field::Number(number) => write!(f, " {name}={number}"),
                    Field::Word(word) => write!(f, " {name}={word}"),
                    Field::Topic(topic) => write!(f, " {name}={topic}"),
                };
            }
        });
        result
    }
}
