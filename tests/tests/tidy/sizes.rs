//! How large a file, a function and a list of parameters may be.

use syn::{
    Attribute, Signature,
    visit::{self, Visit},
};

use crate::{
    finding::{Finding, expect_lines, expect_none},
    sources::{Source, TREE},
};

/// A file near 150 lines reads well, 500 are a smell, at 800 it stops. Tests inside a file are counted apart.
const FILE_LINES_MAX: usize = 800;
const FUNCTION_LINES_MAX: usize = 70;
/// Without `self`.
const PARAMETERS_MAX: usize = 5;

/// Written by a program or by somebody else.
const NOT_OURS: &[&str] = &["Cargo.lock", "package-lock.json", "LICENSE"];

fn check(source: &Source) -> Vec<Finding> {
    if NOT_OURS.contains(&source.path.rsplit('/').next().expect("a name")) || source.path.contains("/fixtures/") {
        return Vec::new();
    }
    let lines = source.text.lines().count();
    let mut found = Sizes { path: &source.path, test_lines: 0, findings: Vec::new() };
    if source.is_rust() {
        found.visit_file(&source.syntax());
    }
    let mut findings = found.findings;
    if lines - found.test_lines > FILE_LINES_MAX || found.test_lines > FILE_LINES_MAX {
        let what = format!(
            "{} lines and {} of tests, and neither may pass {FILE_LINES_MAX}: split it by part of the state",
            lines - found.test_lines,
            found.test_lines
        );
        findings.insert(0, Finding::new(&source.path, 1, what));
    }
    findings
}

struct Sizes<'a> {
    path: &'a str,
    test_lines: usize,
    findings: Vec<Finding>,
}

impl Sizes<'_> {
    fn function(&mut self, signature: &Signature, body: &syn::Block) {
        let (first, last) = (line_of(signature), body.brace_token.span.close().end().line);
        let (name, lines) = (&signature.ident, last - first + 1);
        if lines > FUNCTION_LINES_MAX {
            let what = format!("`{name}` has {lines} lines, {FUNCTION_LINES_MAX} are the most: name its parts");
            self.findings.push(Finding::new(self.path, first, what));
        }
    }
}

impl<'ast> Visit<'ast> for Sizes<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if let (Some((brace, _)), true) = (&module.content, module.attrs.iter().any(is_for_tests)) {
            self.test_lines += brace.span.close().end().line - module.mod_token.span.start().line + 1;
        }
        visit::visit_item_mod(self, module);
    }

    fn visit_signature(&mut self, signature: &'ast Signature) {
        let count = signature.inputs.iter().filter(|input| matches!(input, syn::FnArg::Typed(_))).count();
        if count > PARAMETERS_MAX {
            let what = format!(
                "`{}` has {count} parameters, {PARAMETERS_MAX} are the most: which of them are one thing?",
                signature.ident
            );
            self.findings.push(Finding::new(self.path, line_of(signature), what));
        }
        visit::visit_signature(self, signature);
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(body) = &function.default {
            self.function(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn line_of(signature: &Signature) -> usize {
    signature.fn_token.span.start().line
}

fn is_for_tests(attribute: &Attribute) -> bool {
    let is_test = |list: &syn::MetaList| list.tokens.to_string() == "test";
    attribute.path().is_ident("cfg") && attribute.meta.require_list().is_ok_and(is_test)
}

#[test]
fn nothing_is_too_large() {
    expect_none(TREE.iter().flat_map(check));
}

#[test]
fn what_is_too_large_is_found() {
    let found = |path: &str, text: &str| check(&Source::new(path, text));
    let body = |lines: usize| "    x();\n".repeat(lines);
    expect_lines(&found("a.ts", &"x\n".repeat(801)), &[1]);
    expect_lines(&found("a.ts", &"x\n".repeat(800)), &[]);
    expect_lines(&found("Cargo.lock", &"x\n".repeat(801)), &[]);
    expect_lines(&found("a.rs", &format!("\nfn f() {{\n{}}}\n", body(69))), &[2]);
    expect_lines(&found("a.rs", &format!("\nfn f() {{\n{}}}\n", body(68))), &[]);
    expect_lines(&found("a.rs", &format!("impl A {{\n    fn f() {{\n{}}}\n}}", body(69))), &[2]);
    expect_lines(&found("a.rs", &format!("trait A {{\n    fn f() {{\n{}}}\n}}", body(69))), &[2]);
    expect_lines(&found("a.rs", "fn f(a: A, b: A, c: A, d: A, e: A, f: A) {}"), &[1]);
    expect_lines(&found("a.rs", "trait A { fn f(&self, a: A, b: A, c: A, d: A, e: A); }"), &[]);
    expect_lines(&found("a.rs", "fn f() { let g = |a, b, c, d, e, f| 1; }"), &[]);
}

#[test]
fn tests_inside_a_file_are_counted_apart() {
    let sized = |code: usize, tests: usize| {
        let (code, tests) = ("// x\n".repeat(code - 1), "// x\n".repeat(tests - 2));
        let text = format!("{code}#[cfg(test)]\nmod tests {{\n{tests}}}\n");
        check(&Source::new("a.rs", &text)).len()
    };
    assert_eq!((sized(800, 700), sized(801, 3), sized(3, 801)), (0, 1, 1));
}
