//! Vital signs: how they are stored, what they say on paper, and which of them can hardly be right.

use protocol::medicine::amount_text;
use serde_json::{Map, Value, json};

use crate::view::Vitals;

/// What is measured: the stored name, the name for people, what is plausible in an outpatient of any age, the unit.
const MEASURED: [(&str, &str, f64, f64, &str); 10] = [
    ("bp_sys", "Systolic pressure", 60.0, 220.0, "mmHg"),
    ("bp_dia", "Diastolic pressure", 30.0, 130.0, "mmHg"),
    ("pulse", "Pulse", 40.0, 200.0, "a minute"),
    ("temp_c", "Temperature", 34.0, 42.0, "°C"),
    ("spo2", "Oxygen saturation", 80.0, 100.0, "%"),
    ("rr", "Breathing", 8.0, 70.0, "a minute"),
    ("weight_kg", "Weight", 0.5, 250.0, "kg"),
    ("height_cm", "Height", 30.0, 220.0, "cm"),
    ("sugar", "Blood sugar", 40.0, 500.0, "mg/dl"),
    ("head_cm", "Head", 25.0, 65.0, "cm"),
];

/// No outpatient is that warm in °C, and hardly any is colder or warmer in °F: most thermometers in India show these.
const FAHRENHEIT: std::ops::RangeInclusive<f64> = 90.0..=115.0;

impl Vitals {
    /// The temperature in °C, with one decimal where it was typed in °F.
    fn celsius(&self) -> Option<f64> {
        let in_celsius = |typed: f64| ((typed - 32.0) / 1.8 * 10.0).round() / 10.0;
        self.temp_c.map(|typed| if FAHRENHEIT.contains(&typed) { in_celsius(typed) } else { typed })
    }

    fn values(&self) -> [Option<f64>; 10] {
        [
            self.bp_sys,
            self.bp_dia,
            self.pulse,
            self.celsius(),
            self.spo2,
            self.rr,
            self.weight_kg,
            self.height_cm,
            self.sugar,
            self.head_cm,
        ]
    }

    /// As it is stored. What was not measured is absent; the body mass index stands with what it was counted from.
    pub(crate) fn stored(&self) -> Value {
        let measured = MEASURED.iter().zip(self.values());
        let mut stored: Map<String, Value> =
            measured.filter_map(|((name, ..), value)| Some(((*name).to_owned(), json!(value?)))).collect();
        if let Some(bmi) = self.bmi() {
            stored.insert("bmi".into(), json!(bmi));
        }
        Value::Object(stored)
    }

    /// From what is stored.
    pub(crate) fn of(stored: &Value) -> Self {
        let value = |name: &str| stored[name].as_f64();
        Self {
            bp_sys: value("bp_sys"),
            bp_dia: value("bp_dia"),
            pulse: value("pulse"),
            temp_c: value("temp_c"),
            spo2: value("spo2"),
            rr: value("rr"),
            weight_kg: value("weight_kg"),
            height_cm: value("height_cm"),
            sugar: value("sugar"),
            head_cm: value("head_cm"),
        }
    }

    /// The body mass index, with one decimal, of someone who was weighed and measured.
    pub(crate) fn bmi(&self) -> Option<f64> {
        let (weight, height) = self.weight_kg.zip(self.height_cm.filter(|height| *height >= 30.0))?;
        Some((weight / (height / 100.0).powi(2) * 10.0).round() / 10.0)
    }

    /// What is outside what is plausible: it may be right, so it only warns.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<String> = MEASURED
            .iter()
            .zip(self.values())
            .filter_map(|((_, name, low, high, unit), value)| {
                let value = value.filter(|value| !(low..=high).contains(&value))?;
                Some(format!("{name} {value} {unit} is unusual. Is it right?"))
            })
            .collect();
        if let Some((typed, noted)) =
            self.temp_c.zip(self.celsius()).filter(|(typed, _)| FAHRENHEIT.contains(typed))
        {
            warnings.push(format!("Temperature {typed} °F is noted as {noted} °C."));
        }
        if self.bp_sys.zip(self.bp_dia).is_some_and(|(sys, dia)| dia >= sys) {
            warnings.push("The diastolic pressure is not below the systolic one. Is it right?".into());
        }
        if let Some(bmi) = self.bmi().filter(|bmi| !(8.0..=60.0).contains(bmi)) {
            warnings.push(format!("Weight and height give a body mass index of {bmi}. Are both right?"));
        }
        warnings
    }

    /// `68.5 kg`, if the patient was weighed.
    pub(crate) fn weight(&self) -> Option<String> {
        self.weight_kg.map(|weight| format!("{} kg", plain(weight)))
    }

    /// As it stands on paper.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut shown = Vec::new();
        match (self.bp_sys, self.bp_dia) {
            (Some(sys), Some(dia)) => shown.push(format!("BP {}/{}", amount_text(sys), amount_text(dia))),
            (Some(sys), None) => shown.push(format!("BP {}/–", amount_text(sys))),
            (None, Some(dia)) => shown.push(format!("BP –/{}", amount_text(dia))),
            (None, None) => {}
        }
        let others = [
            ("Pulse", self.pulse, ""),
            ("Temp", self.celsius(), " °C"),
            ("SpO₂", self.spo2, "%"),
            ("Resp", self.rr, "/min"),
            ("Weight", self.weight_kg, " kg"),
            ("Height", self.height_cm, " cm"),
            ("BMI", self.bmi(), ""),
            ("Sugar", self.sugar, " mg/dl"),
            ("Head", self.head_cm, " cm"),
        ];
        let written = others.into_iter().filter_map(|(name, value, unit)| Some((name, value?, unit)));
        shown.extend(written.map(|(name, value, unit)| format!("{name} {}{unit}", plain(value))));
        shown
    }
}

/// A measured number: `68.5`, never `68 ½`.
fn plain(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grown() -> Vitals {
        Vitals { weight_kg: Some(68.5), height_cm: Some(162.0), temp_c: Some(38.5), ..Vitals::default() }
    }

    #[test]
    fn weight_and_height_give_the_body_mass_index() {
        assert_eq!(grown().bmi(), Some(26.1));
        assert_eq!(grown().words(), ["Temp 38.5 °C", "Weight 68.5 kg", "Height 162 cm", "BMI 26.1"]);
        assert_eq!(Vitals::of(&grown().stored()), grown());
        assert_eq!(Vitals { height_cm: None, ..grown() }.bmi(), None);
    }

    #[test]
    fn of_a_pressure_the_half_that_was_measured_is_printed() {
        let upper = Vitals { bp_sys: Some(130.0), ..Vitals::default() };
        let lower = Vitals { bp_dia: Some(80.0), ..Vitals::default() };
        assert_eq!([upper.words(), lower.words()], [["BP 130/–"], ["BP –/80"]]);
    }

    #[test]
    fn a_temperature_typed_in_fahrenheit_is_noted_in_celsius_and_said_so() {
        for (typed, noted, printed) in [(100.4, 38.0, "Temp 38 °C"), (98.6, 37.0, "Temp 37 °C")] {
            let warm = Vitals { temp_c: Some(typed), ..Vitals::default() };
            assert_eq!(warm.stored(), json!({ "temp_c": noted }));
            assert_eq!(warm.words(), [printed]);
            assert_eq!(warm.warnings(), [format!("Temperature {typed} °F is noted as {noted} °C.")]);
        }
        assert_eq!(grown().stored()["temp_c"], json!(38.5));
    }

    #[test]
    fn a_temperature_is_converted_once_to_the_nearest_tenth_and_stays_when_it_is_edited_again() {
        for tenths in 900..=1_150_i32 {
            let typed = Vitals { temp_c: Some(f64::from(tenths) / 10.0), ..Vitals::default() };
            let noted = Vitals::of(&typed.stored());
            // A tenth of 1 °F is 10/18 of one of 1 °C.
            let nearest = ((tenths - 320) * 10 + 9).div_euclid(18);
            assert_eq!(noted.temp_c, Some(f64::from(nearest) / 10.0), "{tenths} tenths of 1 °F");
            assert_eq!(Vitals::of(&noted.stored()), noted);
            assert!(noted.warnings().iter().all(|warning| !warning.contains("°F")));
        }
    }

    #[test]
    fn what_can_hardly_be_right_is_asked_about() {
        assert_eq!(grown().warnings(), Vec::<String>::new());
        for (odd, said) in [
            (Vitals { temp_c: Some(45.0), ..Vitals::default() }, "Temperature 45"),
            (Vitals { bp_sys: Some(80.0), bp_dia: Some(120.0), ..Vitals::default() }, "not below"),
            (Vitals { weight_kg: Some(68.0), height_cm: Some(62.0), ..Vitals::default() }, "body mass index"),
            (Vitals { sugar: Some(5.6), ..Vitals::default() }, "Blood sugar 5.6"),
        ] {
            assert!(
                odd.warnings().iter().any(|warning| warning.contains(said)),
                "{said}: {:?}",
                odd.warnings()
            );
        }
    }
}
