//! Keys that are a person's own: one for each of them on each computer. What only they may say is signed with it beside the
//! computer's own signature, so that nobody else at that computer, and no server, can say it in their name.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::id::{DeviceId, UserId};
use crate::mutation::{Mutation, Op};
use crate::table::TableName;

/// `POST /v1/own-keys`: whoever has just given their password says which key is theirs on this computer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OwnKeyRequest {
    /// Its public half, Ed25519 in base64.
    pub public_key: String,
    /// The number of the computer's last mutation when the key was made: it signs what follows.
    pub after: i64,
    /// That key's signature over [`crate::signing::own_key_message`].
    pub signature: String,
}

/// `GET /v1/own-keys`: a key of somebody of the tenant, in use or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OwnKeyInfo {
    /// Whose it is.
    pub user_id: UserId,
    /// On which computer.
    pub device_id: DeviceId,
    /// Its public half, Ed25519 in base64.
    pub public_key: String,
    /// It signs what follows this mutation of the computer, up to where the next key of the same person begins.
    pub after: i64,
    /// When the server learnt of it.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub created_at: OffsetDateTime,
    /// Since when the server takes nothing more that is signed with it.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub revoked_at: Option<OffsetDateTime>,
}

impl OwnKeyInfo {
    /// The key that must have signed this mutation of somebody, among their keys on its computer; none where it is older
    /// than all of them.
    pub fn of_mutation<'a>(
        keys: impl IntoIterator<Item = &'a Self>,
        mutation: &Mutation,
    ) -> Option<&'a Self> {
        keys.into_iter()
            .filter(|key| key.user_id == mutation.actor_user_id && key.after < mutation.sequence)
            .max_by_key(|key| (key.after, key.created_at))
    }
}

impl Mutation {
    /// Whether it says what only its author may: it signs, amends or voids a prescription, makes one patient of two or two
    /// of one, or says what becomes of a refused change.
    pub fn needs_own_signature(&self) -> bool {
        self.settles.is_some()
            || self.changes.iter().any(|change| match change.table {
                TableName::Prescriptions => change
                    .set
                    .get("status")
                    .is_some_and(|set| set.value != "draft" && set.value != "discarded"),
                // A new patient who is one with nobody needs none.
                TableName::Patients => change
                    .set
                    .get("merged_into_id")
                    .is_some_and(|set| change.op != Op::Insert || !set.value.is_null()),
                _ => false,
            })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::mutation::{Change, SetValue};

    fn mutation(changes: Vec<Change>) -> Mutation {
        Mutation {
            device_id: DeviceId(Uuid::nil()),
            sequence: 7,
            actor_user_id: UserId(Uuid::nil()),
            recorded_at: OffsetDateTime::UNIX_EPOCH,
            clock_offset_ms: 0,
            schema: 1,
            kind: "test".into(),
            changes,
            settles: None,
        }
    }

    fn change(op: Op, table: TableName, column: &str, base: Value, value: Value) -> Change {
        let set = BTreeMap::from([(column.to_owned(), SetValue { base, value })]);
        Change { table, id: Uuid::nil(), op, base_version: 0, set, decides: None }
    }

    #[test]
    fn what_only_its_author_may_say_is_told_by_what_it_changes() {
        let prescription = |op, base, value| change(op, TableName::Prescriptions, "status", base, value);
        let patient = |op, base, value| change(op, TableName::Patients, "merged_into_id", base, value);
        for (expected, change) in [
            (true, prescription(Op::Insert, json!(null), json!("finalised"))),
            (true, prescription(Op::Update, json!("draft"), json!("finalised"))),
            (true, prescription(Op::Update, json!("finalised"), json!("voided"))),
            (true, prescription(Op::Update, json!("finalised"), json!("superseded"))),
            (false, prescription(Op::Insert, json!(null), json!("draft"))),
            (false, prescription(Op::Update, json!("draft"), json!("discarded"))),
            (true, patient(Op::Update, json!(null), json!(Uuid::max()))),
            (true, patient(Op::Update, json!(Uuid::max()), json!(null))),
            (true, patient(Op::Update, json!(null), json!(null))),
            (true, patient(Op::Insert, json!(null), json!(Uuid::max()))),
            (false, patient(Op::Insert, json!(null), json!(null))),
            (false, change(Op::Update, TableName::Patients, "city", json!(null), json!("Pune"))),
        ] {
            let said = format!("{change:?}");
            assert_eq!(mutation(vec![change]).needs_own_signature(), expected, "{said}");
        }
    }

    #[test]
    fn a_key_signs_what_follows_its_birth_until_the_next_one_is_born() {
        let key = |after, minute| OwnKeyInfo {
            user_id: UserId(Uuid::nil()),
            device_id: DeviceId(Uuid::nil()),
            public_key: format!("{after}/{minute}"),
            after,
            created_at: OffsetDateTime::UNIX_EPOCH + time::Duration::minutes(minute),
            revoked_at: None,
        };
        let keys = [key(7, 5), key(5, 1), key(3, 0), key(5, 2)];
        let of = |sequence| {
            let mutation = Mutation { sequence, ..mutation(vec![]) };
            OwnKeyInfo::of_mutation(&keys, &mutation).map(|key| key.public_key.as_str())
        };
        assert_eq!(
            [3, 4, 5, 6, 7, 8].map(of),
            [None, Some("3/0"), Some("3/0"), Some("5/2"), Some("5/2"), Some("7/5")]
        );
        let others = Mutation { actor_user_id: UserId(Uuid::max()), ..mutation(vec![]) };
        assert_eq!(OwnKeyInfo::of_mutation(&keys, &others), None);
    }
}
