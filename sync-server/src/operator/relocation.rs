//! `clinic-sync clinic move`.

use std::io::Write;

use serde_json::json;

use super::options::ClinicMove;
use super::{called, find_tenant};
use crate::Db;
use crate::clinic_move::{self, Move, Report};
use crate::files::Files;

/// Moves a clinic to another tenant, or tells what that would do.
pub(super) async fn move_clinic(
    db: &Db,
    files: &Files,
    options: ClinicMove,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (source, source_code) = find_tenant(db, &options.tenant_code).await?;
    let (target, target_code) = find_tenant(db, &options.to_tenant_code).await?;
    let wanted = Move {
        source,
        target,
        clinic_code: options.clinic_code,
        new_code: options.new_clinic_code,
        with_patients: !options.without_patients,
        leaves_missing_files: options.leave_missing_files,
    };
    let report = clinic_move::run(db, files, &wanted, options.yes).await?;
    if options.output.json {
        let mut answer = serde_json::to_value(&report)?;
        answer["tenant_code"] = json!(source_code);
        answer["to_tenant_code"] = json!(target_code);
        answer["moved"] = json!(options.yes);
        return Ok(writeln!(out, "{answer:#}")?);
    }
    let from = called(&mut *db.read(source).await?, source).await?;
    let to = called(&mut *db.read(target).await?, target).await?;
    writeln!(out, "From {from} to {to}:")?;
    write_report(out, &report, [&source_code, &target_code])?;
    if options.yes {
        writeln!(
            out,
            "The clinic is {} of {target_code} now, and closed in {source_code}, which keeps all that it had. If one of \
             its computers sends something to {source_code} yet, the same command once more brings it; then revoke \
             the computers there and enrol them here with `device code`.",
            report.clinic_code
        )?;
    } else {
        writeln!(
            out,
            "Nothing was changed. Let the computers of the clinic send what waits; then say --yes to do it."
        )?;
    }
    Ok(())
}

fn write_report(
    out: &mut impl Write,
    report: &Report,
    [source_code, target_code]: [&str; 2],
) -> anyhow::Result<()> {
    for (table, count) in &report.rows {
        let there = [
            (count.updated, "brought up to date"),
            (count.merged, "changed in both and merged"),
            (count.there, "there already"),
        ];
        if count.copied > 0 || there.iter().any(|(number, _)| *number > 0) {
            write!(out, "{:9} {table}", count.copied)?;
            for (number, words) in there.iter().filter(|(number, _)| *number > 0) {
                write!(out, ", {number} {words}")?;
            }
            writeln!(out)?;
        }
    }
    let staff = report.staff;
    writeln!(
        out,
        "Staff: {} new in {target_code}, {} known there, {} admins stay.",
        staff.added, staff.known, staff.left
    )?;
    if staff.closed > 0 {
        writeln!(
            out,
            "Of the accounts known there, {} are closed and stay so: these people sign in only once an admin of \
             {target_code} has opened theirs.",
            staff.closed
        )?;
    }
    if staff.everywhere > 0 {
        writeln!(
            out,
            "{} more work in every clinic of the old tenant and stay there; whoever is to go along is added with `user \
             add`.",
            staff.everywhere
        )?;
    }
    writeln!(
        out,
        "Patients: {} are known to other clinics of the old tenant too; {} are marked for review, since {target_code} \
         has one with the same number and name.",
        report.patients_also_elsewhere, report.patients_to_review
    )?;
    writeln!(
        out,
        "Prescribers: {} profiles are not active in {target_code}. Computers to enrol anew: {}.",
        report.inactive_doctors, report.computers
    )?;
    let files = report.files;
    if files.there + files.missing > 0 {
        writeln!(
            out,
            "Attached files: {} go along; {} that their records call stored are not in the place of the files.",
            files.there, files.missing
        )?;
    }
    if report.patients_beyond_plan > 0 {
        writeln!(
            out,
            "{} patients are more than the plan of {target_code} has room for. They are kept, and marked.",
            report.patients_beyond_plan
        )?;
    }
    if report.questions > 0 {
        writeln!(
            out,
            "{} questions wait in {target_code} for a person: both tenants changed the same since the last move.",
            report.questions
        )?;
    }
    if report.refused_left > 0 {
        writeln!(
            out,
            "{} refused changes about its patients wait for an admin of {source_code}, and stay there. Once they are \
             settled there, the same command once more brings what was let in.",
            report.refused_left
        )?;
    }
    for notice in &report.notices {
        writeln!(out, "{target_code}: {}", notice.detail)?;
    }
    Ok(())
}
