//! Answers as text of one field a line, so that two can be compared by lines.

use std::fmt::Write;

/// A value as `Debug` has it, a field a line. What is empty in every message is left out.
pub fn lines(debug: &str) -> String {
    let text = debug.replace(", unknown_tagged_fields: TaggedFields { fields: [] }", "").replace("[]", "none");
    let mut shown = String::with_capacity(text.len() * 2);
    let mut depth = 0;
    let mut is_quoted = false;
    let mut before = ' ';
    for character in text.chars() {
        if character == '"' && before != '\\' {
            is_quoted = !is_quoted;
        }
        match character {
            '{' | '[' if !is_quoted => {
                depth += 1;
                let _ = write!(shown, "{character}\n{:1$}", "", depth * 2);
            }
            '}' | ']' if !is_quoted => {
                depth -= 1;
                let _ = write!(shown, "\n{:1$}{character}", "", depth * 2);
            }
            ',' if !is_quoted => {
                let _ = write!(shown, ",\n{:1$}", "", depth * 2);
            }
            ' ' if !is_quoted && matches!(before, ',' | '{') => {}
            _ => shown.push(character),
        }
        before = character;
    }
    shown
}

/// The lines that only one of the two has, in their order: `-` of the left, `+` of the right.
pub fn difference(left: &str, right: &str) -> String {
    let left: Vec<&str> = left.lines().collect();
    let right: Vec<&str> = right.lines().collect();
    // The longest common part of what follows the first `l` and `r` lines.
    let mut common = vec![vec![0_u32; right.len() + 1]; left.len() + 1];
    for l in (0..left.len()).rev() {
        for r in (0..right.len()).rev() {
            common[l][r] =
                if left[l] == right[r] { common[l + 1][r + 1] + 1 } else { common[l + 1][r].max(common[l][r + 1]) };
        }
    }
    let (mut l, mut r) = (0, 0);
    let mut shown = String::new();
    while l < left.len() || r < right.len() {
        if l < left.len() && r < right.len() && left[l] == right[r] {
            (l, r) = (l + 1, r + 1);
        } else if l < left.len() && (r == right.len() || common[l + 1][r] >= common[l][r + 1]) {
            let _ = writeln!(shown, "    - {}", left[l].trim_start());
            l += 1;
        } else {
            let _ = writeln!(shown, "    + {}", right[r].trim_start());
            r += 1;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        let left = lines(&format!("{:?}", (Some("a, b"), [1, 2, 3], "same")));
        let right = lines(&format!("{:?}", (Some("a, c"), [1, 3], "same")));
        assert_eq!(difference(&left, &right), "    - (Some(\"a, b\"),\n    + (Some(\"a, c\"),\n    - 2,\n");
        assert_eq!(difference(&left, &left), "");
    }
}
