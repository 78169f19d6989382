//! What only a person can decide, and who may.
//!
//! An item is a row of [`TableName::SyncConflicts`]. The server opens it, every device that its scope allows gets it,
//! and whoever decides writes the decision into it and carries it out in the same mutation.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::{Refusal, RefusalCode};
use crate::id::{DeviceId, UserId};
use crate::merge::same;
use crate::mutation::{Change, Op};
use crate::permission::Roles;
use crate::safety::RULES_VERSION;
use crate::table::{Column, Merge, Scope, Table, TableName, Values, Writer};
use crate::validate::moment_text;

/// The namespace of the ids of items: what is found twice is the same item.
const NAMESPACE: Uuid = Uuid::from_u128(0x5cb8_f6f2_6f0e_4b1c_9a52_37c1_d0a4_e681);

/// The name under which an item is about the deletion of a row.
pub const DELETED: &str = "deleted";

/// The columns of an item that whoever decides writes.
pub const DECISION: &[&str] = &["state", "choice", "chosen", "reason"];

/// What an item is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, rename = "ConflictKind"))]
pub enum Kind {
    /// Two people made different things of one fact.
    Column,
    /// One deleted what another changed.
    DeleteEdit,
    /// Two registrations may be one person.
    Duplicate,
    /// Rows that are each right are dangerous together.
    Semantic,
    /// One signed prescription was withdrawn twice, in different ways.
    TwoAmendments,
    /// One doctor has two patients at one time.
    DoubleBooking,
    /// A change that the server refused is before the tenant's admins. Decided by a settlement, never by a change of
    /// the item.
    Refused,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, rename = "ConflictChoice"))]
pub enum Choice {
    /// The value that came later to the server.
    Ours,
    /// The value that the server had.
    Theirs,
    /// Another value, in `chosen`.
    Other,
    /// Two registrations are one person.
    Merged,
    /// Two registrations are two people.
    Apart,
    /// Someone has seen to it.
    Settled,
}

impl Kind {
    /// The kind's word in the item.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Column => "column",
            Self::DeleteEdit => "delete_edit",
            Self::Duplicate => "duplicate",
            Self::Semantic => "semantic",
            Self::TwoAmendments => "two_amendments",
            Self::DoubleBooking => "double_booking",
            Self::Refused => "refused",
        }
    }

    /// The kind of an item.
    pub fn of(item: &Values) -> Option<Self> {
        item.get("kind").and_then(|kind| Self::deserialize(kind).ok())
    }

    /// What can be decided about it.
    pub fn choices(self) -> &'static [Choice] {
        match self {
            Self::Column => &[Choice::Ours, Choice::Theirs, Choice::Other],
            Self::DeleteEdit => &[Choice::Ours, Choice::Theirs],
            Self::Duplicate => &[Choice::Merged, Choice::Apart],
            Self::Semantic | Self::TwoAmendments | Self::DoubleBooking => &[Choice::Settled],
            Self::Refused => &[],
        }
    }
}

/// Who wrote one side of an item, where and when. The names are those of that day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Who; absent if another program wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// Their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// On which computer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<DeviceId>,
    /// What staff call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// An item that is to be opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its id, which follows from what it is about: see [`id_of`].
    pub id: Uuid,
    /// What it is about.
    pub kind: Kind,
    /// Whose row.
    pub table: TableName,
    /// Which row.
    pub row: Uuid,
    /// Which fact, by its leading column; [`DELETED`] for the row itself.
    pub column: Option<String>,
    /// Whose record it is.
    pub patient: Option<Uuid>,
    /// The rule that found it, and the version of the rules.
    pub rule: Option<(&'static str, u32)>,
    /// What both sides had seen.
    pub base: Value,
    /// What the server had.
    pub theirs: Value,
    /// What came later.
    pub ours: Value,
    /// Who wrote `theirs`.
    pub theirs_from: Source,
    /// Who wrote `ours`.
    pub ours_from: Source,
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

/// The id of the item that these words are about: whoever finds it again finds the same one.
pub fn id_of(words: &[&str]) -> Uuid {
    Uuid::new_v5(&NAMESPACE, words.join("\n").as_bytes())
}

/// The id of the item that asks whether two patients are one, in whatever order they are named.
pub fn duplicate_id(one: Uuid, other: Uuid) -> Uuid {
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    id_of(&["duplicate", &first.to_string(), &second.to_string()])
}

/// Whether an item about this table, and this fact of it, stays on devices for clinical work: so does what is
/// clinical, and what only clinicians write.
pub fn is_clinical(table: TableName, column: Option<&str>) -> bool {
    let is_clinical = |column: &Column| {
        column.scope == Scope::Clinical
            || matches!(column.writer, Writer::Clinician | Writer::Prescriber | Writer::Charter)
    };
    match column.and_then(|name| table.table().column(name)) {
        Some(column) => is_clinical(column),
        None => table.table().columns.iter().all(is_clinical),
    }
}

impl Item {
    /// The row to store.
    pub fn values(&self, opened_at: OffsetDateTime) -> Values {
        // What was refused is told without its values, to admins wherever they sit.
        let is_open_to_all = self.kind == Kind::Refused;
        let is_clinical = is_clinical(self.table, self.column.as_deref()) || self.is_about_care();
        let scope = if is_clinical && !is_open_to_all { "clinical" } else { "everyone" };
        let values = [
            ("kind", json!(self.kind)),
            ("scope", json!(scope)),
            ("table_name", json!(self.table)),
            ("row_id", json!(self.row)),
            ("column_name", json!(self.column)),
            ("patient_id", json!(self.patient)),
            ("rule", json!(self.rule.map(|(rule, _)| rule))),
            ("rule_version", json!(self.rule.map(|(_, version)| version))),
            ("base", self.base.clone()),
            ("theirs", self.theirs.clone()),
            ("ours", self.ours.clone()),
            ("theirs_from", json!(self.theirs_from)),
            ("ours_from", json!(self.ours_from)),
            ("opened_at", json!(moment_text(opened_at))),
            ("state", json!("open")),
        ];
        values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// What the rules find is about care, whatever row it hangs on.
    fn is_about_care(&self) -> bool {
        matches!(self.kind, Kind::Semantic | Kind::TwoAmendments)
    }
}

fn text<'a>(values: &'a Values, name: &str) -> Option<&'a str> {
    values.get(name).and_then(Value::as_str)
}

/// The table that an item is about.
pub fn table_of(item: &Values) -> Option<TableName> {
    text(item, "table_name").and_then(TableName::find)
}

/// The columns of the fact that an item is about; none for a deletion, or for what is no single fact.
pub fn fact_of(item: &Values) -> Vec<&'static Column> {
    let table = table_of(item).map(TableName::table);
    let lead = text(item, "column_name");
    table.into_iter().zip(lead).flat_map(|(table, lead)| table.fact(lead).collect::<Vec<_>>()).collect()
}

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

/// The value of one column in the value of its fact: a fact of several columns is an object of them.
pub fn value_in<'a>(fact: &[&Column], value: &'a Value, name: &str) -> Option<&'a Value> {
    if fact.len() > 1 { value.get(name) } else { Some(value) }
}

/// Checks a person's proposal that two registrations are one: the one kind of item that a desktop opens.
///
/// # Errors
///
/// [`RefusalCode::BadValue`].
pub fn check_proposal(change: &Change) -> Result<(), Refusal> {
    let value = |name: &str| change.set.get(name).map(|set| &set.value);
    let id = |name: &str| value(name).and_then(Value::as_str).and_then(|text| text.parse::<Uuid>().ok());
    let (row, other) = (id("row_id"), id("theirs"));
    let is_proposal = value("kind") == Some(&json!(Kind::Duplicate))
        && value("table_name") == Some(&json!(TableName::Patients))
        && row.zip(other).is_some_and(|(row, other)| row != other && duplicate_id(row, other) == change.id)
        && change.set.keys().all(|name| PROPOSAL.contains(&name.as_str()));
    if is_proposal {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalCode::BadValue,
        "A computer opens no item but that two registrations may be one person.",
    ))
}

/// The columns of a proposal. The server fills the others.
pub const PROPOSAL: &[&str] =
    &["kind", "scope", "table_name", "row_id", "theirs", "ours", "rule", "opened_at"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mutation::SetValue;
    use crate::permission::Role;

    const ALL: [Role; 5] = [Role::Admin, Role::Doctor, Role::Dentist, Role::Receptionist, Role::Nurse];

    fn item(kind: Kind, table: TableName, column: Option<&str>) -> Item {
        Item {
            id: Uuid::nil(),
            kind,
            table,
            row: Uuid::nil(),
            column: column.map(str::to_owned),
            patient: None,
            rule: None,
            base: json!(null),
            theirs: json!("B+"),
            ours: json!("O+"),
            theirs_from: Source::default(),
            ours_from: Source::default(),
        }
    }

    fn stored(kind: Kind, table: TableName, column: Option<&str>) -> Values {
        item(kind, table, column).values(OffsetDateTime::UNIX_EPOCH)
    }

    fn decision(choice: &str, chosen: Option<Value>) -> Change {
        let set = [("state", json!("resolved")), ("choice", json!(choice))];
        let set = set.into_iter().chain(chosen.map(|value| ("chosen", value)));
        let set = set.map(|(name, value)| (name.to_owned(), SetValue { base: json!(null), value }));
        Change::update(TableName::SyncConflicts, Uuid::nil(), set.collect())
    }

    fn deciders(item: &Values) -> Vec<Role> {
        ALL.into_iter().filter(|role| may_decide(&Roles(vec![*role]), item)).collect()
    }

    #[test]
    fn what_is_clinical_is_decided_by_doctors_and_the_rest_by_the_front_desk_too() {
        use TableName::{Appointments, DentalObservations, PatientAllergies, Patients, Prescriptions};
        let of = |table, column| deciders(&stored(Kind::Column, table, Some(column)));
        assert_eq!(
            of(Patients, "blood_group"),
            [Role::Admin, Role::Doctor, Role::Dentist, Role::Receptionist]
        );
        assert_eq!(
            of(Appointments, "status"),
            [Role::Admin, Role::Doctor, Role::Dentist, Role::Receptionist]
        );
        assert_eq!(of(Patients, "merged_into_id"), [Role::Admin, Role::Doctor, Role::Dentist]);
        assert_eq!(of(Patients, "allergy_status"), [Role::Doctor, Role::Dentist]);
        assert_eq!(of(PatientAllergies, "status"), [Role::Doctor, Role::Dentist]);
        assert_eq!(of(Prescriptions, "diagnoses"), [Role::Doctor, Role::Dentist]);
        assert_eq!(of(DentalObservations, "condition_code"), [Role::Dentist]);
        let duplicate = stored(Kind::Duplicate, Patients, None);
        assert_eq!(deciders(&duplicate), [Role::Admin, Role::Doctor, Role::Dentist]);
    }

    #[test]
    fn an_item_about_what_only_clinicians_write_or_read_stays_with_clinical_devices() {
        let scope = |kind, table, column| stored(kind, table, column)["scope"].clone();
        assert_eq!(scope(Kind::Column, TableName::Patients, Some("sex")), "everyone");
        assert_eq!(scope(Kind::DeleteEdit, TableName::Patients, Some(DELETED)), "everyone");
        assert_eq!(scope(Kind::Duplicate, TableName::Patients, None), "everyone");
        assert_eq!(scope(Kind::DoubleBooking, TableName::Appointments, None), "everyone");
        assert_eq!(scope(Kind::Column, TableName::Patients, Some("alerts")), "clinical");
        assert_eq!(scope(Kind::Column, TableName::Patients, Some("allergy_status")), "clinical");
        assert_eq!(scope(Kind::DeleteEdit, TableName::PatientAllergies, Some(DELETED)), "clinical");
        assert_eq!(scope(Kind::Semantic, TableName::Patients, None), "clinical");
        assert_eq!(scope(Kind::Column, TableName::TenantMedicines, Some("ingredients")), "clinical");
    }

    #[test]
    fn of_two_decisions_the_first_holds_and_another_value_asks_again() {
        let doctor = Roles(vec![Role::Doctor]);
        let mut item = stored(Kind::Column, TableName::Patients, Some("blood_group"));
        let judged = |item: &Values, choice: &str, chosen| judge(item, &decision(choice, chosen), &doctor);
        assert_eq!(judged(&item, "ours", None), Ok(Judgement::First));
        item.insert("state".into(), json!("resolved"));
        item.insert("choice".into(), json!("ours"));
        assert_eq!(judged(&item, "ours", None), Ok(Judgement::Same));
        assert_eq!(judged(&item, "other", Some(json!("O+"))), Ok(Judgement::Same), "the same value, typed");
        assert_eq!(judged(&item, "theirs", None), Ok(Judgement::Differs));
        assert_eq!(judged(&item, "other", Some(json!("AB+"))), Ok(Judgement::Differs));
        assert!(judged(&item, "merged", None).is_err() && judged(&item, "other", None).is_err());
    }

    #[test]
    fn a_change_that_carries_out_a_decision_writes_what_was_decided_and_nothing_else() {
        let item = stored(Kind::Column, TableName::Patients, Some("blood_group"));
        let deed = |column: &str, value: &str| {
            let set = SetValue { base: json!("B+"), value: json!(value) };
            Change::update(TableName::Patients, Uuid::nil(), [(column.to_owned(), set)].into())
        };
        let ours = decision("ours", None);
        assert!(check_deed(&item, &ours, &deed("blood_group", "O+")).is_ok());
        assert!(check_deed(&item, &ours, &deed("blood_group", "B+")).is_err());
        assert!(check_deed(&item, &ours, &deed("city", "O+")).is_err());
        let elsewhere = Change { id: Uuid::max(), ..deed("blood_group", "O+") };
        assert!(check_deed(&item, &ours, &elsewhere).is_err());
        let other = decision("other", Some(json!("AB+")));
        assert!(check_deed(&item, &other, &deed("blood_group", "AB+")).is_ok());
    }

    proptest! {
        /// Two people decide one item apart. Whoever comes first, what holds is one of the two decisions, and a new
        /// item asks exactly if they differ, with both of them in it.
        #[test]
        fn of_two_decisions_in_either_order_one_holds_and_the_other_is_never_lost(
            choices in prop::array::uniform2((0_usize..3, "[ABO]\\+")), turned in any::<bool>(),
        ) {
            let doctor = Roles(vec![Role::Doctor]);
            let open = stored(Kind::Column, TableName::Patients, Some("blood_group"));
            let decisions = choices.map(|(place, typed)| {
                let choice = ["ours", "theirs", "other"][place];
                let chosen = (choice == "other").then(|| json!(typed));
                let value = match choice { "ours" => json!("O+"), "theirs" => json!("B+"), _ => json!(typed) };
                (decision(choice, chosen), value)
            });
            let [first, second] = if turned { [&decisions[1], &decisions[0]] } else { [&decisions[0], &decisions[1]] };
            prop_assert_eq!(judge(&open, &first.0, &doctor), Ok(Judgement::First));
            let mut held = open.clone();
            held.extend(first.0.values());
            let judged = judge(&held, &second.0, &doctor).expect("BUG: allowed");
            prop_assert_eq!(judged == Judgement::Same, first.1 == second.1);
            if judged == Judgement::Differs {
                let item = again(&held, &second.0, Uuid::max(), Source::default()).expect("BUG: asked");
                prop_assert_eq!((&item.theirs, &item.ours), (&first.1, &second.1));
            }
        }
    }

    #[test]
    fn a_pair_of_patients_has_one_item_whoever_is_named_first() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(duplicate_id(one, other), duplicate_id(other, one));
        assert_ne!(duplicate_id(one, other), duplicate_id(one, Uuid::from_u128(3)));
    }
}
