//! A clinic leaves its tenant for another one of this server.
//!
//! Both tenants are locked against writers; everything is copied into the other tenant in one transaction, and the
//! clinic is closed in its own in a second, which is committed right after. Should that second one fail, nothing is
//! lost: the same command, run again, finds what is there and finishes. Attached files are copied before that, so that no row
//! calls stored what is not there. What the old tenant had, it keeps, as it was: its other clinics may know the patients,
//! and what is signed is never removed.

mod attachments;
mod catch_up;
mod choose;
mod copy;
mod own_keys;
mod staff;
pub(crate) mod statements;

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use protocol::api::Notice;
use protocol::audit::Action;
use protocol::id::TenantId;
use protocol::table::TableName;
use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

pub use attachments::FileCounts;
pub use copy::RowCounts;
pub use staff::StaffCounts;

use crate::audit::{self, Event, Lane};
use crate::files::Files;
use crate::limits::{Counts, Plan};
use crate::sync::conflicts;
use crate::{Db, TenantWriteTx};
use attachments::{Attachments, Carried};
use catch_up::LastMove;
use choose::choose;
use copy::Copier;

/// So many rows are read and written at once.
const CHUNK: usize = 500;

/// Which clinic goes where.
#[derive(Clone, Debug)]
pub struct Move {
    /// Its tenant.
    pub source: TenantId,
    /// The tenant to which it goes.
    pub target: TenantId,
    /// Its code.
    pub clinic_code: String,
    /// Its code in the other tenant, if it changes.
    pub new_code: Option<String>,
    /// Whether its patients and all that was done for them are copied.
    pub with_patients: bool,
    /// Whether it goes although attached files are lost that their records call stored.
    pub leaves_missing_files: bool,
}

/// What a move did, or would do.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The clinic.
    pub clinic_id: Uuid,
    /// Its code in the other tenant.
    pub clinic_code: String,
    /// Rows of every table.
    pub rows: BTreeMap<&'static str, RowCounts>,
    /// Attached files.
    pub files: FileCounts,
    /// People.
    pub staff: StaffCounts,
    /// Profiles of prescribers that are not active in the other tenant: they have another one there, or were only
    /// visiting.
    pub inactive_doctors: usize,
    /// Patients whom other clinics of the old tenant know as well.
    pub patients_also_elsewhere: usize,
    /// Patients with the number and the name of one of the other tenant, marked for review.
    pub patients_to_review: usize,
    /// Patients for whom the other tenant's plan has no room; they are kept, and marked.
    pub patients_beyond_plan: usize,
    /// Questions for a person of the other tenant, since both tenants changed a row after the clinic had moved before.
    pub questions: usize,
    /// Refused changes about the clinic's patients that wait for an admin of the old tenant, and stay there.
    pub refused_left: usize,
    /// Computers of the clinic, which send what waits to the old tenant and are then enrolled in the new one.
    pub computers: i64,
    /// How the other tenant's plan stands afterwards.
    pub notices: Vec<Notice>,
}

/// Moves a clinic, or only tells what a move would do.
///
/// # Errors
///
/// Sentences for the operator; then nothing was changed, unless they say so.
pub async fn run(db: &Db, files: &Files, wanted: &Move, is_meant: bool) -> anyhow::Result<Report> {
    ensure!(wanted.source != wanted.target, "The clinic is in that tenant already.");
    let ahead = files_ahead(db, files, wanted, is_meant).await?;
    let mut from = db.write(wanted.source).await?;
    let mut to = db.write(wanted.target).await?;
    for tx in [&mut from, &mut to] {
        unhurried(tx).await?;
    }
    let (source, target) = (wanted.source, wanted.target);
    let report = copy_all(&mut from, &mut to, wanted, (files, is_meant, &ahead)).await?;
    if !is_meant {
        return Ok(report);
    }
    close(&mut from, source, report.clinic_id).await?;
    let was_moved = LastMove::of(&mut from, &mut to, [source, target], report.clinic_id).await?.is_some();
    // Without its patients they are not the same in both: what changed of them is still to come.
    if wanted.with_patients || !was_moved {
        let (clinic, with_patients) = (report.clinic_id, wanted.with_patients);
        let [here, there] = [from.version(), to.version()];
        catch_up::remember(&mut from, source, clinic, target, [here, there], with_patients).await?;
        // Should the source not be closed in the end, another write takes the version that is taken here.
        catch_up::remember(&mut to, target, clinic, source, [there, here - 1], with_patients).await?;
    }
    for (tx, tenant, way) in [(&mut from, wanted.source, "out"), (&mut to, wanted.target, "in")] {
        let event = Event {
            clinic: Some(report.clinic_id),
            changes: Some(
                json!({ "command": "clinic move", "way": way, "rows": report.rows, "files": report.files }),
            ),
            ..Event::new(Action::OperatorAccess)
        };
        audit::record(tx, tenant, Lane::Operator, &event).await?;
    }
    finish(from, to).await?;
    Ok(report)
}

/// Lets a transaction take its time, and rows come in any order.
async fn unhurried(tx: &mut PgConnection) -> anyhow::Result<()> {
    sqlx::raw_sql(
        "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0;
         set constraints all deferred",
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Copies the attached files, or looks for them, while both tenants work on: under the locks only those are left that come
/// meanwhile.
async fn files_ahead(db: &Db, files: &Files, wanted: &Move, is_meant: bool) -> anyhow::Result<Carried> {
    let tenants @ [source, target] = [wanted.source, wanted.target];
    let mut from = db.read(source).await?;
    let mut to = db.read(target).await?;
    for tx in [&mut from, &mut to] {
        unhurried(tx).await?;
    }
    let clinic = find_clinic(&mut from, source, &code_of(wanted)).await?;
    let chosen = choose(&mut from, &mut to, tenants, clinic, wanted.with_patients).await?;
    let attachments = Attachments::of(&mut from, source, &chosen).await?;
    drop((from, to));
    attachments.carry(files, wanted, is_meant, &Carried::default()).await
}

fn code_of(wanted: &Move) -> String {
    wanted.clinic_code.trim().to_uppercase()
}

async fn find_clinic(from: &mut PgConnection, source: TenantId, code: &str) -> anyhow::Result<Uuid> {
    sqlx::query_scalar!(
        "select id from clinics where tenant_id = $1 and clinic_code = $2 and deleted_at is null",
        source.0,
        code
    )
    .fetch_optional(from)
    .await?
    .with_context(|| format!("The tenant has no clinic {code}."))
}

async fn copy_all(
    from: &mut PgConnection,
    to: &mut PgConnection,
    wanted: &Move,
    (files, is_meant, ahead): (&Files, bool, &Carried),
) -> anyhow::Result<Report> {
    let (source, target) = (wanted.source, wanted.target);
    let code = code_of(wanted);
    let clinic = find_clinic(from, source, &code).await?;
    let clinic_code = wanted.new_code.as_ref().map_or(code, |code| code.trim().to_uppercase());
    ensure!(
        crate::auth::code::is_clinic_code(&clinic_code),
        "A clinic's code has 2 to 20 letters and digits; it is part of every prescription's number."
    );
    let is_taken = sqlx::query_scalar!(
        r#"select exists (
               select from clinics where tenant_id = $1 and clinic_code = $2 and id <> $3
           ) as "taken!""#,
        target.0,
        clinic_code,
        clinic
    )
    .fetch_one(&mut *to)
    .await?;
    if is_taken {
        bail!("The other tenant has a clinic {clinic_code}; give this one another code there.");
    }
    let chosen = choose(from, to, [source, target], clinic, wanted.with_patients).await?;
    let staff = staff::copy(from, to, [source, target], clinic, &chosen).await?;
    let plan = Plan::of(to, target).await?;
    let last_move = LastMove::of(from, to, [source, target], clinic).await?;
    let mut copier = Copier {
        source,
        target,
        clinic,
        clinic_code: &clinic_code,
        chosen: &chosen,
        staff: &staff,
        // Whatever both have of patients who did not go with it came some other time, with another clinic.
        last_move: last_move.filter(|last| last.with_patients || !wanted.with_patients),
        room: Counts::default().room(to, target, &plan).await?,
        beyond_plan: 0,
        copied: Vec::new(),
        asked: 0,
        to_review: 0,
        inactive_doctors: 0,
    };
    let rows = copier.copy_all(from, to).await?;
    let (to_review, inactive_doctors, questions) = (copier.to_review, copier.inactive_doctors, copier.asked);
    let beyond_plan = copier.beyond_plan;
    own_keys::copy(from, to, [source, target], &chosen).await?;
    let attachments = Attachments::of(from, source, &chosen).await?;
    let carried = attachments.carry(files, wanted, is_meant, ahead).await?;
    carried.mark(to, target).await?;
    open_clinic(to, target, clinic, &clinic_code).await?;
    conflicts::ask_about_marked(to, target).await?;
    let patients = chosen.of(TableName::Patients);
    Ok(Report {
        clinic_id: clinic,
        rows,
        files: carried.counts(),
        staff: staff.counts,
        inactive_doctors,
        patients_also_elsewhere: choose::seen_elsewhere(from, source, clinic, &patients).await?,
        patients_to_review: to_review,
        patients_beyond_plan: beyond_plan,
        questions,
        refused_left: chosen.refused,
        computers: sqlx::query_scalar!(
            r#"select count(*) as "count!" from devices
               where tenant_id = $1 and clinic_id = $2 and revoked_at is null"#,
            source.0,
            clinic
        )
        .fetch_one(from)
        .await?,
        notices: Counts::default().notices_now(to, target).await?,
        clinic_code,
    })
}

/// The clinic works in the other tenant, also if it had been closed there before.
async fn open_clinic(
    to: &mut PgConnection,
    target: TenantId,
    clinic: Uuid,
    code: &str,
) -> anyhow::Result<()> {
    sqlx::query!(
        "update clinics set is_active = true, clinic_code = $3
         where tenant_id = $1 and id = $2 and (not is_active or clinic_code <> $3)",
        target.0,
        clinic,
        code
    )
    .execute(to)
    .await?;
    Ok(())
}

/// The clinic takes no new computers in its old tenant; another one becomes the first, if it was that.
async fn close(from: &mut PgConnection, source: TenantId, clinic: Uuid) -> anyhow::Result<()> {
    sqlx::query!(
        "update clinics set is_active = false where tenant_id = $1 and id = $2 and is_active",
        source.0,
        clinic
    )
    .execute(&mut *from)
    .await?;
    let next = sqlx::query_scalar!(
        "select n.id from clinics n
         join clinics c on c.tenant_id = n.tenant_id and c.id = $2 and c.is_primary
         where n.tenant_id = $1 and c.tenant_id = $1 and n.id <> $2 and n.is_active and n.deleted_at is null
         order by n.created_at, n.id limit 1",
        source.0,
        clinic
    )
    .fetch_optional(&mut *from)
    .await?;
    if let Some(next) = next {
        // One after the other: the index that keeps them apart looks at each statement.
        sqlx::query!(
            "update clinics set is_primary = false where tenant_id = $1 and id = $2",
            source.0,
            clinic
        )
        .execute(&mut *from)
        .await?;
        sqlx::query!("update clinics set is_primary = true where tenant_id = $1 and id = $2", source.0, next)
            .execute(&mut *from)
            .await?;
    }
    sqlx::query!(
        "delete from enrolment_codes where tenant_id = $1 and clinic_id = $2 and used_at is null",
        source.0,
        clinic
    )
    .execute(from)
    .await?;
    Ok(())
}

/// What refers to something that is not there is found before anything is kept.
async fn finish(mut from: TenantWriteTx, mut to: TenantWriteTx) -> anyhow::Result<()> {
    for tx in [&mut from, &mut to] {
        sqlx::raw_sql("set constraints all immediate")
            .execute(&mut **tx)
            .await
            .context("A row refers to one that is not there; nothing was changed.")?;
    }
    to.commit().await?;
    from.commit().await.context(
        "The clinic is in the other tenant, and could not be closed in its own. Nothing is lost; run the same command \
         again.",
    )
}
