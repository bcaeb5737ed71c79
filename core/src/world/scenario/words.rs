//! A line of a scenario as words: bare, or quoted where they have something in them that parts words.

use std::{fmt, time::Duration};

use crate::time::Instant;

/// Of one line, in bytes.
pub(super) const LINE_BYTES_MAX: usize = 8 * 1024;
/// What somebody else wrote is repeated up to here.
const SHOWN_MAX: usize = 60;
/// Times and lengths of time: a day of a cluster is more than anybody waits for.
pub(super) const TIME_MAX: Duration = Duration::from_secs(86_400);

/// What is wrong with a line.
pub(super) type Wrong = String;

/// One word as it stands there, with its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a>(pub &'a str);

/// The words of one command, taken one after the other; what is `name=value` may stand in any order behind them.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    words: Vec<Word<'a>>,
    next: usize,
}

/// The commands of a line, without its comment.
pub(super) fn commands(line: &str) -> Result<Vec<Words<'_>>, Wrong> {
    let mut commands = Vec::new();
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let end = end_of_word(rest)?;
        if end > 0 {
            words.push(Word(&rest[..end]));
        }
        rest = &rest[end..];
        if let Some(behind) = rest.strip_prefix(';') {
            commands.push(Words { words: std::mem::take(&mut words), next: 0 });
            rest = behind;
        }
        rest = rest.trim_start();
    }
    commands.push(Words { words, next: 0 });
    commands.retain(|words| !words.words.is_empty());
    Ok(commands)
}

fn end_of_word(text: &str) -> Result<usize, Wrong> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ';' if !is_quoted => return Ok(at),
            _ if !is_quoted && character.is_ascii_whitespace() => return Ok(at),
            _ => {}
        }
    }
    if is_quoted { Err("a quote is opened and not closed".to_owned()) } else { Ok(text.len()) }
}

impl<'a> Words<'a> {
    /// The next word, `what` being what it should say.
    pub fn word(&mut self, what: &str) -> Result<Word<'a>, Wrong> {
        self.take().ok_or_else(|| format!("{what} is missing"))
    }

    pub fn take(&mut self) -> Option<Word<'a>> {
        let word = self.words.get(self.next).copied();
        self.next += usize::from(word.is_some());
        word
    }

    pub fn peek(&self) -> Option<Word<'a>> {
        self.words.get(self.next).copied()
    }

    /// Whether the next word is this one; then it is taken.
    pub fn has(&mut self, word: &str) -> bool {
        let is_next = self.peek() == Some(Word(word));
        self.next += usize::from(is_next);
        is_next
    }

    pub fn must_have(&mut self, word: &str) -> Result<(), Wrong> {
        match self.has(word) {
            true => Ok(()),
            false => Err(format!("`{word}` is missing")),
        }
    }

    /// `for 300ms`, where it stands.
    pub fn duration_after(&mut self, word: &str) -> Result<Option<Duration>, Wrong> {
        if self.has(word) { Ok(Some(self.word("a time")?.duration()?)) } else { Ok(None) }
    }

    /// The value of the option `name=value`, wherever it stands behind here. Taken.
    pub fn option(&mut self, name: &str) -> Option<Word<'a>> {
        let found = (self.next..self.words.len()).find_map(|at| match self.words[at].pair() {
            Some((Word(found), value)) if found == name => Some((at, value)),
            _ => None,
        });
        let (at, value) = found?;
        self.words.remove(at);
        Some(value)
    }

    /// An option that is a number.
    pub fn number_option(&mut self, name: &str, most: u64) -> Result<Option<u64>, Wrong> {
        self.option(name).map(|word| word.number(most)).transpose().map_err(|why| format!("{name}: {why}"))
    }

    /// All words that are left.
    pub fn rest(&mut self) -> &[Word<'a>] {
        let rest = &self.words[self.next..];
        self.next = self.words.len();
        rest
    }

    pub fn end(&self) -> Result<(), Wrong> {
        match self.peek() {
            None => Ok(()),
            Some(word) => Err(format!("nothing is known of {} here", shown(word.0))),
        }
    }
}

impl<'a> Word<'a> {
    /// Both sides of the first `=` that stands in no quotes.
    pub fn pair(self) -> Option<(Self, Self)> {
        let mut is_quoted = false;
        let mut is_escaped = false;
        let at = self.0.char_indices().find_map(|(at, character)| {
            match character {
                _ if is_escaped => is_escaped = false,
                '\\' if is_quoted => is_escaped = true,
                '"' => is_quoted = !is_quoted,
                '=' if !is_quoted => return Some(at),
                _ => {}
            }
            None
        })?;
        Some((Self(&self.0[..at]), Self(&self.0[at + 1..])))
    }

    /// What it says.
    pub fn text(self) -> Result<String, Wrong> {
        match self.0.strip_prefix('"') {
            Some(rest) => unquoted(rest),
            None if self.0.contains('"') => Err(format!("a quote stands in the middle of {}", shown(self.0))),
            None => Ok(self.0.to_owned()),
        }
    }

    /// What it says; `-` says nothing at all.
    pub fn nullable_text(self) -> Result<Option<String>, Wrong> {
        if self.0 == "-" { Ok(None) } else { self.text().map(Some) }
    }

    pub fn number(self, most: u64) -> Result<u64, Wrong> {
        let parsed = self.0.parse::<u64>().ok().filter(|_| self.0.bytes().all(|byte| byte.is_ascii_digit()));
        match parsed {
            Some(number) if number <= most => Ok(number),
            _ => Err(format!("{} is no number from 0 to {most}", shown(self.0))),
        }
    }

    /// `300ms`, `2.5s`, `250us`, `1m`, `1h`: whole microseconds.
    pub fn duration(self) -> Result<Duration, Wrong> {
        self.duration_up_to(TIME_MAX)
    }

    fn duration_up_to(self, most: Duration) -> Result<Duration, Wrong> {
        let wrong = || format!("{} is no time such as 300ms, 2.5s or 1m, of a day at most", shown(self.0));
        let split = self.0.find(|character: char| character.is_ascii_alphabetic()).ok_or_else(wrong)?;
        let (number, unit) = self.0.split_at(split);
        let unit: u64 = match unit {
            "us" => 1,
            "ms" => 1_000,
            "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            _ => return Err(wrong()),
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) {
            return Err(wrong());
        }
        let (whole, scale) = (whole.parse::<u128>().map_err(|_| wrong())?, 10_u128.pow(part.len() as u32));
        let part = part.parse::<u128>().map_err(|_| wrong())?;
        let scaled = (whole * scale + part) * u128::from(unit);
        let micros = u64::try_from(scaled / scale).map_err(|_| wrong())?;
        let duration = Duration::from_micros(micros);
        if scaled % scale == 0 && duration <= most { Ok(duration) } else { Err(wrong()) }
    }

    pub fn moment(self) -> Result<Instant, Wrong> {
        self.duration().map(|since| Instant(0) + since)
    }

    /// Of a world that may have gone on for longer than a script is allowed to.
    pub fn late_moment(self) -> Result<Instant, Wrong> {
        self.duration_up_to(TIME_MAX * 100).map(|since| Instant(0) + since)
    }

    /// The index from 0 of `broker-1` or `1`.
    pub fn broker(self) -> Result<u32, Wrong> {
        let number = self.0.strip_prefix("broker-").unwrap_or(self.0);
        index(number).ok_or_else(|| format!("{} is no broker such as 1 or broker-1", shown(self.0)))
    }

    /// The index from 0 of `visitor-1`.
    pub fn visitor(self) -> Result<u32, Wrong> {
        let found = self.0.strip_prefix("visitor-").and_then(index);
        found.ok_or_else(|| format!("{} is no visitor such as visitor-1", shown(self.0)))
    }
}

fn index(number: &str) -> Option<u32> {
    Word(number).number(1_000).ok()?.checked_sub(1).map(|index| index as u32)
}

fn unquoted(rest: &str) -> Result<String, Wrong> {
    let mut text = String::new();
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' if characters.as_str().is_empty() => return Ok(text),
            '"' => break,
            '\\' => text.push(escaped(&mut characters)?),
            _ => text.push(character),
        }
    }
    Err(format!("something stands behind a quote in {}", shown(rest)))
}

fn escaped(characters: &mut std::str::Chars<'_>) -> Result<char, Wrong> {
    let wrong = || "a quoted word knows \\\", \\\\, \\n, \\r, \\t and \\u{…}".to_owned();
    Ok(match characters.next().ok_or_else(wrong)? {
        '"' => '"',
        '\\' => '\\',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let (digits, rest) =
                characters.as_str().strip_prefix('{').and_then(|rest| rest.split_once('}')).ok_or_else(wrong)?;
            let number = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() <= 6 && !digits.contains('+'));
            *characters = rest.chars();
            number.and_then(char::from_u32).ok_or_else(wrong)?
        }
        _ => return Err(wrong()),
    })
}

/// Somebody else's text in a message: escaped, and not all of it.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(SHOWN_MAX).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("`{}{more}`", short.escape_debug())
}

/// Prints a text as a word: bare where it can.
pub(super) struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_bare = |byte: u8| byte.is_ascii_graphic() && !b"\"\\;#=".contains(&byte);
        if !self.0.is_empty() && self.0 != "-" && self.0.bytes().all(is_bare) {
            return f.write_str(self.0);
        }
        f.write_str("\"")?;
        for character in self.0.chars() {
            match character {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                _ if character.is_control() => write!(f, "\\u{{{:x}}}", u32::from(character))?,
                _ => write!(f, "{character}")?,
            }
        }
        f.write_str("\"")
    }
}

/// A text that may not be there, which prints as `-`.
pub(super) struct Nullable<'a>(pub Option<&'a str>);

impl fmt::Display for Nullable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("-"),
            Some(text) => Quoted(text).fmt(f),
        }
    }
}

/// A length of time, as short as it can be said.
pub(super) struct Length(pub Duration);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        match micros {
            0 => f.write_str("0s"),
            1..1_000_000 if micros.is_multiple_of(1_000) => write!(f, "{}ms", micros / 1_000),
            1..1_000_000 => write!(f, "{micros}us"),
            _ if micros.is_multiple_of(1_000_000) => write!(f, "{}s", micros / 1_000_000),
            _ => {
                let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
                write!(f, "{}s", text.trim_end_matches('0'))
            }
        }
    }
}

/// A moment since the world began.
pub(super) fn moment(at: Instant) -> Length {
    Length(at.since(Instant(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_where_no_quote_is_open() {
        let line = r#" produce "a b" k="c; #d\"" x#y ; ; kill 1#2  # the rest"#;
        let found: Vec<Vec<&str>> =
            commands(line).unwrap().iter().map(|words| words.words.iter().map(|word| word.0).collect()).collect();
        assert_eq!(found, [vec!["produce", "\"a b\"", r#"k="c; #d\"""#, "x#y"], vec!["kill", "1#2"]]);
        assert!(commands("a \"b").is_err());
    }

    #[test]
    fn texts_come_back() {
        for text in ["", "-", "a", "a b", "k=v", "\"", "\\", "\n\r\t\u{7}", "#", "x;y", "é", "\u{202e}", "日本"] {
            let quoted = Quoted(text).to_string();
            let [words] = &commands(&quoted).unwrap()[..] else { panic!("{quoted}") };
            assert_eq!(words.clone().take().unwrap().nullable_text(), Ok(Some(text.to_owned())), "{quoted}");
        }
        assert_eq!(Word("-").nullable_text(), Ok(None));
        for wrong in ["\"a\"b", "a\"b\"", r#""\x""#, r#""\u{d800}""#, r#""\u{+41}""#, r#""\u{41""#] {
            assert!(Word(wrong).text().is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_come_back() {
        for micros in [0, 1, 999, 1_000, 1_001, 300_000, 1_000_000, 1_000_001, 2_500_000, 86_400_000_000] {
            let duration = Duration::from_micros(micros);
            assert_eq!(Word(&Length(duration).to_string()).duration(), Ok(duration), "{}", Length(duration));
        }
        assert_eq!(Word("1.5m").duration(), Ok(Duration::from_secs(90)));
        for wrong in ["", "s", "1", "-1s", "1.s", ".5s", "1.0000001s", "86401s", "99999999999999999999s", "1e3s", "1 s"]
        {
            assert!(Word(wrong).duration().is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_are_plain_and_bounded() {
        assert_eq!(Word("12").number(12), Ok(12));
        for wrong in ["13", "+1", "-1", "", "1_0", "0x1", "99999999999999999999999"] {
            assert!(Word(wrong).number(12).is_err(), "{wrong}");
        }
        assert_eq!((Word("1").broker(), Word("broker-2").broker(), Word("visitor-1").visitor()), (Ok(0), Ok(1), Ok(0)));
        assert!(Word("0").broker().is_err() && Word("1").visitor().is_err());
    }
}
