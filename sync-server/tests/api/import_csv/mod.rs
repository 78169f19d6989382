//! The patients of a spreadsheet come to a tenant.

mod hostile;
mod written;

use std::fmt::Write as _;
use std::path::PathBuf;

use clinic_sync::Db;
use clinic_sync::import::csv::{CsvOptions, Letters, Summary, preview, run};
use protocol::table::TableName;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use time::macros::date;

use crate::clinic::Clinic;
use crate::furnished::tenant_tables;

const REGISTER: &str = include_str!("register.csv");
const HINDI: &str = include_str!("hindi.csv");

/// A server with a tenant of one clinic, and whoever imports.
struct Office {
    clinic: Clinic,
    admin: PgConnection,
    ops: Db,
    folder: TempDir,
}

impl Office {
    async fn open() -> Self {
        let clinic = Clinic::open().await;
        let database = clinic.server.database();
        let admin = PgConnection::connect(&database.admin.0).await.expect("a connection");
        let ops = database.ops_db().await;
        Self { admin, ops, folder: TempDir::new().expect("a folder"), clinic }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Options for a file with these bytes, which write.
    fn sheet(&self, bytes: impl AsRef<[u8]>) -> CsvOptions {
        let path = self.path("sheet.csv");
        std::fs::write(&path, bytes).expect("a file");
        CsvOptions { tenant_code: Some(self.code()), write: true, ..options(path) }
    }

    fn code(&self) -> String {
        self.clinic.registered.tenant_code.clone()
    }

    async fn import(&self, options: &CsvOptions) -> Summary {
        run(&self.ops, options, &mut Vec::new()).await.expect("imported")
    }

    async fn refused(&self, options: &CsvOptions) -> String {
        let refused = run(&self.ops, options, &mut Vec::new()).await.expect_err("it is refused");
        format!("{refused:#}")
    }

    async fn texts(&mut self, sql: &str) -> Vec<String> {
        let sql = sql.replace("$t", &format!("'{}'", self.clinic.registered.tenant_id.0));
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut self.admin).await.expect("texts")
    }

    /// The patients, by number and name.
    async fn patients(&mut self) -> Vec<String> {
        self.texts(
            "select concat_ws(' | ', mobile_number, first_name, last_name, sex, date_of_birth, age_years, age_months)
             from clinic.patients where tenant_id = $t order by mobile_number, first_name, duplicate_ordinal",
        )
        .await
    }

    async fn everything(&mut self) -> Vec<String> {
        let mut everything = Vec::new();
        for table in tenant_tables(&mut self.admin).await {
            let sql = format!("select '{table} ' || to_jsonb(t)::text from clinic.{table} t order by 1");
            everything.extend(self.texts(&sql).await);
        }
        everything
    }
}

fn options(file: PathBuf) -> CsvOptions {
    CsvOptions {
        file,
        tenant_code: None,
        clinic_code: None,
        preview: false,
        map: Vec::new(),
        encoding: None,
        delimiter: None,
        month_first: false,
        ages_as_of: None,
        source: "csv".into(),
        result: None,
        write: false,
        json: false,
    }
}

/// So many lines, each of someone else.
fn people(count: usize) -> String {
    let mut lines = String::new();
    for n in 0..count {
        writeln!(lines, "Patient{n},+91 70000 {n:05},40,M").expect("a string takes all text");
    }
    lines
}

#[tokio::test]
async fn a_register_becomes_patients_with_all_that_its_lines_say() {
    let mut office = Office::open().await;
    let options = CsvOptions { ages_as_of: Some(date!(2024 - 01 - 05)), ..office.sheet(REGISTER) };
    let summary = office.import(&options).await;
    assert_eq!((summary.lines, summary.imported, summary.for_review, summary.blank), (12, 5, 2, 1));
    let patients = office
        .texts(
            "select concat_ws(' | ', mobile_number, alternate_mobile, mobile_raw, first_name, last_name, guardian_relation,
                              guardian_name, sex, date_of_birth, age_years, age_recorded_on, blood_group,
                              replace(address_line, E'\\n', '~'), city, state_code, pincode, allergy_status, needs_review)
             from clinic.patients where tenant_id = $t order by mobile_number, duplicate_ordinal",
        )
        .await;
    assert_eq!(
        patients[0],
        "+919820441276 | 98204 41276 | Sunita | Deshmukh | female | 1972-01-05 | 52 | 2024-01-05 | O+ | \
         12, Station Road~Near Temple | Mumbai | MH | 400053 | has_allergies | f"
    );
    assert_eq!(
        patients[1],
        "+919820441276 | 9820441276 | Sunita | Kale | female | 31 | 2024-01-05 | unknown | unknown | t"
    );
    assert_eq!(
        patients[2],
        "+919820441277 | +912224451234 | +91-98204-41277 / 022-24451234 | Ramesh | Patil | S/o | Suresh Patil | male | \
         34 | 2024-01-05 | unknown | none_known | f"
    );
    assert_eq!(
        patients[3],
        "+919820441282 | 9820441282 | Gita | Bai | unknown | 1972-01-05 | unknown | unknown | f"
    );
    assert!(
        patients[4].starts_with("+999") && patients[4].contains(" | Fatima | Shaikh | female | 29 | "),
        "{}",
        patients[4]
    );
    assert_eq!(patients.len(), 5);
    let allergies = "select substance_text from clinic.patient_allergies where tenant_id = $t order by 1";
    assert_eq!(office.texts(allergies).await, ["Penicillin", "dust"]);
    let clinics = "select distinct clinic_code from clinic.patients p
                   join clinic.clinics c on (c.tenant_id, c.id) = (p.tenant_id, p.registered_clinic_id)
                   where p.tenant_id = $t";
    assert_eq!(office.texts(clinics).await.len(), 1, "all in the first clinic");
    // What has no column of its own is found beside the patient.
    let shoes = "select original::jsonb ->> 'Shoe size' from clinic.legacy_keys
                 where tenant_id = $t and original::jsonb ? 'Shoe size'";
    assert_eq!(office.texts(shoes).await, ["7"]);
    let logged = office
        .texts("select changes::text from clinic.tenant_audit_log where tenant_id = $t and action = 'import'")
        .await;
    assert!(
        logged.len() == 1 && logged[0].contains("\"imported\": 5") && !logged[0].contains("Sunita"),
        "{logged:?}"
    );
}

#[tokio::test]
async fn a_landline_that_has_the_digits_of_a_mobile_number_is_not_taken_for_one() {
    let mut office = Office::open().await;
    let sheet = "Name,Mobile,Alternate No,Age,Sex\n\
                 Asha,,080-22223333,34,F\n\
                 Bina,0755-2551234,,34,F\n\
                 Gita,080-22223334,9820441276,34,F\n";
    let summary = office.import(&office.sheet(sheet)).await;
    assert_eq!((summary.imported, summary.for_review), (3, 2));
    let numbers =
        "select concat_ws(' | ', first_name, left(mobile_number, 4), alternate_mobile) from clinic.patients
                   where tenant_id = $t order by 1";
    assert_eq!(
        office.texts(numbers).await,
        ["Asha | +999 | +918022223333", "Bina | +999 | +917552551234", "Gita | +919 | +918022223334"]
    );
}

#[tokio::test]
async fn all_the_months_beside_the_years_are_no_months_beyond_them() {
    let mut office = Office::open().await;
    let sheet = "Name,Mobile,Age,Age in months,Sex\n\
                 Asha,9820441276,1,18,F\n\
                 Bina,9820441277,2,18,F\n";
    let summary = office.import(&office.sheet(sheet)).await;
    assert_eq!((summary.imported, summary.refused), (1, 1), "{summary:?}");
    assert!(summary.problems[0].contains("do not go with the years"), "{summary:?}");
    assert_eq!(office.patients().await, ["+919820441276 | Asha | female | 1 | 6"]);
}

#[tokio::test]
async fn a_dry_run_says_what_is_wrong_by_line_and_writes_nothing() {
    let mut office = Office::open().await;
    let before = office.everything().await;
    let ages_as_of = Some(date!(2024 - 01 - 05));
    let options = CsvOptions { write: false, ages_as_of, ..office.sheet(REGISTER) };
    let mut out = Vec::new();
    let summary = run(&office.ops, &options, &mut out).await.expect("a summary");
    assert_eq!(office.everything().await, before);
    let out = String::from_utf8(out).expect("text");
    for told in [
        "UTF-8, columns separated by commas, headings in line 3, 12 lines below them.",
        "line 6: Age/Sex: “m” can mean months or male",
        "line 7: Mobile No.: the spreadsheet program shortened the number",
        "line 9: D.O.B.: not a date",
        "line 11: Mobile No.: the number has too few digits; correct it, or leave the cell empty",
        "line 13: D.O.B.: nobody alive was born then",
        "line 14: Patient Name: there is no name in it",
        "The column \"Shoe size\" is not read: it is none of the fields. Something stands in it in 1 lines.",
        "1 × Blood Group: a word that is none of those which the column knows; it was left out.",
        "6 refused",
        "It would come to ",
        "Nothing was written; say --write to do it.",
    ] {
        assert!(out.contains(told), "{told}\n{out}");
    }
    assert!(!out.contains("Sunita") && !out.contains("98204"), "the terminal names no patient: {out}");
    let written = office.import(&CsvOptions { write: true, ..options }).await;
    assert_eq!(format!("{written:?}"), format!("{summary:?}"), "what was said is what was done");
}

#[tokio::test]
async fn a_sheet_brings_the_same_whatever_its_letters_separators_and_line_ends() {
    let text = "Name,Mobile,Age,Sex,City\nJosé Rane,98204 41276,34,M,\"Pune, \"\"Camp\"\"\"\nAsha,9820441277,8 months,F,Goa\n";
    let with = |delimiter: &str| text.replace(',', delimiter).replace(&format!("Pune{delimiter} "), "Pune, ");
    let utf16 =
        |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let windows: Vec<u8> =
        text.chars().map(|c| u8::try_from(u32::from(c)).expect("in Windows-1252")).collect();
    let sheets = [
        text.as_bytes().to_vec(),
        format!("\u{FEFF}{text}").into_bytes(),
        utf16(text, u16::to_le_bytes),
        utf16(text, u16::to_be_bytes),
        utf16(&format!("\u{FEFF}{text}"), u16::to_le_bytes),
        utf16(&format!("\u{FEFF}{text}"), u16::to_be_bytes),
        windows,
        with(";").into_bytes(),
        with("\t").into_bytes(),
        text.replace('\n', "\r\n").into_bytes(),
        text.replace('\n', "\r").into_bytes(),
        text.trim_end().as_bytes().to_vec(),
        format!("\n\n{}", text.replace("\nAsha", "\n\n\nAsha")).into_bytes(),
    ];
    for (place, sheet) in sheets.iter().enumerate() {
        let mut office = Office::open().await;
        let summary = office.import(&office.sheet(sheet)).await;
        assert_eq!((summary.imported, summary.refused), (2, 0), "{place}: {summary:?}");
        assert_eq!(
            office.patients().await,
            ["+919820441276 | José | Rane | male | 34", "+919820441277 | Asha | female | 0 | 8"],
            "{place}"
        );
        let cities = "select city from clinic.patients where tenant_id = $t order by mobile_number";
        assert_eq!(office.texts(cities).await, ["Pune, \"Camp\"", "Goa"], "{place}");
    }
}

#[tokio::test]
async fn what_is_told_of_a_sheet_goes_before_what_is_seen() {
    let mut office = Office::open().await;
    let windows = b"Wer;Fon;Alter\nJos\xE9;9820441276;34\n";
    let told = CsvOptions {
        encoding: Some(Letters::Windows1252),
        delimiter: Some(b';'),
        map: vec!["Wer=full_name".into(), "fon=mobile_number".into(), "Alter=age".into()],
        ..office.sheet(windows)
    };
    assert_eq!(office.import(&told).await.imported, 1);
    let broken = CsvOptions { encoding: Some(Letters::Utf8), source: "again".into(), ..told };
    assert_eq!(office.import(&broken).await.adaptations["A letter could not be read; � stands for it."], 1);
    let patients = office.patients().await;
    for patient in ["+919820441276 | José | unknown | 34", "+919820441276 | Jos� | unknown | 34"] {
        assert!(patients.contains(&patient.to_owned()), "{patients:?}");
    }
}

#[tokio::test]
async fn a_sheet_in_hindi_is_read_without_a_word_said() {
    let mut office = Office::open().await;
    assert_eq!(office.import(&office.sheet(HINDI)).await.adapted, 0);
    assert_eq!(
        office.patients().await,
        ["+919820441276 | सुनीता | देशमुख | female | 54", "+919820441277 | रमेश | पाटिल | male | 34"]
    );
}

#[tokio::test]
async fn a_preview_shows_how_a_sheet_is_read_and_asks_no_database() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("sheet.csv");
    std::fs::write(&path, REGISTER).expect("a file");
    let mut out = Vec::new();
    preview(&options(path), &mut out).expect("a preview");
    let out = String::from_utf8(out).expect("text");
    for told in [
        "UTF-8, columns separated by commas, headings in line 3",
        "→ (the line's number; not needed)",
        "→ age_and_sex",
        "→ (not read: it is none of the fields)",
        "mobile_number: +919820441276",
        "allergy: Penicillin",
        "guardian_name: Suresh Patil",
        "refused: Mobile No.: the spreadsheet program shortened the number",
        "nothing was done, and no database was asked",
    ] {
        assert!(out.contains(told), "{told}\n{out}");
    }
}

#[tokio::test]
async fn who_has_the_number_and_first_name_of_another_waits_for_review() {
    let mut office = Office::open().await;
    office.clinic.sql("update tenants set max_patients = 5000").await;
    let lines = people(1100);
    let sheet = format!("Name,Mobile,Age,Sex\nAsha Rane,9820441276,34,F\n{lines}ASHA Kale,9820441276,30,F\n");
    let summary = office.import(&office.sheet(sheet)).await;
    assert_eq!((summary.imported, summary.for_review), (1102, 1));
    let later =
        office.import(&office.sheet("Name,Mobile,Age\nasha,098204 41276,1\nUsha,9820441276,2\n")).await;
    assert_eq!((later.imported, later.for_review), (2, 1));
    assert_eq!(
        later.adaptations["The number and the first name are those of another patient; for review."],
        1
    );
    let marked = office
        .texts(
            "select concat_ws(' ', first_name, last_name, duplicate_ordinal, needs_review) from clinic.patients
             where tenant_id = $t and mobile_number = '+919820441276' order by first_name_norm, duplicate_ordinal",
        )
        .await;
    assert_eq!(marked, ["Asha Rane 0 f", "ASHA Kale 1 t", "asha 2 t", "Usha 0 f"]);
    let rows = office.clinic.desk().await.rows().await;
    let patients = rows.iter().filter(|row| row.table == TableName::Patients);
    let review = patients.clone().filter(|row| row.values["needs_review"] == json!(true));
    assert_eq!((patients.count(), review.count()), (1104, 2), "desktops receive them");
}

#[tokio::test]
async fn the_plan_the_tenant_and_the_clinic_must_be_there_and_have_room() {
    let mut office = Office::open().await;
    let before = office.everything().await;
    let sheet = "Name,Mobile,Age\nAsha,9820441276,34\n";
    for (options, why) in [
        (
            CsvOptions { tenant_code: Some("NOBODY".into()), ..office.sheet(sheet) },
            "There is no tenant NOBODY",
        ),
        (CsvOptions { clinic_code: Some("BANDRA".into()), ..office.sheet(sheet) }, "has no clinic BANDRA"),
        (CsvOptions { source: "a b".into(), ..office.sheet(sheet) }, "A source has"),
        (CsvOptions { file: office.path("none.csv"), ..office.sheet(sheet) }, "cannot be opened"),
        (CsvOptions { map: vec!["Nmae=full_name".into()], ..office.sheet(sheet) }, "no column \"Nmae\""),
    ] {
        let refused = office.refused(&options).await;
        assert!(refused.contains(why), "{refused}");
    }
    assert_eq!(office.everything().await, before);
    office.clinic.sql("update tenants set max_patients = 1").await;
    assert_eq!(office.import(&office.sheet(sheet)).await.imported, 1);
    let refused = office.refused(&office.sheet("Name,Mobile,Age\nUsha,9820441277,34\n")).await;
    assert!(refused.contains("no room for so many patients"), "{refused}");
    assert_eq!(office.patients().await.len(), 1);
}

#[tokio::test]
async fn an_import_that_breaks_off_leaves_nothing() {
    let mut office = Office::open().await;
    office.clinic.sql("update tenants set max_patients = 5000").await;
    let before = office.everything().await;
    let lines = people(3000);
    let options = office.sheet(format!("Name,Mobile,Age,Sex\n{lines}"));
    let importing = async { run(&office.ops, &options, &mut Vec::new()).await };
    let (imported, ()) = tokio::join!(importing, office.clinic.cut_import());
    imported.expect_err("its connection is gone");
    assert_eq!(office.everything().await, before);
    assert_eq!(office.import(&options).await.imported, 3000);
}
