//! What a computer was refused before it was taken out of service: nobody is at it any more, so it is before the admins,
//! who see it, try it again, correct it and discard it elsewhere.

use clinic_sync::operator::{DeviceCommand, DeviceRevoke, OutputOptions, run_device};
use protocol::api::Fate;
use protocol::error::{ErrorCode, Problem, RefusalCode};
use protocol::id::DeviceId;
use protocol::manage::RevokeRequest;
use protocol::mutation::Change;
use protocol::permission::Role;
use protocol::settlement::{RefusedMutation, Way, item_id};
use protocol::table::TableName;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, body, edit, new_patient};
use crate::conflicts::alone;
use crate::revoked::revoke;
use crate::settlements::{Refused, item, settled};
use crate::staff::{person, token};

/// A computer of which one change was refused, with one that waits behind it, and an admin at another one.
struct Lost {
    clinic: Clinic,
    admin: Desk,
    desk: Desk,
    patient: Uuid,
}

fn group(patient: Uuid, value: &str) -> Change {
    let group = ("blood_group", json!("unknown"), json!(value));
    edit(TableName::Patients, patient, &[("city", json!(null), json!("Pune")), group])
}

impl Lost {
    const FIRST: i64 = Refused::FIRST;
    const BEHIND: i64 = Refused::BEHIND;

    /// Still in service.
    async fn new() -> Self {
        let Refused { clinic, desk, patient, .. } = Refused::new().await;
        let admin = clinic.desk().await;
        let lost = Self { clinic, admin, desk, patient };
        assert_eq!(lost.fates().await, ["", ""], "both wait");
        lost
    }

    async fn revoked() -> Self {
        let lost = Self::new().await;
        revoke(&lost.admin, &lost.desk, &RevokeRequest::default()).await.expect("revoked");
        lost
    }

    fn first(&self) -> (DeviceId, i64) {
        (self.desk.device, Self::FIRST)
    }

    /// What became of the refused one and of the one behind it; nothing as long as they wait.
    async fn fates(&self) -> [String; 2] {
        let mut fates = [String::new(), String::new()];
        for (fate, sequence) in fates.iter_mut().zip([Self::FIRST, Self::BEHIND]) {
            for word in ["applied", "merged", "conflict", "replaced", "discarded"] {
                let sql = format!(
                    "select count(*) from clinic.sync_quarantine
                     where device_id = '{}' and sequence = {sequence} and fate = '{word}'",
                    self.desk.device
                );
                if self.clinic.number(&sql).await == 1 {
                    word.clone_into(fate);
                }
            }
        }
        fates
    }

    async fn look(&self) -> Result<RefusedMutation, Problem> {
        look(&self.admin, self.first()).await
    }

    async fn patient(&self) -> protocol::table::Values {
        let rows = self.admin.rows().await;
        rows.into_iter().find(|row| row.id == self.patient).expect("the patient").values
    }
}

pub async fn look(desk: &Desk, of: (DeviceId, i64)) -> Result<RefusedMutation, Problem> {
    body(desk.get(&format!("/v1/sync_conflicts/{}/refused", item_id(of.0, of.1))).await).await
}

#[tokio::test]
async fn it_is_before_the_admins_as_soon_as_the_computer_is_out_of_service_whoever_said_so() {
    for how in ["an admin", "the operator", "another program"] {
        let mut lost = Lost::new().await;
        assert!(item(&lost.admin, lost.first()).await.is_none(), "somebody is at the computer");
        match how {
            "an admin" => {
                revoke(&lost.admin, &lost.desk, &RevokeRequest::default()).await.expect("revoked");
            }
            "the operator" => {
                let options = DeviceRevoke {
                    tenant_code: lost.clinic.registered.tenant_code.clone(),
                    device_id: lost.desk.device.0,
                    yes: true,
                    output: OutputOptions { json: true },
                };
                let db = lost.clinic.server.database().ops_db().await;
                run_device(&db, DeviceCommand::Revoke(options), &mut Vec::new()).await.expect("revoked");
            }
            _ => {
                let id = lost.desk.device;
                lost.clinic.sql(&format!("update devices set revoked_at = now() where id = '{id}'")).await;
                // Whatever is brought next, from wherever.
                lost.admin.write(vec![new_patient(Uuid::now_v7(), "Farida")]).await;
            }
        }
        let shown = item(&lost.admin, lost.first()).await.unwrap_or_else(|| panic!("{how}: nothing"));
        assert_eq!((&shown.values["kind"], &shown.values["state"]), (&json!("refused"), &json!("open")));
        assert_eq!(shown.values["patient_id"], json!(lost.patient));
        assert!(!shown.values.values().any(|value| value.to_string().contains("purple")), "{shown:?}");
        let behind = item(&lost.admin, (lost.desk.device, Lost::BEHIND)).await;
        assert!(behind.is_none(), "what waits behind it goes with it");
        let of = lost.first();
        settled(&mut lost.admin, of, Way::Discard, "Nobody knows.", vec![]).await;
        assert_eq!(lost.fates().await, ["discarded", "applied"], "{how}");
        assert_eq!(lost.patient().await["city"], "Nashik");
    }
}

#[tokio::test]
async fn what_waited_behind_it_and_is_refused_in_its_turn_is_before_the_admins_too() {
    let clinic = Clinic::open().await;
    let (mut admin, mut desk) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    desk.write(vec![alone(patient)]).await;
    desk.write(vec![group(patient, "purple")]).await;
    desk.write(vec![edit(TableName::Patients, patient, &[("sex", json!("unknown"), json!("green"))])]).await;
    revoke(&admin, &desk, &RevokeRequest::default()).await.expect("revoked");
    assert!(item(&admin, (desk.device, 3)).await.is_none(), "it waits behind the other one");
    settled(&mut admin, (desk.device, 2), Way::Discard, "Nobody knows.", vec![]).await;
    let shown = item(&admin, (desk.device, 3)).await.expect("an item").values;
    assert_eq!((&shown["state"], &shown["ours"]["code"]), (&json!("open"), &json!("bad_value")));
}

#[tokio::test]
async fn an_admin_sees_it_and_corrects_it_elsewhere_and_what_waited_behind_it_goes_on() {
    let mut lost = Lost::revoked().await;
    let refused = lost.look().await.expect("the change");
    assert!(refused.is_whole && refused.is_lost && refused.behind == 1, "{refused:?}");
    assert_eq!(refused.mutation.changes, [group(lost.patient, "purple")]);
    let sql = format!(
        "select count(*) from clinic.tenant_audit_log where action = 'view' and record_id = '{}'",
        item_id(lost.desk.device, Lost::FIRST)
    );
    assert_eq!(lost.clinic.number(&sql).await, 1, "that it was looked at is on record");
    // A correction that is wrong itself waits by itself, and changes nothing.
    let of = lost.first();
    let wrong = settled(&mut lost.admin, of, Way::Replace, "", vec![group(lost.patient, "green")]).await;
    assert_eq!(wrong.receipts[0].fate, Fate::Quarantined);
    assert_eq!(lost.fates().await, ["", ""]);
    let other = vec![new_patient(Uuid::now_v7(), "Nisha")];
    let other = settled(&mut lost.admin, of, Way::Replace, "", other).await;
    assert_eq!(other.receipts[0].code, Some(RefusalCode::BadValue), "it is about the same records");
    let mut admin = lost.clinic.desk().await;
    let right = settled(&mut admin, of, Way::Replace, "", vec![group(lost.patient, "O+")]).await;
    assert_eq!(right.receipts[0].fate, Fate::Applied, "{right:?}");
    assert_eq!(lost.fates().await, ["replaced", "applied"]);
    let patient = lost.patient().await;
    // What waited had seen the city that the correction brought.
    assert_eq!((&patient["blood_group"], &patient["city"]), (&json!("O+"), &json!("Nashik")));
    let shown = item(&lost.admin, of).await.expect("an item").values;
    assert_eq!((&shown["state"], &shown["choice"]), (&json!("resolved"), &json!("other")));
    let late = lost.look().await.expect_err("it waits no more");
    assert_eq!(late.code, ErrorCode::Invalid);
}

#[tokio::test]
async fn as_long_as_somebody_is_at_the_computer_it_is_corrected_there_and_nowhere_else() {
    let mut lost = Lost::new().await;
    let of = lost.first();
    settled(&mut lost.desk, of, Way::HandOver, "What group is meant?", vec![]).await;
    let refused = lost.look().await.expect("the change");
    assert!(refused.is_whole && !refused.is_lost);
    let elsewhere = settled(&mut lost.admin, of, Way::Replace, "", vec![group(lost.patient, "O+")]).await;
    assert_eq!(elsewhere.receipts[0].code, Some(RefusalCode::NotAllowed));
    assert_eq!(lost.fates().await, ["", ""]);
}

#[tokio::test]
async fn an_admin_who_reads_nothing_clinical_is_shown_nothing_clinical() {
    let clinic = Clinic::open().await;
    let (admin, mut desk) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    desk.write(vec![alone(patient)]).await;
    let alerts = ("alerts", json!(null), json!("Faints at needles."));
    let bad = ("blood_group", json!("unknown"), json!("purple"));
    desk.write(vec![edit(TableName::Patients, patient, &[alerts, bad])]).await;
    revoke(&admin, &desk, &RevokeRequest::default()).await.expect("revoked");
    let of = (desk.device, 2);
    let whole = look(&admin, of).await.expect("the change");
    assert!(whole.is_whole && whole.mutation.changes[0].set.contains_key("alerts"));
    let mut office = clinic.desk().await;
    let user = person(&clinic, &office, Role::Admin).await;
    office.token = token(&clinic, &office, user, Role::Admin);
    // A doctor at a front desk, and an admin by this role alone at a clinical computer.
    for desk in [clinic.front_desk().await, office] {
        let part = look(&desk, of).await.expect("the change");
        assert!(!part.is_whole, "{part:?}");
        let names: Vec<&String> = part.mutation.changes[0].set.keys().collect();
        assert_eq!(names, ["blood_group"]);
    }
    let mut desk = clinic.desk().await;
    let nurse = person(&clinic, &desk, Role::Nurse).await;
    desk.token = token(&clinic, &desk, nurse, Role::Nurse);
    assert_eq!(look(&desk, of).await.expect_err("no admin").code, ErrorCode::Forbidden);
    let neighbour = clinic.neighbour().await;
    assert_eq!(look(&neighbour, of).await.expect_err("another tenant").code, ErrorCode::NotFound);
}

#[tokio::test]
async fn what_nobody_can_read_is_before_the_admins_too_and_can_be_discarded() {
    let clinic = Clinic::open().await;
    let (mut admin, mut desk) = (clinic.desk().await, clinic.desk().await);
    let long = format!("\"kind\":\"{}\"", "x".repeat(200));
    let signed = desk.sign_text(vec![new_patient(Uuid::now_v7(), "Sunita")], |body| {
        body.replace("\"kind\":\"test\"", &long)
    });
    let answer = desk.push(vec![signed]).await.expect("taken");
    assert_eq!(answer.receipts[0].code, Some(RefusalCode::BadValue));
    revoke(&admin, &desk, &RevokeRequest::default()).await.expect("revoked");
    let of = (desk.device, 1);
    let shown = item(&admin, of).await.expect("an item").values;
    assert_eq!((&shown["table_name"], &shown["patient_id"]), (&json!("sync_conflicts"), &Value::Null));
    assert_eq!(look(&admin, of).await.expect_err("unreadable").code, ErrorCode::Invalid);
    settled(&mut admin, of, Way::Retry, "", vec![]).await;
    assert_eq!(item(&admin, of).await.expect("an item").values["state"], "open");
    settled(&mut admin, of, Way::Discard, "Nobody can read it.", vec![]).await;
    assert_eq!(item(&admin, of).await.expect("an item").values["state"], "resolved");
}
