//! The statements that stand in the server's own source, and the places where SQL is put together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, ExprLit, ExprMethodCall, ExprPath, Lit};

/// Texts of statements by the file that they stand in, and what else a file does with SQL.
#[derive(Default)]
pub struct Found {
    /// Of `sqlx::query("…")` and the like, with the file.
    pub statements: Vec<(String, String)>,
    /// Files by what they use.
    pub users: BTreeMap<Use, BTreeSet<String>>,
}

/// Ways around a constant, checked text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// A text that the compiler cannot see to be constant.
    AssertSqlSafe,
    /// sqlx's `QueryBuilder`.
    QueryBuilder,
    /// Several statements in one text, without parameters.
    RawSql,
    /// A text that comes out of a variable.
    Variable,
    /// A COPY, which takes no parameters.
    Copy,
}

/// Looks through every file under this folder.
pub fn scan(folder: &Path) -> Found {
    let mut found = Found::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let name = path.strip_prefix(folder).expect("inside").to_string_lossy().replace('\\', "/");
                scan_text(&std::fs::read_to_string(&path).expect("a file"), name, &mut found);
            }
        }
    }
    found
}

/// Looks through one file.
pub fn scan_text(text: &str, name: String, found: &mut Found) {
    let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    Scanner { name, found }.visit_file(&file);
}

struct Scanner<'a> {
    name: String,
    found: &'a mut Found,
}

impl Scanner<'_> {
    fn uses(&mut self, what: Use) {
        self.found.users.entry(what).or_default().insert(self.name.clone());
    }

    fn statement(&mut self, text: Option<&Expr>) {
        match text {
            Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => {
                self.found.statements.push((self.name.clone(), text.value()));
            }
            _ => self.uses(Use::Variable),
        }
    }
}

impl<'ast> Visit<'ast> for Scanner<'_> {
    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(ExprPath { path, .. }) = &*call.func
            && path.segments.first().is_some_and(|first| first.ident == "sqlx")
            && path.segments.last().is_some_and(|last| last.ident.to_string().starts_with("query"))
        {
            self.statement(call.args.first());
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let is_run =
            ["execute", "execute_many", "fetch", "fetch_all", "fetch_many", "fetch_one", "fetch_optional"]
                .iter()
                .any(|name| call.method == name);
        if call.method.to_string().starts_with("copy_") && call.method.to_string().ends_with("_raw") {
            self.uses(Use::Copy);
        }
        if is_run && matches!(call.args.first(), Some(Expr::Lit(_))) {
            self.statement(call.args.first());
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        for segment in &path.segments {
            match segment.ident.to_string().as_str() {
                "AssertSqlSafe" => self.uses(Use::AssertSqlSafe),
                "QueryBuilder" => self.uses(Use::QueryBuilder),
                "raw_sql" => self.uses(Use::RawSql),
                _ => {}
            }
        }
        visit::visit_path(self, path);
    }
}
