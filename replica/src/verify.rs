//! Whether this computer's data is whole.

use ed25519_dalek::VerifyingKey;
use protocol::id::{PatientId, PrescriptionId};
use protocol::mutation::{Hash, SignedMutation};
use protocol::prescription::content_hash;
use protocol::signing::parse_public_key;
use protocol::table::TableName;
use rusqlite::OptionalExtension;
use serde::Serialize;
use serde_json::{Value, json};

use crate::chart::items;
use crate::error::{Error, Result};
use crate::replica::{Replica, must_get, text};
use crate::store::{self, OwnKeys, OwnSignature, Past};

/// What was checked, and what was found.
#[derive(Debug, Default, Serialize)]
pub struct Verification {
    /// Patients on this computer.
    pub patients: u32,
    /// Signed prescriptions whose content was hashed again.
    pub prescriptions: u32,
    /// Those of them that bear no signature of an own key: their doctor had none yet.
    pub without_own_signature: u32,
    /// Mutations whose hash, chain and signature were checked.
    pub mutations: u32,
    /// Those of them that their author's own key had to sign, and that were compared with it.
    pub own_signatures: u32,
    /// Attached files on this computer that were opened and hashed again.
    pub files: u32,
    /// What is wrong, in words without patients' data.
    pub problems: Vec<String>,
}

impl Verification {
    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.problems.is_empty()
    }
}

impl Replica {
    /// The ends of the tenant's audit log that this computer keeps, in the form that `clinic-sync audit verify
    /// --head-file` reads.
    pub fn log_ends(&self) -> Result<Value> {
        let heads: Vec<Value> = self
            .store
            .kept_ends()?
            .into_iter()
            .map(|(lane, (seq, hash))| json!({ "lane": lane, "seq": seq, "hash": hash }))
            .collect();
        Ok(json!({ "tenants": [{ "tenant_id": self.facts.tenant_id, "heads": heads }] }))
    }

    /// Checks the file, the finder, the chain of mutations, the content of every signed prescription and every attached
    /// file that is here.
    pub fn verify(&self) -> Result<Verification> {
        let mut report = self.verify_database()?;
        let (n_files, wrong) = self.store.check_files()?;
        report.files = n_files;
        report
            .problems
            .extend(wrong.iter().map(|sha256| format!("the attached file {sha256} is missing or damaged")));
        Ok(report)
    }

    fn verify_database(&self) -> Result<Verification> {
        self.store.read(|tx| {
            let mut report = Verification::default();
            let count = |sql: &str| tx.query_row(sql, [], |row| row.get::<_, u32>(0));
            report.patients = count("select count(*) from patients where is_deleted = 0")?;
            // Also opens the finders: one that was open before would be checked against what it was then.
            let found = count("select count(*) from finder")?;
            count("select count(*) from medicine_finder")?;
            for check in ["pragma integrity_check", "pragma cipher_integrity_check"] {
                let mut statement = tx.prepare(check)?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    let answer: String = row.get(0)?;
                    if answer != "ok" {
                        report.problems.push(format!("the database file: {answer}"));
                    }
                }
            }
            if found != report.patients {
                report.problems.push(format!("the finder knows {found} of {} patients", report.patients));
            }
            let own_keys = store::own_keys(tx)?;
            check_mutations(tx, &self.device_key(), &store::past(tx)?, &own_keys, &mut report)?;
            let mut statement = tx.prepare(
                "select id from prescriptions where status in ('finalised', 'superseded', 'voided') and is_deleted = 0",
            )?;
            let ids = statement.query_map([], |row| row.get::<_, String>(0))?;
            for id in ids {
                let id: PrescriptionId = id?.parse().map_err(|_| Error::NotFound)?;
                let stored = store::get_row(tx, TableName::Prescriptions, id.0)?.ok_or(Error::NotFound)?;
                let hash = content_hash(id.0, &stored.values, &items(tx, id)?).to_string();
                if hash != text(&stored.values, "content_sha256") {
                    report.problems.push(format!("prescription {id} is not as it was signed"));
                }
                match own_keys.judge(id.0, &stored) {
                    OwnSignature::Good | OwnSignature::Unknown => {}
                    OwnSignature::None => report.without_own_signature += 1,
                    OwnSignature::Wrong => {
                        let wrong = "no key that is known as its doctor's signed it";
                        report.problems.push(format!("prescription {id}: {wrong}"));
                    }
                }
                report.prescriptions += 1;
            }
            Ok(report)
        })
    }

    /// The prescription of this printed number with its lines, every column as stored, and the hash of its
    /// content computed anew. That it was looked at is noted.
    pub fn export_prescription(&self, number: &str) -> Result<Value> {
        self.must_read_clinical()?;
        let (id, patient, shown) = self.store.read(|tx| {
            let mut find = tx.prepare("select id from prescriptions where prescription_number = ?1")?;
            let id: Option<String> = find.query_row([number], |row| row.get(0)).optional()?;
            let id = PrescriptionId(id.and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?);
            let values = must_get(tx, TableName::Prescriptions, id.0)?;
            let patient: PatientId = text(&values, "patient_id").parse().map_err(|_| Error::StoreDamaged)?;
            let items = items(tx, id)?;
            let hash = content_hash(id.0, &values, &items).to_string();
            let items: Vec<Value> =
                items.into_iter().map(|(id, item)| json!({ "id": id, "values": item })).collect();
            let shown = json!({ "id": id, "values": values, "items": items, "computed_sha256": hash });
            Ok((id, patient, shown))
        })?;
        self.note_view_of((TableName::Prescriptions, id.0), patient);
        Ok(shown)
    }
}

fn check_mutations(
    tx: &rusqlite::Transaction<'_>,
    key: &VerifyingKey,
    past: &[Past],
    own_keys: &OwnKeys,
    report: &mut Verification,
) -> Result<()> {
    let mut statement =
        tx.prepare("select body, previous_hash, hash, signature, own_signature, sequence from mutations order by sequence")?;
    let mut rows = statement.query([])?;
    let mut previous = Hash::ZERO;
    while let Some(row) = rows.next()? {
        let sequence: i64 = row.get(5)?;
        let hash = |text: String| Hash::parse(&text).unwrap_or(Hash::ZERO);
        let signed = SignedMutation {
            body: row.get(0)?,
            previous_hash: hash(row.get(1)?),
            hash: hash(row.get(2)?),
            signature: row.get(3)?,
            own_signature: row.get(4)?,
        };
        // Before its disk was copied, this computer signed with another key.
        let earlier = past.iter().find(|past| sequence <= past.until);
        let earlier = earlier.and_then(|past| parse_public_key(&past.public_key));
        match signed.open(earlier.as_ref().unwrap_or(key)) {
            Err(error) => report.problems.push(format!("change {sequence}: {error}")),
            Ok(mutation) if mutation.needs_own_signature() => {
                if let Some(own) = own_keys.of_mutation(&mutation) {
                    report.own_signatures += 1;
                    if !signed.is_signed_by(&own) {
                        let wrong = "does not bear the signature of the person in whose name it is";
                        report.problems.push(format!("change {sequence} {wrong}"));
                    }
                }
            }
            Ok(_) => {}
        }
        if signed.previous_hash != previous {
            report.problems.push(format!("change {sequence} does not follow the one before it"));
        }
        previous = signed.hash;
        report.mutations += 1;
    }
    Ok(())
}
