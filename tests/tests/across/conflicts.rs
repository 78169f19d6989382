//! What two desks made of one fact while apart, what is decided about it, and what rules find when they meet.

use clinic_tests::clinic::{Clinic, TestDesk, patient};
use protocol::conflict::{Choice, Kind};
use protocol::id::PatientId;
use replica::view::{Conflict, Draft, DraftItem, Kept};
use serde_json::{Value, json};

/// Both desks have all that the other one did.
pub async fn meet(one: &TestDesk, other: &TestDesk) -> anyhow::Result<()> {
    for desk in [one, other, one, other] {
        desk.synced().await?;
    }
    Ok(())
}

fn open(desk: &TestDesk) -> anyhow::Result<Vec<Conflict>> {
    Ok(desk.replica()?.conflicts(true)?)
}

/// What both desks must agree on: the record, and every item with its decision.
fn shown(desk: &TestDesk, patient: PatientId) -> anyhow::Result<Value> {
    let replica = desk.replica()?;
    let mut items = Vec::new();
    for item in replica.conflicts(true)?.into_iter().chain(replica.conflicts(false)?) {
        items.push((item.id.to_string(), json!([item.theirs.text, item.ours.text, item.decided])));
    }
    items.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(json!({ "form": replica.chart(patient)?.form, "items": items }))
}

async fn two_desks() -> anyhow::Result<(Clinic, TestDesk, TestDesk, PatientId)> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Chair 2").await?);
    let sunita = one.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    meet(&one, &other).await?;
    Ok((clinic, one, other, sunita))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_reaches_both_desks_and_a_decision_made_offline_ends_it_on_both() -> anyhow::Result<()> {
    let (clinic, one, other, sunita) = two_desks().await?;
    clinic.network.set_down(true);
    one.change(sunita, |form| form.blood_group = "B+".into())?;
    other.change(sunita, |form| form.blood_group = "O+".into())?;
    clinic.network.set_down(false);
    meet(&one, &other).await?;
    for desk in [&one, &other] {
        let [item] = open(desk)?.try_into().expect("one item on each desk");
        let mut values = [item.theirs.text, item.ours.text].map(Option::unwrap_or_default);
        values.sort();
        assert_eq!(values, ["B+", "O+"]);
        assert_eq!(desk.desk.sync_status().decisions, 1);
        assert_eq!(desk.replica()?.chart(sunita)?.conflicts.len(), 1);
    }
    clinic.network.set_down(true);
    let id = open(&other)?[0].id;
    other.replica()?.decide_conflict(id, Choice::Other, Some("AB+"), "asked the laboratory")?;
    assert_eq!(other.replica()?.chart(sunita)?.form.blood_group, "AB+", "it holds at once");
    clinic.network.set_down(false);
    meet(&one, &other).await?;
    for desk in [&one, &other] {
        assert_eq!(open(desk)?, []);
        assert_eq!(desk.replica()?.chart(sunita)?.form.blood_group, "AB+");
        let [decided] = desk.replica()?.conflicts(false)?.try_into().expect("one decision");
        let decided = decided.decided.expect("a decision");
        assert_eq!(decided.who.as_deref(), Some("Anjali Kulkarni"));
        assert_eq!((decided.reason.as_deref(), decided.is_sent), (Some("asked the laboratory"), true));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_desks_that_decided_differently_while_apart_are_asked_once_more() -> anyhow::Result<()> {
    let (clinic, one, other, sunita) = two_desks().await?;
    clinic.network.set_down(true);
    one.change(sunita, |form| form.blood_group = "B+".into())?;
    other.change(sunita, |form| form.blood_group = "O+".into())?;
    clinic.network.set_down(false);
    meet(&one, &other).await?;
    clinic.network.set_down(true);
    let id = open(&one)?[0].id;
    one.replica()?.decide_conflict(id, Choice::Ours, None, "")?;
    other.replica()?.decide_conflict(id, Choice::Theirs, None, "")?;
    clinic.network.set_down(false);
    meet(&one, &other).await?;
    let [again] = open(&one)?.try_into().expect("one item");
    assert_ne!(again.id, id);
    assert_eq!(shown(&one, sunita)?, shown(&other, sunita)?);
    Ok(())
}

/// Numbers that look random and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("BUG: small")
    }
}

const GROUPS: [&str; 4] = ["A+", "B+", "O+", "AB+"];

/// Something that a person may do at this desk now.
fn act(desk: &TestDesk, sunita: PatientId, dice: &mut Dice) -> anyhow::Result<()> {
    let value = GROUPS[dice.roll(GROUPS.len())];
    let items = open(desk)?;
    match items.first() {
        Some(item) if dice.roll(2) == 0 => {
            let choice = [Choice::Ours, Choice::Theirs, Choice::Other][dice.roll(3)];
            let typed = (choice == Choice::Other).then_some(value);
            desk.replica()?.decide_conflict(item.id, choice, typed, "")?;
        }
        _ if dice.roll(3) == 0 => desk.change(sunita, |form| form.city = value.into())?,
        _ => desk.change(sunita, |form| form.blood_group = value.into())?,
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn in_whatever_order_two_desks_edit_and_decide_they_end_with_equal_rows() -> anyhow::Result<()> {
    for seed in 1..=5 {
        let (clinic, one, other, sunita) = two_desks().await?;
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        for _ in 0..4 {
            clinic.network.set_down(true);
            for desk in [&one, &other] {
                for _ in 0..dice.roll(3) {
                    act(desk, sunita, &mut dice)?;
                }
            }
            clinic.network.set_down(false);
            meet(&one, &other).await?;
            assert_eq!(shown(&one, sunita)?, shown(&other, sunita)?, "seed {seed}");
        }
        // Whoever decides everything that still waits is asked nothing more.
        while let Some(item) = open(&one)?.first() {
            one.replica()?.decide_conflict(item.id, Choice::Theirs, None, "")?;
            meet(&one, &other).await?;
        }
        assert_eq!(shown(&one, sunita)?, shown(&other, sunita)?, "seed {seed}");
        assert_eq!(open(&other)?, []);
        assert_eq!(one.desk.sync_status().attention, 0, "seed {seed}: nothing was set aside");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_allergy_recorded_on_one_desk_meets_what_was_signed_on_the_other() -> anyhow::Result<()> {
    let (clinic, one, other, sunita) = two_desks().await?;
    clinic.network.set_down(true);
    one.change(sunita, |form| {
        form.allergy_status = "has_allergies".into();
        form.alerts = "Penicillin: anaphylaxis".into();
    })?;
    let found = other.replica()?.find_medicines("amoxicillin 500")?;
    let amoxicillin = found.first().expect("in the catalogue");
    let item = DraftItem {
        medicine_id: Some(amoxicillin.id),
        medicine_text: "Amoxicillin 500 mg".into(),
        dose_text: "1-1-1 x5d".into(),
        ..DraftItem::default()
    };
    let draft = Draft { items: vec![item], ..Draft::default() };
    let signed = other.replica()?.sign_prescription(sunita, &draft, &[])?;
    assert!(!other.replica()?.check_draft(sunita, &draft, None)?.lines[0].is_held);
    clinic.network.set_down(false);
    meet(&one, &other).await?;
    let safety = other.replica()?.check_draft(sunita, &draft, None)?;
    assert!(
        safety.lines[0].is_held,
        "the pad that stands open holds the line as soon as the allergy is there"
    );
    for desk in [&one, &other] {
        let [item] = open(desk)?.try_into().expect("one item on each desk");
        assert_eq!((item.kind, item.rule.as_deref()), (Kind::Semantic, Some("allergy_medicine")));
        assert_eq!(item.theirs.text.as_deref(), Some("Penicillin: anaphylaxis"));
        assert!(item.ours.text.is_some_and(|text| text.contains("Amoxicillin")));
    }
    assert_eq!(one.replica()?.prescription(signed.id)?.number, signed.number, "what is signed stays");
    // Looked at again at every touch, and opened once.
    let id = open(&one)?[0].id;
    one.replica()?.decide_conflict(id, Choice::Settled, None, "called, changed to azithromycin")?;
    meet(&one, &other).await?;
    other.change(sunita, |form| form.alerts = "Penicillin: anaphylaxis\nPeanuts".into())?;
    meet(&one, &other).await?;
    assert_eq!(open(&one)?, []);
    // What a doctor signs knowing of the allergy is nobody's question any more.
    let mut knowing = draft;
    let findings = safety.lines[0].findings.iter();
    knowing.items[0].kept =
        findings.map(|one| Kept { key: one.key.clone(), reason: "Desensitised in 2024".into() }).collect();
    other.replica()?.sign_prescription(sunita, &knowing, &[])?;
    meet(&one, &other).await?;
    let asked = open(&one)?.into_iter().filter(|item| item.rule.as_deref() == Some("allergy_medicine"));
    assert_eq!(asked.count(), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_registered_on_two_desks_is_made_one_on_both() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Chair 2").await?);
    clinic.network.set_down(true);
    one.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    other.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    clinic.network.set_down(false);
    meet(&one, &other).await?;
    assert_eq!(one.replica()?.find_patients("sunita")?.people.len(), 2);
    let [item] = open(&one)?.try_into().expect("one item");
    assert_eq!(item.kind, Kind::Duplicate);
    one.replica()?.decide_conflict(item.id, Choice::Merged, None, "")?;
    meet(&one, &other).await?;
    for desk in [&one, &other] {
        let found = desk.replica()?.find_patients("sunita")?.people;
        assert_eq!(found.len(), 1);
        assert!(!found[0].needs_review);
        assert_eq!(desk.replica()?.chart(found[0].id)?.merged.len(), 1);
        assert_eq!(open(desk)?, []);
    }
    Ok(())
}
