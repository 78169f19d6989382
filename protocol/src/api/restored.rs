//! Which data the server has now, and what desktops tell it of what it lost.

use serde::{Deserialize, Serialize};

use super::NewDoctor;
use crate::id::{Epoch, UserId};
use crate::mutation::Hash;
use crate::standing::SignedOrder;
use crate::table::TableName;

/// `GET /v1/sync/epoch`: the data that the server has now, and how far it has come with the device that asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EpochState {
    /// The epoch.
    pub epoch: Epoch,
    /// The tenant's version.
    pub version: i64,
    /// The catalogue's version.
    pub catalogue: i64,
    /// The device's last mutation that the server has; 0 if it has none.
    pub last_sequence: i64,
    /// The hash of that mutation.
    pub last_hash: Hash,
    /// The letter before the numbers that the device gives: another one, if a restored server had given its own away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
}

/// `POST /v1/sync/restored`: what a desktop knows of the time that a restored server lost. It is told before the desktop
/// sends anything again, and once more whenever it was compared and has other rows that the server lacks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Recollection {
    /// The epoch that the server has now.
    pub epoch: Epoch,
    /// The last lease that the server gave it in an earlier epoch. The server believes its own signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<SignedOrder>,
    /// The people of that lease, as this desktop knows them; at most [`MAX_RECALLED`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<RecalledPerson>,
    /// How many of its mutations the server had lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_again: Option<u32>,
    /// Rows that the server does not have; absent before the desktop was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_here: Option<Vec<OnlyHere>>,
}

/// At most so many people, and so many ids of one table, in a [`Recollection`].
pub const MAX_RECALLED: usize = 100;

/// Somebody who has signed in on a desktop, as it knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecalledPerson {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub full_name: String,
    /// Their e-mail.
    pub email: String,
    /// Their profile as a prescriber, of the id that the lease names. The server takes it where it has none of theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor: Option<NewDoctor>,
}

/// Rows of one table that only a desktop has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OnlyHere {
    /// The table.
    pub table: TableName,
    /// How many.
    pub rows: u32,
    /// Some of them, at most [`MAX_RECALLED`].
    pub ids: Vec<uuid::Uuid>,
}
