//! A paper as a phone sees it: the code on each of its pages is read from the picture of the page.

use anyhow::Context;
use clinic_tests::clinic::{Clinic, patient};
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{RenderCache, RenderSettings, render};
use prescription_pdf::{Drawn, Paper};
use protocol::id::PrescriptionId;
use replica::Replica;
use replica::view::{Draft, DraftItem};
use rqrr::PreparedImage;

/// Dots of the picture for each point of the paper: 360 an inch, as a plain printer has.
const SCALE: f32 = 5.0;

/// A draft with so many lines.
pub fn draft(lines: usize) -> Draft {
    let line = |number| DraftItem {
        medicine_text: format!("An old remedy {number}"),
        dose_text: "1-0-1 x5d".into(),
        ..DraftItem::default()
    };
    Draft { items: (1..=lines).map(line).collect(), ..Draft::default() }
}

/// What is read from the pages of a signed prescription, one text a page.
pub fn codes(replica: &Replica, id: PrescriptionId) -> anyhow::Result<Vec<String>> {
    let file = Drawn::new(&replica.printed(id)?, Paper::A5)?.pdf()?;
    let pdf = Pdf::new(file).ok().context("the PDF cannot be read")?;
    let read_page = |page| -> anyhow::Result<String> {
        let settings =
            RenderSettings { x_scale: SCALE, y_scale: SCALE, bg_color: WHITE, ..RenderSettings::default() };
        let drawn = render(page, &RenderCache::new(), &InterpreterSettings::default(), &settings);
        let (width, height) = (usize::from(drawn.width()), usize::from(drawn.height()));
        let dots = drawn.data();
        let mut seen = PreparedImage::prepare_from_greyscale(width, height, |x, y| dots[y * width + x].g);
        // Letters may look like a code from afar; they say nothing.
        let read = seen.detect_grids().iter().filter_map(|grid| grid.decode().ok()).collect::<Vec<_>>();
        anyhow::ensure!(read.len() == 1, "{} codes can be read on a page", read.len());
        Ok(read.into_iter().map(|(_, text)| text).collect())
    };
    pdf.pages().iter().map(read_page).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_of_every_page_is_read_from_its_picture_and_is_genuine_at_another_desk() -> anyhow::Result<()>
{
    let clinic = Clinic::open().await?;
    let (desk, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    let replica = desk.replica()?;
    let sunita = replica.register_patient(&patient("Sunita", "9820441276"))?.id;
    let signed = replica.sign_prescription(sunita, &draft(16), &[])?;
    desk.synced().await?;
    other.synced().await?;

    let codes = codes(&replica, signed.id)?;
    assert!(codes.len() > 1, "so many lines fill more than a page");
    assert!(codes.iter().all(|code| *code == codes[0]), "{codes:?}");
    let report = other.replica()?.verify_paper(&codes[0])?;
    assert!(report.is_genuine, "{report:?}");
    assert_eq!((report.number, report.status.as_str()), (signed.number, "finalised"));
    let forged = codes[0].replacen("ASHA-", "ASHB-", 1);
    assert_ne!(forged, codes[0]);
    assert!(!other.replica()?.verify_paper(&forged)?.is_genuine);
    Ok(())
}
