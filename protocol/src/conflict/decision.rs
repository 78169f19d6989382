//! What a person decides about an item: who may, what it meets, and which changes carry it out.

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Choice, Item, Kind, Source, fact_of, table_of, text, value_in};
use crate::error::{Refusal, RefusalCode};
use crate::id::UserId;
use crate::merge::same;
use crate::mutation::{Change, Op};
use crate::permission::Roles;
use crate::safety::RULES_VERSION;
use crate::table::{Merge, Table, Values, Writer};

/// The columns of an item that whoever decides writes.
pub const DECISION: &[&str] = &["state", "choice", "chosen", "reason"];

/// Whether one of these roles may decide this item: what is clinical, a doctor or dentist, and of the dental chart a
/// dentist; what is not, also admins and reception. Whether two patients are one, whoever merges them.
pub fn may_decide(roles: &Roles, item: &Values) -> bool {
    let is_demographic = text(item, "scope") == Some("everyone");
    let Some(table) = table_of(item) else { return false };
    let is_chart = |table: &Table| table.columns.iter().any(|column| column.writer == Writer::Charter);
    match Kind::of(item) {
        Some(Kind::Duplicate) => return roles.may_write(Writer::Merger),
        Some(Kind::Refused) => return roles.may_write(Writer::Admin),
        _ => {}
    }
    if is_demographic {
        return roles.may_write(Writer::Decider)
            && fact_of(item).iter().all(|column| roles.may_write(column.writer));
    }
    if is_chart(table.table()) { roles.is_dentist() } else { roles.is_prescriber() }
}

/// What a decision amounts to: two that name the same value are the same decision.
#[derive(Clone, Debug)]
struct Outcome {
    choice: Choice,
    value: Option<Value>,
}

impl Outcome {
    fn of(item: &Values, choice: Choice, chosen: Option<&Value>) -> Self {
        let value = match choice {
            Choice::Ours => item.get("ours").cloned(),
            Choice::Theirs => item.get("theirs").cloned(),
            Choice::Other => chosen.cloned(),
            Choice::Merged | Choice::Apart | Choice::Settled => None,
        };
        Self { choice, value }
    }

    fn is_as(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Some(one), Some(other)) => same(one, other),
            (None, None) => self.choice == other.choice,
            _ => false,
        }
    }
}

/// What a decision meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nobody has decided yet: it holds.
    First,
    /// Someone has decided the same: there is nothing left to do.
    Same,
    /// Someone has decided otherwise: that holds, and a new item asks once more.
    Differs,
}

/// Looks at a decision beside what was decided before.
///
/// # Errors
///
/// The person may not decide this, or it is no decision about such an item.
pub fn judge(item: &Values, decision: &Change, roles: &Roles) -> Result<Judgement, Refusal> {
    let choice = check(item, decision, roles)?;
    if text(item, "state") != Some("resolved") {
        return Ok(Judgement::First);
    }
    let before = item.get("choice").and_then(|choice| Choice::deserialize(choice).ok());
    let before = before.map(|choice| Outcome::of(item, choice, item.get("chosen")));
    let now = Outcome::of(item, choice, decision.set.get("chosen").map(|set| &set.value));
    Ok(if before.is_some_and(|before| before.is_as(&now)) { Judgement::Same } else { Judgement::Differs })
}

/// Checks that a change of an item is a decision about it by someone who may make it.
///
/// # Errors
///
/// [`RefusalCode::NotAllowed`], [`RefusalCode::BadValue`].
pub fn check(item: &Values, decision: &Change, roles: &Roles) -> Result<Choice, Refusal> {
    let bad = |why: &str| Refusal::new(RefusalCode::BadValue, why);
    if !may_decide(roles, item) {
        return Err(Refusal::new(RefusalCode::NotAllowed, "This person's role may not decide this."));
    }
    if decision.op != Op::Update
        || decision.set.keys().any(|name| !DECISION.contains(&name.as_str()))
        || decision.set.get("state").is_none_or(|set| set.value != "resolved")
    {
        return Err(bad("An item that waits for a person is decided, and nothing else becomes of it."));
    }
    let choice = decision.set.get("choice").and_then(|set| Choice::deserialize(&set.value).ok());
    let Some(choice) =
        choice.filter(|choice| Kind::of(item).is_some_and(|kind| kind.choices().contains(choice)))
    else {
        return Err(bad("This cannot be decided about such an item."));
    };
    if choice == Choice::Other && !decision.set.contains_key("chosen") {
        return Err(bad("Another value was decided, and not which."));
    }
    Ok(choice)
}

/// Checks that a change which says that it carries out a decision does just that.
///
/// # Errors
///
/// [`RefusalCode::BadValue`].
pub fn check_deed(item: &Values, decision: &Change, deed: &Change) -> Result<(), Refusal> {
    let bad = || {
        Refusal::new(
            RefusalCode::BadValue,
            "A change carries out another decision than the one that was made.",
        )
    };
    let is_named = |name: &str| text(item, name) == Some(&deed.id.to_string());
    let is_of_item = table_of(item) == Some(deed.table)
        && (is_named("row_id") || Kind::of(item) == Some(Kind::Duplicate) && is_named("theirs"));
    if !is_of_item {
        return Err(bad());
    }
    let choice = decision.set.get("choice").and_then(|set| Choice::deserialize(&set.value).ok());
    let chosen = decision.set.get("chosen").map(|set| &set.value);
    let outcome = choice.map(|choice| Outcome::of(item, choice, chosen)).ok_or_else(bad)?;
    let fits = match (Kind::of(item), deed.op) {
        (Some(Kind::Column), Op::Update) => {
            let fact = fact_of(item);
            let value = outcome.value.unwrap_or(Value::Null);
            !deed.set.is_empty()
                && deed.set.iter().all(|(name, set)| {
                    fact.iter().any(|column| {
                        column.name == name
                            && value_in(&fact, &value, name).is_some_and(|value| match column.merge {
                                Merge::ReviewEntries => has_entries(&set.value, value),
                                _ => same(value, &set.value),
                            })
                    })
                })
        }
        (Some(Kind::DeleteEdit), Op::Delete) => outcome.value == Some(Value::Bool(true)),
        (Some(Kind::Duplicate), Op::Update) => {
            outcome.choice == Choice::Merged && deed.set.keys().all(|name| name.starts_with("merge"))
        }
        _ => false,
    };
    if fits { Ok(()) } else { Err(bad()) }
}

/// Whether an object has these entries, whatever else it has.
fn has_entries(object: &Value, entries: &Value) -> bool {
    entries.as_object().is_some_and(|entries| {
        entries.iter().all(|(name, value)| same(object.get(name).unwrap_or(&Value::Null), value))
    })
}

/// The item that asks once more, after a decision that differs from the one that was made before and holds. None for
/// an item of which only one thing can be decided.
pub fn again(item: &Values, decision: &Change, id: Uuid, ours_from: Source) -> Option<Item> {
    let before = item.get("choice").and_then(|choice| Choice::deserialize(choice).ok())?;
    let now = decision.set.get("choice").and_then(|set| Choice::deserialize(&set.value).ok())?;
    let theirs = Outcome::of(item, before, item.get("chosen"));
    let ours = Outcome::of(item, now, decision.set.get("chosen").map(|set| &set.value));
    let value = |name: &str| item.get(name).cloned().unwrap_or(Value::Null);
    let id_in = |name: &str| text(item, name).and_then(|text| text.parse().ok());
    let kind = Kind::of(item)?;
    // Of two patients the item names both, and what was decided.
    let is_pair = kind == Kind::Duplicate;
    Some(Item {
        id,
        kind,
        table: table_of(item)?,
        row: id_in("row_id")?,
        column: text(item, "column_name").map(str::to_owned),
        patient: id_in("patient_id"),
        rule: is_pair.then_some(("decided_twice", RULES_VERSION)),
        base: if is_pair { json!({"theirs": before, "ours": now}) } else { value("base") },
        theirs: if is_pair { value("theirs") } else { theirs.value? },
        ours: if is_pair { value("ours") } else { ours.value? },
        theirs_from: Source {
            by: id_in("resolved_by").map(UserId),
            name: text(item, "resolved_name").map(str::to_owned),
            device_id: None,
            device: None,
            at: text(item, "resolved_at").map(str::to_owned),
        },
        ours_from,
    })
}
