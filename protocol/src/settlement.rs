//! The way out of quarantine: what a person makes of a mutation that the server refused.
//!
//! A settlement is a mutation like any other, so it survives restarts and lost answers and is done once however often
//! it is sent. It names the refused one; what waited behind that goes on in the same transaction.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::conflict::id_of;
use crate::error::{Refusal, RefusalCode};
use crate::id::DeviceId;
use crate::merge::same;
use crate::mutation::{Change, Mutation, SetValue};
use crate::permission::{Role, Roles};
use crate::table::{Scope, TableName, Values};

/// At most this many characters say why.
pub const MAX_REASON: usize = 300;

/// What becomes of the refused mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, rename = "SettlementWay"))]
pub enum Way {
    /// It is tried once more, as it was signed: the cause was mended.
    Retry,
    /// The mutation that says so takes its place, with corrected values.
    Replace,
    /// An admin of the tenant sees to it.
    HandOver,
    /// It does not go in. It stays in the ledger.
    Discard,
}

impl Way {
    /// The way's word, on the wire and in the desktop's file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Replace => "replace",
            Self::HandOver => "hand_over",
            Self::Discard => "discard",
        }
    }
}

/// What a mutation says of a refused one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Settlement {
    /// On which device it was made.
    pub device_id: DeviceId,
    /// Its number there.
    pub sequence: i64,
    /// What becomes of it.
    pub way: Way,
    /// Why; must be there to hand it over and to discard it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Who settles, beside what is settled.
#[derive(Clone, Copy, Debug)]
pub struct Settler<'a> {
    /// Their roles.
    pub roles: &'a Roles,
    /// Whether they made the refused mutation.
    pub is_author: bool,
    /// Whether they sit at the device on which it was made.
    pub is_there: bool,
    /// Whether that device is out of service: nobody sits there any more.
    pub is_lost: bool,
}

impl Settler<'_> {
    /// Whether they may do this: at the device itself, everybody tries again, corrects what their role writes, and asks
    /// an admin; only its author, a doctor or dentist, or an admin discards. From elsewhere admins try again and discard,
    /// and correct what was made on a device that is out of service.
    pub fn may(self, way: Way) -> bool {
        let is_admin = self.roles.0.contains(&Role::Admin);
        match way {
            Way::Retry => self.is_there || is_admin,
            Way::Replace => self.is_there || is_admin && self.is_lost,
            Way::HandOver => self.is_there,
            Way::Discard => is_admin || self.is_there && (self.is_author || self.roles.is_prescriber()),
        }
    }
}

impl Settlement {
    /// Checks what can be checked without the refused mutation: who says it, why, and that a correction changes
    /// something and nothing else does.
    ///
    /// # Errors
    ///
    /// [`RefusalCode::NotAllowed`], [`RefusalCode::BadValue`].
    pub fn check(&self, settler: Settler<'_>, changes: &[Change]) -> Result<(), Refusal> {
        let bad = |why: &str| Err(Refusal::new(RefusalCode::BadValue, why));
        if !settler.may(self.way) {
            let detail = "This person may not decide what becomes of this change.";
            return Err(Refusal::new(RefusalCode::NotAllowed, detail));
        }
        let reason = self.reason.as_deref().map_or("", str::trim);
        if reason.is_empty() && matches!(self.way, Way::HandOver | Way::Discard) {
            return bad("It must be said why. Nothing was changed yet.");
        }
        if reason.chars().count() > MAX_REASON {
            return bad("The reason is too long: 300 characters are enough.");
        }
        if (self.way == Way::Replace) == changes.is_empty() {
            return bad(
                "A correction says what is right, and nothing else that is decided changes a record.",
            );
        }
        Ok(())
    }

    /// The id of the item with which the refused mutation is before the tenant's admins.
    pub fn item(&self) -> Uuid {
        item_id(self.device_id, self.sequence)
    }
}

/// `GET /v1/sync_conflicts/{id}/refused`: the refused mutation that an item brings before the admins, as far as whoever
/// asks may read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefusedMutation {
    /// The mutation, without what this person at this device may not read.
    pub mutation: Mutation,
    /// Whether nothing was left out.
    pub is_whole: bool,
    /// Whether its device is out of service: an admin elsewhere may correct it.
    pub is_lost: bool,
    /// Why it was refused, for staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How many others wait behind it.
    pub behind: u32,
}

impl RefusedMutation {
    /// The mutation with what this reader may read: no clinical column and no decision about one, unless they may read
    /// what is clinical.
    pub fn readable(mutation: &Mutation, is_clinical: bool) -> (Mutation, bool) {
        let mut readable = mutation.clone();
        if !is_clinical {
            readable.changes.retain(|change| {
                let table = change.table.table();
                !table.is_clinical() && table.row_scope.is_none()
            });
            for change in &mut readable.changes {
                let table = change.table.table();
                change.set.retain(|name, _| {
                    table.column(name).is_some_and(|column| column.scope == Scope::Everyone)
                });
            }
        }
        let is_whole = readable.changes == mutation.changes;
        (readable, is_whole)
    }
}

/// The id of the item about a refused mutation.
pub fn item_id(device: DeviceId, sequence: i64) -> Uuid {
    id_of(&["refused", &device.to_string(), &sequence.to_string()])
}

/// Checks that a correction is about the same records as what it takes the place of.
///
/// # Errors
///
/// [`RefusalCode::BadValue`].
pub fn check_replacement(refused: &Mutation, changes: &[Change]) -> Result<(), Refusal> {
    let of = |changes: &[Change]| -> BTreeSet<(TableName, Uuid)> {
        changes.iter().map(|change| (change.table, change.id)).collect()
    };
    if of(&refused.changes) == of(changes) {
        return Ok(());
    }
    Err(Refusal::new(RefusalCode::BadValue, "A correction is about the same records as what it corrects."))
}

/// A mutation that never went in, and what went in instead of it.
#[derive(Clone, Debug)]
pub struct Gone {
    /// What it would have changed.
    pub changes: Vec<Change>,
    /// What took its place; empty if it was discarded.
    pub instead: Vec<Change>,
}

/// The change laid onto the row as it came to be: whoever made it saw values of mutations that never went in. What they
/// saw is taken for what is there, where that is what those mutations had seen, or what took their place.
///
/// `gone` are the mutations of that device that never went in, the latest first.
pub fn rebased(change: &Change, current: &Values, gone: &[Gone]) -> Change {
    let mut change = change.clone();
    for (name, set) in &mut change.set {
        let is = current.get(name).unwrap_or(&serde_json::Value::Null);
        if !same(is, &set.base) && !same(is, &set.value) {
            let seen = seen_instead(change.table, change.id, name, &set.base, gone);
            if seen.as_ref().is_some_and(|seen| same(seen, is)) {
                set.base = is.clone();
            }
        }
    }
    change
}

/// What whoever saw this value of a mutation that never went in sees once that is gone.
fn seen_instead(
    table: TableName,
    id: Uuid,
    column: &str,
    base: &serde_json::Value,
    gone: &[Gone],
) -> Option<serde_json::Value> {
    let mut seen: Option<serde_json::Value> = None;
    let mut left: Vec<&Gone> = gone.iter().collect();
    // A correction may have been corrected in its turn.
    loop {
        let now = seen.as_ref().unwrap_or(base);
        let is_it =
            |gone: &Gone| set_of(&gone.changes, table, id, column).is_some_and(|set| same(&set.value, now));
        let Some(found) = left.iter().position(|gone| is_it(gone)) else { return seen };
        let gone = left.remove(found);
        let instead = set_of(&gone.instead, table, id, column).map(|set| &set.value);
        let before = set_of(&gone.changes, table, id, column).map(|set| &set.base);
        seen = instead.or(before).cloned();
    }
}

fn set_of<'a>(changes: &'a [Change], table: TableName, id: Uuid, column: &str) -> Option<&'a SetValue> {
    changes
        .iter()
        .filter(|change| change.table == table && change.id == id)
        .find_map(|change| change.set.get(column))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;

    const PATIENT: Uuid = Uuid::from_u128(7);

    fn city(base: Value, value: Value) -> Change {
        let set = BTreeMap::from([("city".to_owned(), SetValue { base, value })]);
        Change::update(TableName::Patients, PATIENT, set)
    }

    fn row(city: Value) -> Values {
        Values::from([("city".to_owned(), city)])
    }

    fn base_of(change: &Change) -> &Value {
        &change.set["city"].base
    }

    fn settlement(way: Way, reason: Option<&str>) -> Settlement {
        let reason = reason.map(str::to_owned);
        Settlement { device_id: DeviceId(Uuid::nil()), sequence: 3, way, reason }
    }

    #[test]
    fn what_follows_a_discarded_change_is_laid_onto_what_that_had_seen() {
        let gone = [Gone { changes: vec![city(json!(null), json!("Pune"))], instead: vec![] }];
        let later = city(json!("Pune"), json!("Nashik"));
        assert_eq!(base_of(&rebased(&later, &row(json!(null)), &gone)), &json!(null));
        // Somebody else wrote the city meanwhile: that is for a person.
        assert_eq!(base_of(&rebased(&later, &row(json!("Nagpur")), &gone)), &json!("Pune"));
    }

    #[test]
    fn what_follows_a_corrected_change_is_laid_onto_the_correction() {
        let gone = [Gone {
            changes: vec![city(json!(null), json!("Pune"))],
            instead: vec![city(json!(null), json!("Poona"))],
        }];
        let later = city(json!("Pune"), json!("Nashik"));
        assert_eq!(base_of(&rebased(&later, &row(json!("Poona")), &gone)), &json!("Poona"));
    }

    #[test]
    fn a_correction_that_was_corrected_is_seen_through_too() {
        let gone = [
            Gone {
                changes: vec![city(json!(null), json!("Poona"))],
                instead: vec![city(json!(null), json!("Pune City"))],
            },
            Gone {
                changes: vec![city(json!(null), json!("Pune"))],
                instead: vec![city(json!(null), json!("Poona"))],
            },
        ];
        let later = city(json!("Pune"), json!("Nashik"));
        assert_eq!(base_of(&rebased(&later, &row(json!("Pune City")), &gone)), &json!("Pune City"));
    }

    #[test]
    fn several_changes_that_never_went_in_are_seen_through_one_after_the_other() {
        let gone = [
            Gone { changes: vec![city(json!("Pune"), json!("Thane"))], instead: vec![] },
            Gone { changes: vec![city(json!(null), json!("Pune"))], instead: vec![] },
        ];
        let later = city(json!("Thane"), json!("Nashik"));
        assert_eq!(base_of(&rebased(&later, &row(json!(null)), &gone)), &json!(null));
    }

    #[test]
    fn who_discards_says_why_and_is_the_author_a_doctor_or_an_admin() {
        let check = |role, is_author, is_there, reason| {
            let roles = Roles(vec![role]);
            let settler = Settler { roles: &roles, is_author, is_there, is_lost: false };
            settlement(Way::Discard, reason).check(settler, &[]).is_ok()
        };
        assert!(check(Role::Receptionist, true, true, Some("Typed twice.")));
        assert!(
            !check(Role::Receptionist, true, true, Some("  "))
                && !check(Role::Receptionist, true, true, None)
        );
        assert!(!check(Role::Receptionist, false, true, Some("Typed twice.")));
        assert!(check(Role::Doctor, false, true, Some("Typed twice.")));
        assert!(
            !check(Role::Doctor, true, false, Some("Typed twice."))
                && check(Role::Admin, false, false, Some("x"))
        );
    }

    #[test]
    fn only_a_correction_changes_records_and_only_the_same_ones() {
        let roles = Roles(vec![Role::Receptionist]);
        let settler = Settler { roles: &roles, is_author: true, is_there: true, is_lost: false };
        let changes = [city(json!(null), json!("Pune"))];
        assert!(settlement(Way::Replace, None).check(settler, &changes).is_ok());
        assert!(settlement(Way::Replace, None).check(settler, &[]).is_err());
        assert!(settlement(Way::Retry, None).check(settler, &changes).is_err());
    }

    #[test]
    fn from_elsewhere_only_an_admin_corrects_and_only_where_nobody_is_any_more() {
        let may = |role, is_lost| {
            let roles = Roles(vec![role]);
            Settler { roles: &roles, is_author: true, is_there: false, is_lost }.may(Way::Replace)
        };
        assert!(may(Role::Admin, true) && !may(Role::Admin, false) && !may(Role::Doctor, true));
    }
}
