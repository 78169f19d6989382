//! What a statement must keep to so that one tenant's data is asked for, and so that a Citus cluster can send it to the
//! one worker that has them. docs/operations.md says where the rules come from.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use sqlparser::ast::{
    Assignment, BinaryOperator, Expr, FromTable, FunctionArguments, Insert, JoinConstraint, JoinOperator,
    ObjectName, OnConflictAction, OnInsert, Query, Select, SelectItem, SetExpr, Statement, TableFactor,
    TableObject, TableWithJoins, UpdateTableFromKind, Value, Visit, Visitor, visit_expressions,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

/// What the catalogue knows.
pub struct Schema {
    /// `tenants` and every table with a `tenant_id`.
    pub tenant_tables: BTreeSet<String>,
    /// The worst that a function of this name may be.
    pub volatility: BTreeMap<String, Volatility>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Volatility {
    Immutable,
    Stable,
    Volatile,
}

/// What is wrong with a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It cannot be parsed, so nothing is known of it.
    Unreadable,
    /// A tenant's table stands in it without `tenant_id = $n`, or a row is inserted without one.
    NoTenant,
    /// Rows of a tenant's table come out of a function such as `unnest`, not out of `values`.
    RowsFromFunction,
    /// A query stands among the inserted values.
    QueryInValues,
    /// An update or a deletion calls a volatile function.
    Volatile,
    /// `on conflict do update` calls a function that is not immutable.
    UnstableOnConflict,
    /// An update calls a function that is not immutable within `case` or `coalesce`.
    UnstableChoice,
    /// An update calls a function that is not immutable with a column.
    UnstableOfColumn,
    /// `set_config`, which can set the tenant and which Citus does not carry to its workers.
    SetConfig,
}

/// Everything that is wrong with it.
pub fn faults(sql: &str, schema: &Schema) -> BTreeSet<Fault> {
    // The parser does not know this kind of lock.
    let sql = sql.replace("for no key update", "for update");
    let Ok(statements) = Parser::parse_sql(&PostgreSqlDialect {}, &sql) else {
        return BTreeSet::from([Fault::Unreadable]);
    };
    let mut lint = Lint { schema, faults: BTreeSet::new() };
    let _: ControlFlow<()> = statements.visit(&mut lint);
    lint.faults
}

struct Lint<'a> {
    schema: &'a Schema,
    faults: BTreeSet<Fault>,
}

impl Visitor for Lint<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        match statement {
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => {
                let from = match &update.from {
                    Some(UpdateTableFromKind::AfterSet(from) | UpdateTableFromKind::BeforeSet(from)) => from,
                    None => &Vec::new(),
                };
                let tables: Vec<_> = std::iter::once(&update.table).chain(from).collect();
                self.scope(&tables, update.selection.as_ref());
                self.change(update.assignments.iter().map(|set| &set.value).chain(&update.selection));
            }
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
                let tables: Vec<_> = from.iter().chain(delete.using.iter().flatten()).collect();
                self.scope(&tables, delete.selection.as_ref());
                self.change(delete.selection.iter());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.scope(&select.from.iter().collect::<Vec<_>>(), select.selection.as_ref());
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if called(expr).is_some_and(|name| name == "set_config") {
            self.found(Fault::SetConfig);
        }
        ControlFlow::Continue(())
    }
}

impl Lint<'_> {
    fn found(&mut self, fault: Fault) {
        self.faults.insert(fault);
    }

    /// Every tenant's table here must be bound to a tenant: by a parameter, by another table here that is, or by a
    /// table of the query around this one, which is looked at by itself.
    fn scope(&mut self, from: &[&TableWithJoins], selection: Option<&Expr>) {
        let mut scope = Scope::default();
        for tables in from {
            scope.add(tables);
        }
        if let Some(selection) = selection {
            conjuncts(selection, &mut scope.conditions);
        }
        let all: BTreeSet<&str> = scope
            .tables
            .iter()
            .filter(|(_, table)| self.schema.tenant_tables.contains(*table))
            .map(|(alias, _)| alias.as_str())
            .collect();
        let mut bound: BTreeSet<&str> = BTreeSet::new();
        loop {
            let before = bound.len();
            for condition in &scope.conditions {
                let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition else { continue };
                for (one, other) in [(left, right), (right, left)] {
                    if let Some(alias) = scope.tenant_of(one).and_then(|alias| all.get(alias.as_str()))
                        && scope.binds(other, &bound)
                    {
                        bound.insert(alias);
                    }
                }
            }
            if bound.len() == before {
                break;
            }
        }
        if bound != all {
            self.found(Fault::NoTenant);
        }
    }

    fn insert(&mut self, insert: &Insert) {
        let TableObject::TableName(table) = &insert.table else { return };
        let table = last(table);
        if self.schema.tenant_tables.contains(&table) {
            let key = if table == "tenants" { "id" } else { "tenant_id" };
            let place = insert.columns.iter().position(|column| last(column) == key);
            match (place, &insert.source) {
                (Some(place), Some(source)) => self.source(source, place),
                _ => self.found(Fault::NoTenant),
            }
        }
        if let Some(OnInsert::OnConflict(conflict)) = &insert.on
            && let OnConflictAction::DoUpdate(update) = &conflict.action
        {
            let values = update.assignments.iter().map(|Assignment { value, .. }| value);
            let is_unstable = |expr: &Expr| self.calls(expr, Volatility::Stable);
            if values.chain(&update.selection).any(is_unstable) {
                self.found(Fault::UnstableOnConflict);
            }
        }
    }

    /// Where inserted rows come from, the tenant in this place.
    fn source(&mut self, source: &Query, place: usize) {
        match &*source.body {
            SetExpr::Values(values) => {
                for row in &values.rows {
                    if !row.content.get(place).is_some_and(is_parameter) {
                        self.found(Fault::NoTenant);
                    }
                    if row.content.iter().any(has_query) {
                        self.found(Fault::QueryInValues);
                    }
                }
            }
            SetExpr::Select(select) => {
                let mut scope = Scope::default();
                select.from.iter().for_each(|tables| scope.add(tables));
                if scope.tables.is_empty() || scope.has_others {
                    self.found(Fault::RowsFromFunction);
                }
                let Some(SelectItem::UnnamedExpr(tenant) | SelectItem::ExprWithAlias { expr: tenant, .. }) =
                    select.projection.get(place)
                else {
                    return self.found(Fault::NoTenant);
                };
                if !is_parameter(tenant) && scope.tenant_of(tenant).is_none() {
                    self.found(Fault::NoTenant);
                }
            }
            _ => self.found(Fault::RowsFromFunction),
        }
    }

    /// The values and conditions of an update or a deletion.
    fn change<'a>(&mut self, exprs: impl Iterator<Item = &'a Expr>) {
        for expr in exprs {
            if self.calls(expr, Volatility::Volatile) {
                self.found(Fault::Volatile);
            }
            let mut found = BTreeSet::new();
            let _: ControlFlow<()> = visit_expressions(expr, |part| {
                let is_choice =
                    matches!(part, Expr::Case { .. }) || called(part).is_some_and(|name| name == "coalesce");
                if is_choice && self.calls(part, Volatility::Stable) {
                    found.insert(Fault::UnstableChoice);
                }
                if called(part).is_some_and(|name| self.volatility(&name) >= Volatility::Stable)
                    && has_column(part)
                {
                    found.insert(Fault::UnstableOfColumn);
                }
                ControlFlow::Continue(())
            });
            self.faults.extend(found);
        }
    }

    fn volatility(&self, function: &str) -> Volatility {
        self.schema.volatility.get(function).copied().unwrap_or(Volatility::Immutable)
    }

    /// Whether it calls a function that is at least this bad.
    fn calls(&self, expr: &Expr, at_least: Volatility) -> bool {
        any(expr, |part| called(part).is_some_and(|name| self.volatility(&name) >= at_least))
    }
}

/// The tables of one `from`, by alias, and what is said of them.
#[derive(Default)]
struct Scope {
    tables: BTreeMap<String, String>,
    /// Functions and queries stand beside the tables.
    has_others: bool,
    conditions: Vec<Expr>,
}

impl Scope {
    fn add(&mut self, tables: &TableWithJoins) {
        self.factor(&tables.relation);
        for join in &tables.joins {
            self.factor(&join.relation);
            let (JoinOperator::Join(on)
            | JoinOperator::Inner(on)
            | JoinOperator::Left(on)
            | JoinOperator::LeftOuter(on)
            | JoinOperator::Right(on)
            | JoinOperator::RightOuter(on)
            | JoinOperator::FullOuter(on)) = &join.join_operator
            else {
                continue;
            };
            if let JoinConstraint::On(on) = on {
                conjuncts(on, &mut self.conditions);
            }
        }
    }

    fn factor(&mut self, factor: &TableFactor) {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let name = last(name);
                let alias = alias.as_ref().map_or_else(|| name.clone(), |alias| alias.name.value.clone());
                self.tables.insert(alias, name);
            }
            TableFactor::NestedJoin { table_with_joins, .. } => self.add(table_with_joins),
            _ => self.has_others = true,
        }
    }

    /// The alias of the table whose tenant this column names.
    fn tenant_of(&self, expr: &Expr) -> Option<String> {
        let (alias, column) = match expr {
            Expr::Identifier(column) if self.tables.len() == 1 => (self.tables.keys().next()?, column),
            Expr::CompoundIdentifier(parts) => match &parts[..] {
                [alias, column] => (&alias.value, column),
                _ => return None,
            },
            _ => return None,
        };
        let is_tenant = match (self.tables.get(alias).map(String::as_str), column.value.as_str()) {
            (Some("tenants"), "id") => true,
            (Some("tenants"), _) => false,
            (_, "tenant_id") => true,
            // `t.id` of `tenants t` in the query around this one.
            (None, "id") => true,
            _ => false,
        };
        is_tenant.then(|| alias.clone())
    }

    fn binds(&self, expr: &Expr, bound: &BTreeSet<&str>) -> bool {
        is_parameter(expr)
            || self.tenant_of(expr).is_some_and(|alias| {
                bound.contains(alias.as_str()) || !self.tables.contains_key(&alias) && !self.has_others
            })
    }
}

fn conjuncts(expr: &Expr, into: &mut Vec<Expr>) {
    match expr {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            conjuncts(left, into);
            conjuncts(right, into);
        }
        Expr::Nested(expr) => conjuncts(expr, into),
        expr => into.push(expr.clone()),
    }
}

fn is_parameter(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => matches!(&value.value, Value::Placeholder(_)),
        Expr::Cast { expr, .. } | Expr::Nested(expr) => is_parameter(expr),
        _ => false,
    }
}

fn any(expr: &Expr, is_it: impl Fn(&Expr) -> bool) -> bool {
    visit_expressions(
        expr,
        |part| if is_it(part) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) },
    )
    .is_break()
}

fn has_query(expr: &Expr) -> bool {
    any(expr, |part| matches!(part, Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. }))
}

fn has_column(call: &Expr) -> bool {
    let Expr::Function(function) = call else { return false };
    if matches!(function.args, FunctionArguments::None) {
        return false;
    }
    any(call, |part| matches!(part, Expr::Identifier(_) | Expr::CompoundIdentifier(_)))
}

/// The name of the function that it calls.
fn called(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Function(function) => Some(last(&function.name)),
        _ => None,
    }
}

/// A name without its schema.
fn last(name: &ObjectName) -> String {
    let part = name.0.last().and_then(|part| part.as_ident());
    part.map(|ident| ident.value.to_lowercase()).unwrap_or_default()
}
