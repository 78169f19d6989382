use protocol::api::{Fate, PushResponse};
use protocol::error::RefusalCode;
use protocol::mutation::Change;
use protocol::permission::Role;
use protocol::prescription::content_hash;
use protocol::table::{TableName, Values};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, edit, new_patient, values};
use crate::staff::{person, token};

/// All columns, as the database will have them: the hash covers the defaults too.
fn with_defaults(table: TableName, given: Values) -> Values {
    let mut all: Values = table
        .table()
        .columns
        .iter()
        .filter_map(|column| Some((column.name.to_owned(), serde_json::from_str(column.default?).ok()?)))
        .collect();
    all.extend(given);
    all
}

pub struct Written {
    pub id: Uuid,
    prescription: Values,
    pub line_id: Uuid,
    line: Values,
}

impl Written {
    fn by(desk: &Desk, patient: Uuid) -> Self {
        Self::with(desk, patient, &[], &[])
    }

    /// One with other values in the prescription and in its line.
    pub fn with(
        desk: &Desk,
        patient: Uuid,
        of_prescription: &[(&str, Value)],
        of_line: &[(&str, Value)],
    ) -> Self {
        let id = Uuid::now_v7();
        let mut prescription = values(&[
            ("visit_date", json!("2026-11-23")),
            ("doctor_id", json!(desk.doctor)),
            ("patient_id", json!(patient)),
            ("clinic_id", json!(desk.clinic)),
            ("status", json!("finalised")),
            ("vitals", json!({"weight_kg": 61.0, "pulse": 72})),
            ("finalised_at", json!("2026-11-23T04:11:08.123Z")),
            ("finalised_by", json!(desk.user)),
        ]);
        let mut line = values(&[
            ("prescription_id", json!(id)),
            ("position", json!(1)),
            ("medicine_text", json!("Paracetamol 500 mg tablet")),
            ("generic_text", json!("PARACETAMOL")),
            ("dosage_form", json!("tablet")),
            ("dose_text", json!("1-0-1")),
            ("dose_pattern", json!({"times": [1, 0, 1]})),
            ("dose_unit", json!("tablet")),
            ("quantity", json!(7.5)),
            ("patient_directions", json!("One in the morning, one at night.")),
        ]);
        prescription.extend(values(of_prescription));
        line.extend(values(of_line));
        let mut written = Self {
            id,
            prescription: with_defaults(TableName::Prescriptions, prescription),
            line_id: Uuid::now_v7(),
            line: with_defaults(TableName::PrescriptionItems, line),
        };
        let hash = content_hash(id, &written.prescription, &[(written.line_id, written.line.clone())]);
        written.prescription.insert("content_sha256".to_owned(), json!(hash));
        written
    }

    /// The same content, signed by whoever is at this desk as the next version.
    pub fn amended(&self, desk: &Desk) -> Self {
        let (id, line_id) = (Uuid::now_v7(), Uuid::now_v7());
        let (mut prescription, mut line) = (self.prescription.clone(), self.line.clone());
        prescription.insert("amends_id".to_owned(), json!(self.id));
        prescription.insert("version".to_owned(), json!(2));
        prescription.insert("doctor_id".to_owned(), json!(desk.doctor));
        prescription.insert("finalised_by".to_owned(), json!(desk.user));
        line.insert("prescription_id".to_owned(), json!(id));
        let hash = content_hash(id, &prescription, &[(line_id, line.clone())]);
        prescription.insert("content_sha256".to_owned(), json!(hash));
        Self { id, prescription, line_id, line }
    }

    pub fn changes(&self) -> Vec<Change> {
        vec![
            Change::insert(TableName::Prescriptions, self.id, self.prescription.clone()),
            Change::insert(TableName::PrescriptionItems, self.line_id, self.line.clone()),
        ]
    }

    /// Another one, signed with its line there twice.
    pub fn with_a_line_twice(&self) -> Vec<Change> {
        let (id, ids) = (Uuid::now_v7(), [Uuid::now_v7(), Uuid::now_v7()]);
        let (mut prescription, mut line) = (self.prescription.clone(), self.line.clone());
        line.insert("prescription_id".to_owned(), json!(id));
        let lines = ids.map(|id| (id, line.clone()));
        prescription.insert("content_sha256".to_owned(), json!(content_hash(id, &prescription, &lines)));
        let insert = |(id, line)| Change::insert(TableName::PrescriptionItems, id, line);
        let prescription = Change::insert(TableName::Prescriptions, id, prescription);
        std::iter::once(prescription).chain(lines.map(insert)).collect()
    }
}

pub async fn signed(desk: &mut Desk) -> (Written, PushResponse) {
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Sunita")]).await;
    let written = Written::by(desk, patient);
    let response = desk.write(written.changes()).await;
    (written, response)
}

#[tokio::test]
async fn a_prescription_is_signed_together_with_its_lines() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let (written, response) = signed(&mut desk).await;
    assert_eq!(response.receipts[0].fate, Fate::Applied, "{:?}", response.receipts[0]);
    assert_eq!(response.rows[0].values["status"], json!("finalised"));
    assert_eq!(response.rows[0].values["finalised_at"], json!("2026-11-23T04:11:08.123Z"));
    // What travels back still fits the hash.
    let items = [(response.rows[1].id, response.rows[1].values.clone())];
    assert_eq!(
        json!(content_hash(written.id, &response.rows[0].values, &items)),
        written.prescription["content_sha256"]
    );
}

#[tokio::test]
async fn a_nurse_gives_a_draft_under_the_name_that_the_server_knows_and_no_receptionist_gives_one() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Sunita")]).await;
    let given = |desk: &Desk, id: Uuid| {
        let columns = values(&[
            ("visit_date", json!("2026-11-23")),
            ("doctor_id", json!(desk.doctor)),
            ("patient_id", json!(patient)),
            ("clinic_id", json!(desk.clinic)),
            ("vitals", json!({"pulse": 72})),
            ("prepared_by", json!("Dr. Nobody")),
            ("prepared_at", json!("2026-11-23T04:11:08.123Z")),
            ("taken_up", json!([Uuid::now_v7()])),
        ]);
        vec![Change::insert(TableName::Prescriptions, id, columns)]
    };
    let discarded = |id: Uuid| {
        let set = [("status", json!("draft"), json!("discarded"))];
        vec![edit(TableName::Prescriptions, id, &set)]
    };
    for (role, expected) in [(Role::Receptionist, Fate::Quarantined), (Role::Nurse, Fate::Applied)] {
        let mut other = clinic.desk().await;
        other.user = person(&clinic, &other, role).await;
        other.token = token(&clinic, &other, other.user, role);
        let id = Uuid::now_v7();
        let changes = given(&other, id);
        let response = other.write(changes).await;
        assert_eq!(response.receipts[0].fate, expected, "{role:?}: {:?}", response.receipts[0]);
        if expected == Fate::Applied {
            assert_eq!(response.rows[0].values["prepared_by"], json!("Someone Else"));
            assert_eq!(response.rows[0].values["status"], json!("draft"));
            assert_eq!(response.rows[0].values["taken_up"].as_array().map(Vec::len), Some(1));
            // Two take it back who did not see each other.
            for desk in [&mut other, &mut desk] {
                let response = desk.write(discarded(id)).await;
                assert_eq!(response.receipts[0].fate, Fate::Applied, "{:?}", response.receipts[0]);
            }
        }
    }
}

#[tokio::test]
async fn a_draft_is_signed_later() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Sunita")]).await;
    let written = Written::by(&desk, patient);
    let mut draft = written.changes();
    for name in ["status", "finalised_at", "finalised_by", "content_sha256"] {
        draft[0].set.remove(name);
    }
    desk.write(draft).await;
    let set: Vec<(&str, Value, Value)> = ["finalised_at", "finalised_by", "content_sha256"]
        .map(|name| (name, json!(null), written.prescription[name].clone()))
        .into_iter()
        .chain([("status", json!("draft"), json!("finalised"))])
        .collect();
    let response = desk.write(vec![edit(TableName::Prescriptions, written.id, &set)]).await;
    assert_eq!(response.receipts[0].fate, Fate::Applied, "{:?}", response.receipts[0]);
}

#[tokio::test]
async fn a_signature_over_other_content_or_by_another_person_is_quarantined() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Sunita")]).await;
    let mut changed = Written::by(&desk, patient);
    changed.line.insert("dose_text".to_owned(), json!("1-1-1"));
    let mut other = Written::by(&desk, patient);
    other.prescription.insert("finalised_by".to_owned(), json!(Uuid::now_v7()));
    for written in [changed, other] {
        let response = desk.write(written.changes()).await;
        assert_eq!(response.receipts[0].code, Some(RefusalCode::BadValue));
        assert!(response.rows.is_empty());
    }
}

#[tokio::test]
async fn what_was_signed_can_be_voided_and_nothing_else_of_it_changes() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let (written, _) = signed(&mut desk).await;
    let advice = edit(TableName::Prescriptions, written.id, &[("advice", json!(null), json!("rest"))]);
    // Each from a computer of its own, as the first would block the ones after it.
    for change in [
        advice,
        edit(TableName::PrescriptionItems, written.line_id, &[("dose_text", json!("1-0-1"), json!("1-1-1"))]),
        {
            let mut line = Written::by(&desk, Uuid::nil()).line;
            line.insert("prescription_id".to_owned(), json!(written.id));
            Change::insert(TableName::PrescriptionItems, Uuid::now_v7(), line)
        },
    ] {
        let response = clinic.desk().await.write(vec![change]).await;
        assert_eq!(response.receipts[0].code, Some(RefusalCode::Fixed), "{:?}", response.receipts[0]);
    }
    let void = edit(
        TableName::Prescriptions,
        written.id,
        &[
            ("status", json!("finalised"), json!("voided")),
            ("void_reason", json!(null), json!("wrong patient")),
        ],
    );
    let response = desk.write(vec![void]).await;
    assert_eq!(response.receipts[0].fate, Fate::Applied);
    assert_eq!(response.rows[0].values["status"], json!("voided"));
}

#[tokio::test]
async fn of_a_signed_line_it_is_said_that_it_was_stopped_and_nothing_else() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let (written, _) = signed(&mut desk).await;
    let stop = |more: &[(&str, Value, Value)]| {
        let stop = [
            ("stopped_at", json!(null), json!("2026-11-25T04:11:08.123Z")),
            ("stop_reason", json!(null), json!("rash")),
        ];
        edit(TableName::PrescriptionItems, written.line_id, &[stop.as_slice(), more].concat())
    };
    let mut nurses = clinic.desk().await;
    nurses.user = person(&clinic, &nurses, Role::Nurse).await;
    assert_eq!(nurses.write(vec![stop(&[])]).await.receipts[0].code, Some(RefusalCode::NotAllowed));
    let with_more = stop(&[("dose_text", json!("1-0-1"), json!("1-1-1"))]);
    let answer = clinic.desk().await.write(vec![with_more]).await;
    assert_eq!(answer.receipts[0].code, Some(RefusalCode::Fixed));
    let answer = desk.write(vec![stop(&[])]).await;
    assert_eq!(answer.receipts[0].fate, Fate::Applied, "{:?}", answer.receipts[0]);
    let line = &answer.rows[0];
    assert_eq!(line.values["stop_reason"], json!("rash"));
    let rows = desk.rows().await;
    let signed = rows.iter().find(|row| row.id == written.id).expect("the prescription");
    let hash = content_hash(written.id, &signed.values, &[(line.id, line.values.clone())]);
    assert_eq!(json!(hash), signed.values["content_sha256"], "it is still what was signed");
    // What does not stand any more is not stopped.
    let void = [
        ("status", json!("finalised"), json!("voided")),
        ("void_reason", json!(null), json!("wrong patient")),
    ];
    desk.write(vec![edit(TableName::Prescriptions, written.id, &void)]).await;
    let again = [("stop_reason", json!("rash"), json!("itching"))];
    let answer = desk.write(vec![edit(TableName::PrescriptionItems, written.line_id, &again)]).await;
    assert_eq!(answer.receipts[0].code, Some(RefusalCode::Fixed));
}

#[tokio::test]
async fn not_even_the_operator_changes_a_signed_prescription_by_sql() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let (written, _) = signed(&mut desk).await;
    let db = clinic.server.database().ops_db().await;
    for sql in [
        "update prescriptions set advice = 'rest' where id = $1",
        "update prescriptions set status = 'draft' where id = $1",
        "update prescriptions set status = 'voided', diagnoses = '[1]' where id = $1",
        "delete from prescriptions where id = $1",
        "update prescription_items set dose_text = '1-1-1' where prescription_id = $1",
        "delete from prescription_items where prescription_id = $1",
    ] {
        let mut tx = db.write_unsynced(desk.tenant).await.expect("a transaction");
        let refused = sqlx::query(sql).bind(written.id).execute(&mut *tx).await.expect_err(sql);
        let refused = refused.as_database_error().and_then(|error| error.constraint().map(str::to_owned));
        assert_eq!(refused.as_deref(), Some("prescriptions_signed_check"), "{sql}");
    }
}

/// Signs a draft, and answers what became of a statement about its line that came meanwhile.
async fn while_it_is_signed(sql: &'static str) -> Option<String> {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Sunita")]).await;
    let mut written = Written::by(&desk, patient);
    for (column, value) in [
        ("status", json!("draft")),
        ("finalised_at", json!(null)),
        ("finalised_by", json!(null)),
        ("content_sha256", json!(null)),
    ] {
        written.prescription.insert(column.to_owned(), value);
    }
    let response = desk.write(written.changes()).await;
    assert_eq!(response.receipts[0].fate, Fate::Applied, "{:?}", response.receipts[0]);
    let db = clinic.server.database().ops_db().await;
    let mut signing = db.write(desk.tenant).await.expect("a transaction");
    sqlx::query(
        "update prescriptions set status = 'finalised', content_sha256 = repeat('0', 64), finalised_at = now(),
                finalised_by = $2
         where id = $1",
    )
    .bind(written.id)
    .bind(desk.user.0)
    .execute(&mut *signing)
    .await
    .expect("signed");
    let signer: i32 =
        sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut *signing).await.expect("its number");
    let (other, tenant, line) = (db.clone(), desk.tenant, written.line_id);
    let meanwhile = tokio::spawn(async move {
        let mut tx = other.write_unsynced(tenant).await.expect("a transaction");
        sqlx::query(sql).bind(line).execute(&mut *tx).await
    });
    let mut watching = db.write_unsynced(desk.tenant).await.expect("a transaction");
    let mut waits = false;
    while !waits {
        assert!(!meanwhile.is_finished(), "it did not wait for the signature");
        waits = sqlx::query_scalar(
            "select exists (select from pg_locks where not granted and $1 = any (pg_blocking_pids(pid)))",
        )
        .bind(signer)
        .fetch_one(&mut *watching)
        .await
        .expect("an answer");
    }
    signing.commit().await.expect("committed");
    let refused = meanwhile.await.expect("joined").expect_err("a signed prescription was changed");
    refused.as_database_error().and_then(|error| error.constraint().map(str::to_owned))
}

#[tokio::test]
async fn a_line_that_another_program_adds_while_the_prescription_is_being_signed_is_refused() {
    let refused = while_it_is_signed(
        "insert into prescription_items
         select (jsonb_populate_record(i, jsonb_build_object('id', gen_random_uuid(), 'position', 2))).*
         from prescription_items i where i.id = $1",
    );
    assert_eq!(refused.await.as_deref(), Some("prescriptions_signed_check"));
}

#[tokio::test]
async fn a_line_that_the_operator_deletes_while_the_prescription_is_being_signed_stays() {
    let refused = while_it_is_signed("delete from prescription_items where id = $1");
    assert_eq!(refused.await.as_deref(), Some("prescriptions_signed_check"));
}
