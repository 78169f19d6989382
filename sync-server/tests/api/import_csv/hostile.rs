//! Sheets that are none, and sheets by whoever means harm.

use std::fs::File;

use proptest::prelude::*;

use super::*;

const HEADINGS: &str = "Name,Mobile,Age\n";

#[tokio::test]
async fn what_is_too_large_is_refused_before_anything_else_is_done() {
    let office = Office::open().await;
    // No such tenant: the limits come first.
    let sheet = |bytes: &[u8]| CsvOptions { tenant_code: Some("NOBODY".into()), ..office.sheet(bytes) };
    let huge = sheet(b"Name,Mobile\n");
    File::options()
        .write(true)
        .open(&huge.file)
        .and_then(|file| file.set_len(64 * 1024 * 1024 + 1))
        .expect("a hole");
    assert!(office.refused(&huge).await.contains("The file has more than 64 MiB."));
    let many = format!("{HEADINGS}{}", "a,b,c\n".repeat(200_001));
    assert!(office.refused(&sheet(many.as_bytes())).await.contains("The file has more than 200000 lines."));
    let most = format!("{HEADINGS}{}", "a,b,c\n".repeat(200_000));
    assert!(office.refused(&sheet(most.as_bytes())).await.contains("There is no tenant NOBODY"));
    let wide = format!("{HEADINGS}{}\n", "x,".repeat(200));
    assert!(
        office
            .refused(&sheet(wide.as_bytes()))
            .await
            .contains("Line 2 has 201 columns, and 200 are the most.")
    );
    let cell = format!("{HEADINGS}{},9820441276,34\n", "x".repeat(10 * 1024 * 1024));
    assert!(office.refused(&sheet(cell.as_bytes())).await.contains("Line 2 does not end"));
}

#[tokio::test]
async fn what_is_no_sheet_is_refused_with_a_sentence() {
    let mut office = Office::open().await;
    let before = office.everything().await;
    for (bytes, why) in [
        (&b""[..], "The file is empty."),
        (b"\xEF\xBB\xBF", "no line with anything in it"),
        (b"\n\n\n", "no line with anything in it"),
        (b"PK\x03\x04\x14\x00\x06\x00", "a workbook of Excel"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old workbook"),
        (b"%PDF-1.7\n%\xE2\xE3\xCF\xD3", "a PDF"),
        (b"\x00\x01\x02\x03\x04\x05\x06\x07\x08", "is no text"),
        (b"<html><body><table><tr><td>Asha</td></tr></table></body></html>", "No column is known"),
        (b"{\"patients\": [{\"name\": \"Asha\"}]}", "No column is known"),
        (b"Asha Rane,9820441276,34\nUsha Rane,9820441277,30\n", "No column is known by its heading"),
        (b"Name,Age\nAsha,34\n", "known to be the mobile number"),
        (b"Mobile,Age\n9820441276,34\n", "known to be the patient's name"),
        (b"Name,Mobile,Age\n", "There are no lines below the headings in line 1."),
        (b"Name,Mobile,Age\nAsha,9820441276,34\nUsha,\"98204\n41277,30\nGita,9820441278,50\n", "Line 3 does not end"),
        (b"Name,Mobile,Age\nAsha Rane,9820441276,34\nUsha Rane,9820441277,34\n\x01\x02\x03\nGita Rane,9820441278,34\n", "is no text"),
    ] {
        let refused = office.refused(&office.sheet(bytes)).await;
        assert!(refused.contains(why), "{why}: {refused}");
    }
    let folder = CsvOptions { file: office.folder.path().to_owned(), ..office.sheet("") };
    assert!(office.refused(&folder).await.contains("is no file."));
    assert_eq!(office.everything().await, before);
}

#[tokio::test]
async fn signs_that_nobody_sees_are_left_out_and_formulae_stay_what_they_are() {
    let mut office = Office::open().await;
    let sheet = "Name,Mobile,Age,City,Address\n\
                 As\u{0}ha,9820441276,34,Pu\u{7}ne,'=cmd|' /C calc'!A1\n\
                 \u{202E}Usha\u{202C},\u{202A}+91 98204 41277\u{202C},34,\u{2066}Goa\u{2069},'+91 22 2445 1234\n\
                 \"G\u{0}\u{1}\u{2}\",9820441278,34,,\u{FF1D}1+1\n";
    let summary = office.import(&office.sheet(sheet)).await;
    assert_eq!((summary.imported, summary.refused), (3, 0), "{summary:?}");
    let rows = "select concat_ws(' | ', first_name, city, address_line) from clinic.patients
                where tenant_id = $t order by mobile_number";
    assert_eq!(
        office.texts(rows).await,
        ["Asha | Pune | =cmd|' /C calc'!A1", "Usha | Goa | +91 22 2445 1234", "G | \u{FF1D}1+1"]
    );
    assert_eq!(summary.adaptations["Name: characters that cannot be printed were left out."], 3);
}

#[tokio::test]
async fn lines_of_other_lengths_never_put_a_cell_under_another_heading() {
    let mut office = Office::open().await;
    let sheet = "Name,Mobile,Age,City\nAsha,9820441276,34\nUsha,Rane,9820441277,34,Goa\nGita,9820441278,34,Goa,,,\n\
                 Maya,9820441279\n\"Rani\",\"9820441280\"\n5\" pipe,9820441281,34,Goa\n";
    let options = CsvOptions { result: Some(office.path("result.csv")), ..office.sheet(sheet) };
    let summary = office.import(&options).await;
    assert_eq!((summary.imported, summary.refused, summary.for_review), (5, 1, 2), "{summary:?}");
    assert!(
        summary.problems[0].starts_with("line 3: The line has 5 cells and there are 4 headings"),
        "{summary:?}"
    );
    assert!(office.patients().await.iter().all(|patient| !patient.contains("Usha")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_a_file_holds_it_is_read_or_refused_and_nothing_breaks(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        has_headings in any::<bool>(),
    ) {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("sheet.csv");
        let headings = if has_headings { HEADINGS.as_bytes() } else { &[] };
        std::fs::write(&path, [headings, &bytes].concat()).expect("a file");
        if let Err(refused) = preview(&options(path), &mut Vec::new()) {
            let refused = refused.to_string();
            prop_assert!(refused.ends_with('.') && !refused.contains("BUG"), "{}", refused);
        }
    }

    #[test]
    fn whatever_a_cell_holds_its_line_is_read_or_refused(cell in "\\PC{0,40}", column in 0..6_usize) {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("sheet.csv");
        let mut cells = ["Asha".to_owned(), "9820441276".to_owned(), "34".to_owned(), String::new(), String::new(), String::new()];
        cells[column] = cell;
        let mut sheet = csv::Writer::from_path(&path).expect("a file");
        sheet.write_record(["Name", "Mobile", "Age/Sex", "DOB", "Father's Name", "Registration Date"]).expect("written");
        sheet.write_record(&cells).expect("written");
        sheet.flush().expect("written");
        preview(&options(path), &mut Vec::new()).expect("a preview");
    }
}
