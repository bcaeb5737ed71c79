//! Names: Kafka's nouns, spelled out. A type that is called a manager or a helper has no noun yet.

use syn::visit::{self, Visit};

use crate::{
    finding::{Finding, expect_lines, expect_none},
    sources::{Source, TREE},
};

/// No type, module or file has one of these words. (Kafka's `base_offset` is a field, and may.)
const IN_NO_TYPE: &[&str] =
    &["manager", "service", "services", "helper", "helpers", "util", "utils", "impl", "base", "data", "info", "misc"];
/// No function begins with one of these.
const BEGIN_NO_FUNCTION: &[&str] = &["do", "process"];
/// Nothing is called these: `high_watermark`, `log_end_offset`.
const NOWHERE: &[&str] = &["hw", "hwm", "leo", "lso"];

enum Kind {
    Type,
    Function,
    Other,
}

fn check(source: &Source) -> Vec<Finding> {
    let mut names = Names { path: &source.path, findings: Vec::new() };
    if source.is_rust() || source.is_script() {
        let stem = source.path.rsplit('/').next().and_then(|name| name.split('.').next()).expect("a name");
        names.look_at(stem, 1, Kind::Type);
    }
    if source.is_rust() {
        names.visit_file(&source.syntax());
    } else if source.is_script() {
        names.visit_script(source);
    }
    names.findings
}

struct Names<'a> {
    path: &'a str,
    findings: Vec<Finding>,
}

impl Names<'_> {
    fn look_at(&mut self, name: &str, line: usize, kind: Kind) {
        let words = words(name);
        let banned = match kind {
            Kind::Type => words.iter().find(|word| IN_NO_TYPE.contains(&word.as_str())),
            Kind::Function => words.first().filter(|word| BEGIN_NO_FUNCTION.contains(&word.as_str())),
            Kind::Other => None,
        };
        if let Some(word) = banned {
            let what = format!("`{name}`: `{word}` says nothing; what is it, in Kafka's words?");
            self.findings.push(Finding::new(self.path, line, what));
        }
        if let Some(word) = words.iter().find(|word| NOWHERE.contains(&word.as_str())) {
            self.findings.push(Finding::new(self.path, line, format!("`{name}`: spell `{word}` out")));
        }
    }

    fn look_at_ident(&mut self, ident: &syn::Ident, kind: Kind) {
        self.look_at(&ident.to_string(), ident.span().start().line, kind);
    }

    /// Names behind the words that declare one. Methods are not told from calls, so their names are not seen.
    fn visit_script(&mut self, source: &Source) {
        let is_import = |text: &str| text.contains(" from '") || text.starts_with("import ");
        let is_prose = |text: &str| text.trim_start().starts_with(['*', '/']);
        for (line, text) in source.lines().filter(|(_, text)| !is_import(text) && !is_prose(text)) {
            let words: Vec<&str> =
                text.split(|character: char| !is_of_name(character)).filter(|word| !word.is_empty()).collect();
            for pair in words.windows(2) {
                match pair[0] {
                    "class" | "interface" | "type" | "enum" => self.look_at(pair[1], line, Kind::Type),
                    "function" => self.look_at(pair[1], line, Kind::Function),
                    "const" | "let" => self.look_at(pair[1], line, Kind::Other),
                    _ => {}
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.look_at_ident(&item.ident, Kind::Type);
        visit::visit_item_struct(self, item);
    }
    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.look_at_ident(&item.ident, Kind::Type);
        visit::visit_item_enum(self, item);
    }
    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.look_at_ident(&item.ident, Kind::Type);
        visit::visit_item_trait(self, item);
    }
    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.look_at_ident(&item.ident, Kind::Type);
    }
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.look_at_ident(&item.ident, Kind::Type);
        visit::visit_item_mod(self, item);
    }
    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.look_at_ident(&signature.ident, Kind::Function);
        visit::visit_signature(self, signature);
    }
    fn visit_field(&mut self, field: &'ast syn::Field) {
        if let Some(ident) = &field.ident {
            self.look_at_ident(ident, Kind::Other);
        }
        visit::visit_field(self, field);
    }
    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        self.look_at_ident(&pattern.ident, Kind::Other);
        visit::visit_pat_ident(self, pattern);
    }
    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.look_at_ident(&item.ident, Kind::Other);
        visit::visit_item_const(self, item);
    }
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

/// `LogEndOffset`, `log_end_offset` and `log-end-offset` are three words each.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut was_lower = false;
    for character in name.chars() {
        if !character.is_alphanumeric() || (character.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        if character.is_alphanumeric() {
            words.last_mut().expect("one at least").extend(character.to_lowercase());
        }
        was_lower = character.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn everything_has_a_name_of_its_own() {
    expect_none(TREE.iter().flat_map(check));
}

#[test]
fn a_name_that_says_nothing_is_found() {
    let found = |path: &str, text: &str| check(&Source::new(path, text));
    expect_lines(
        &found("a.rs", "struct LogManager;\nenum LogInfo {}\ntrait BaseLog {}\ntype LogData = ();"),
        &[1, 2, 3, 4],
    );
    expect_lines(&found("web/a.ts", "import { type AddressInfo } from 'node:net';\n// class PageInfo"), &[]);
    expect_lines(&found("a.rs", "mod utils {}\nfn process_request() {}\nimpl A { fn do_it() {} }"), &[1, 2, 3]);
    expect_lines(&found("a.rs", "struct A { hw: i64 }\nfn f(leo: i64) {\n    let partition_hwm = 1;\n}"), &[1, 2, 3]);
    expect_lines(&found("log_helper.rs", ""), &[1]);
    expect_lines(
        &found("web/a.ts", "export class FooService {}\ninterface PageInfo {}\nfunction doIt() {}\nconst hw = 1;"),
        &[1, 2, 3, 4],
    );
    expect_lines(
        &found("a.rs", "struct A { base_offset: i64, processor: u32 }\nfn document() {}\nstruct Database;"),
        &[],
    );
}
