//! The computers of the clinic, as its admins see them.

use protocol::api::DeviceScope;
use protocol::id::DeviceId;
use protocol::manage::{DeviceInfo, RevocationState};
use protocol::validate::moment_text;
use serde::Serialize;

use super::StaffClinic;

/// The computers of a tenant, and the clinics in which another one can stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct ComputerList {
    /// All of them; those in service first.
    pub computers: Vec<ComputerView>,
    /// The clinics that are open, by name.
    pub clinics: Vec<StaffClinic>,
}

/// A one-time code with which a computer comes in: told once.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct ComputerCode {
    /// The code.
    pub code: String,
    /// Until when it works.
    pub expires_at: String,
    /// The server's address, as it is typed with the code.
    pub server: String,
}

/// A computer of the clinic, as its admins see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own for the window")]
pub struct ComputerView {
    /// Which.
    pub id: DeviceId,
    /// What staff call it.
    pub name: String,
    /// The letter before the numbers that it gives.
    pub lane: String,
    /// What it may receive.
    pub scope: DeviceScope,
    /// Whether it is the one at which this is shown.
    pub is_this: bool,
    /// When it last brought something.
    pub last_seen_at: Option<String>,
    /// Until when it opens without contact, by what it was last told.
    pub lease_until: Option<String>,
    /// Whether a copy of it was seen since the last password sign-in.
    pub is_copied: bool,
    /// Whether it was another one until its disk was copied or restored.
    pub is_a_copy: bool,
    /// Whether it was another one until its keys were lost.
    pub is_recovered: bool,
    /// Whether its keys were lost, and it goes on as another one.
    pub went_on: bool,
    /// The fingerprint of the recovery code that opens it; none was made if there is none.
    pub recovery_fingerprint: Option<String>,
    /// When that code was made.
    pub recovery_made_at: Option<String>,
    /// What became of it, once it is out of service.
    pub revocation: Option<RevocationView>,
}

/// What became of a computer that was taken out of service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct RevocationView {
    /// How far it has come.
    pub state: RevocationState,
    /// Since when.
    pub asked_at: String,
    /// Whether an admin's computer agreed that it destroys its data at once.
    pub has_consent: bool,
    /// How much was lost with it: changes that nobody handed over, files, and records that only it had.
    pub lost: Option<u32>,
    /// When its keys and files were gone.
    pub done_at: Option<String>,
}

impl ComputerView {
    /// A computer as it is shown at this one.
    pub fn of(info: DeviceInfo, this: DeviceId) -> Self {
        Self {
            is_this: info.id == this,
            id: info.id,
            name: info.name,
            lane: info.lane,
            scope: info.scope,
            last_seen_at: info.last_seen_at.map(moment_text),
            lease_until: info.lease_until.map(moment_text),
            is_copied: info.is_copied,
            is_a_copy: info.copied_from.is_some(),
            is_recovered: info.recovered_from.is_some(),
            went_on: info.recovered_as.is_some(),
            recovery_fingerprint: info.recovery_fingerprint,
            recovery_made_at: info.recovery_made_at.map(moment_text),
            revocation: info.revocation.map(|revocation| RevocationView {
                state: revocation.state,
                asked_at: moment_text(revocation.asked_at),
                has_consent: revocation.has_consent,
                lost: revocation.lost,
                done_at: revocation.done_at.map(moment_text),
            }),
        }
    }
}
