//! What was brought is not brought again, and the result says what became of each line.

use clinic_sync::archive::Doors;
use clinic_sync::archive::command::{ArchiveCommand, LockOptions, TenantExport, run as run_archive};

use super::*;

/// The cells of a sheet.
fn cells(path: &std::path::Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("a result");
    let text = text.strip_prefix('\u{FEFF}').expect("the mark of UTF-8");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let records = reader.records().map(|record| record.expect("a record"));
    records.map(|record| record.iter().map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn the_result_says_of_every_line_what_became_of_it() {
    let office = Office::open().await;
    let sheet = "Name,Mobile,Age,City\n\
                 Asha,+919820441276,34,=1+1\n\
                 Usha,98204,34,\n\
                 Asha,+919820441276,34,=1+1\n\
                 ,,,\n\
                 Mrs. Gita Bai,9820441277,,Goa\n\
                 Asha,9820441276,1 2,x,y\n";
    let options = CsvOptions { result: Some(office.path("result.csv")), ..office.sheet(sheet) };
    let summary = office.import(&options).await;
    assert_eq!((summary.imported, summary.refused, summary.twice, summary.blank), (2, 2, 1, 1));
    let result = cells(&office.path("result.csv"));
    assert_eq!(result[0], ["line", "outcome", "what was said", "Name", "Mobile", "Age", "City"]);
    assert_eq!(result[1], ["2", "imported", "", "Asha", "'+919820441276", "34", "'=1+1"]);
    assert_eq!(result[2][..2], ["3", "refused"]);
    assert!(result[2][2].starts_with("Mobile: the number has too few digits"), "{:?}", result[2]);
    assert_eq!(result[3][..2], ["4", "the same as line 2"]);
    assert_eq!(result[4][..2], ["5", "blank"]);
    assert_eq!(result[5][..2], ["6", "imported for review"]);
    assert!(result[5][2].contains("neither age nor date of birth"), "{:?}", result[5]);
    assert_eq!(result[6][..2], ["7", "refused"]);
    assert!(result[6][2].contains("The line has 5 cells and there are 4 headings"), "{:?}", result[6]);
    assert!(result[6][2].contains("Age: it is no age."), "every problem of a line is told: {:?}", result[6]);
    assert_eq!(result.len(), 7);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(office.path("result.csv")).expect("a file").permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    let refused = office.refused(&options).await;
    assert!(refused.contains("is there already"), "a result is never written over: {refused}");
    let dry =
        CsvOptions { result: Some(office.path("dry.csv")), write: false, source: "other".into(), ..options };
    office.import(&dry).await;
    assert_eq!(cells(&office.path("dry.csv"))[1][1], "would be imported for review", "it is there by now");
}

#[tokio::test]
async fn a_column_of_deletions_in_which_nothing_stands_leaves_nobody_out() {
    let office = Office::open().await;
    let sheet = "Name,Mobile,Age,deleted_at,merged_into_id\n\
                 Asha,9820441276,34,NULL,NULL\n\
                 Usha,9820441277,40,0000-00-00 00:00:00,-\n\
                 Gita,9820441278,50,no,\n\
                 Lata,9820441279,60,2024-01-05 10:00:00,\n";
    let summary = office.import(&office.sheet(sheet)).await;
    assert_eq!((summary.imported, summary.left_out), (3, 1));
}

#[tokio::test]
async fn a_sheet_that_is_imported_again_brings_what_it_did_not_bring_before() {
    let mut office = Office::open().await;
    let first =
        "S.No,Name,Mobile,Age,Note\n1,Asha,9820441276,34,\n2,Usha,98204,40,\n3,Gita,9820441278,50,old\n";
    let result = CsvOptions { result: Some(office.path("result.csv")), ..office.sheet(first) };
    assert_eq!(office.import(&result).await.imported, 2);
    let patients = office.patients().await;
    let again = office.import(&office.sheet(first)).await;
    assert_eq!((again.imported, again.here, again.refused), (0, 2, 1));
    // Sorted, with other numbers, other columns' order and as UTF-16: its lines say the same.
    let sorted = "Mobile\tName\tAge\tNote\tS.No\n9820441278\tGita\t50\told\t1\n9820441277\tUsha\t40\t\t2\n9820441276\tAsha\t34\t\t3\n";
    let sorted: Vec<u8> = sorted.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let corrected = office.import(&office.sheet(sorted)).await;
    assert_eq!((corrected.imported, corrected.here, corrected.refused), (1, 2, 0));
    assert_eq!(office.patients().await.len(), patients.len() + 1);
    // The result is a sheet that can be corrected and imported, guards and all.
    let text = std::fs::read_to_string(office.path("result.csv")).expect("a result");
    let from_result = office.import(&office.sheet(text.replace("Usha,98204,", "Usha,'+919820441277,"))).await;
    assert_eq!(
        (from_result.imported, from_result.for_review, from_result.here),
        (1, 1, 2),
        "Usha is there by now"
    );
    // Another sheet may have the same line for somebody else.
    let other =
        CsvOptions { source: "branch".into(), ..office.sheet("Name,Mobile,Age\nAsha,9820441276,34\n") };
    assert_eq!(office.import(&other).await.for_review, 1);
    // Who was deleted meanwhile stays so.
    office.clinic.sql("update patients set deleted_at = now() where first_name = 'Gita'").await;
    assert_eq!(office.import(&office.sheet(first)).await.imported, 0);
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_is_not_imported() {
    let mut office = Office::open().await;
    let lines = people(5000);
    let sheet = format!("Name,Mobile,Age,Sex\n{lines}");
    let options = office.sheet(&sheet);
    office.clinic.sql("update tenants set max_patients = 9000").await;
    let before = office.patients().await;
    let (path, url) = (options.file.clone(), office.clinic.server.database().admin.0.clone());
    let changing = async {
        let mut other = PgConnection::connect(&url).await.expect("a connection");
        loop {
            let is_begun: bool = sqlx::query_scalar(
                "select exists (select from pg_stat_activity
                                where datname = current_database() and query like 'insert into patients%')",
            )
            .fetch_one(&mut other)
            .await
            .expect("an answer");
            if is_begun {
                break;
            }
            tokio::task::yield_now().await;
        }
        // In place, as an editor may.
        let last = sheet.replace("Patient4999", "Patient0000");
        let mut file = std::fs::File::options().write(true).open(path).expect("the file");
        std::io::Write::write_all(&mut file, last.as_bytes()).expect("written");
    };
    let importing = async { run(&office.ops, &options, &mut Vec::new()).await };
    let (imported, ()) = tokio::join!(importing, changing);
    let refused = imported.expect_err("it changed").to_string();
    assert!(refused.contains("The file changed while it was read."), "{refused}");
    assert_eq!(office.patients().await, before);
}

#[tokio::test]
async fn what_clinic_desk_exports_as_sheets_comes_back() {
    let mut office = Office::open().await;
    let sheet = "Name,Mobile,Age,Sex,City,Allergies,Chronic conditions,DOB,Alerts\n\
                 Asha Rane,9820441276,,F,-Pune,none,\"asthma, gout\",05/01/1990,@home\n\
                 Gone,9820441277,34,M,,,,,\n";
    office.import(&office.sheet(sheet)).await;
    office.clinic.sql("update patients set deleted_at = now() where first_name = 'Gone'").await;
    let columns =
        "select concat_ws(' | ', mobile_number, first_name, last_name, sex, city, date_of_birth, age_years,
                                    age_recorded_on, allergy_status, chronic_conditions, alerts)
                   from clinic.patients where first_name = 'Asha' and tenant_id = ";
    let exported = office.texts(&format!("{columns} $t")).await;
    let doors = Doors {
        ops: office.clinic.server.database().ops_db().await,
        app: None,
        files: office.clinic.server.database().files().expect("a folder"),
    };
    let export = TenantExport {
        tenant_code: office.code(),
        out: None,
        csv: Some(office.path("sheets")),
        with_credentials: false,
        lock: LockOptions { passphrase_file: None, recipient: Vec::new() },
        json: false,
    };
    run_archive(&doors, ArchiveCommand::Export(export), &mut Vec::new()).await.expect("exported");
    let next = office.clinic.neighbour().await.tenant;
    let code =
        office.texts(&format!("select tenant_code from clinic.tenants where id = '{next}'")).await.remove(0);
    let file = office.path("sheets").join("patients.csv");
    let options = CsvOptions { tenant_code: Some(code), write: true, ..options(file) };
    let summary = office.import(&options).await;
    assert_eq!((summary.imported, summary.left_out, summary.refused), (1, 1, 0), "{summary:?}");
    assert_eq!(office.texts(&format!("{columns} '{next}'")).await, exported);
}

#[tokio::test]
async fn a_day_of_death_marks_whoever_is_not_said_to_live() {
    let mut office = Office::open().await;
    let sheet = "Name,Mobile,DOB,Sex,Expired,Date of death\n\
                 Asha,9820441276,15/01/1960,F,,23/05/2024\n\
                 Gita,9820441277,15/01/1960,F,yes,\n\
                 Usha,9820441278,15/01/1960,F,no,23/05/2024\n\
                 Mira,9820441279,15/01/1960,F,yes,23/05/1950\n\
                 Lata,9820441280,15/01/1960,F,,\n\
                 Nila,9820441281,15/01/1960,F,,23/05/1950\n";
    let summary = office.import(&office.sheet(sheet)).await;
    assert_eq!((summary.imported, summary.refused), (6, 0));
    let said = "select concat_ws(' | ', first_name, is_deceased::text, deceased_on) from clinic.patients \
                where tenant_id = $t order by mobile_number";
    assert_eq!(
        office.texts(said).await,
        [
            "Asha | true | 2024-05-23",
            "Gita | true",
            "Usha | false",
            "Mira | true",
            "Lata | false",
            "Nila | true"
        ]
    );
}
