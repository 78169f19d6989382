//! What patients come with, and what is commonly prescribed for it. Sample data, not advice.

#[cfg(test)]
mod tests;

use super::people::Sex;

/// Who treats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treats {
    /// A physician.
    Physician,
    /// A dentist.
    Dentist,
}

/// A line: generic name, strength and form as in the catalogue, and the dosage as it would be typed.
pub type Line = (&'static str, &'static str, &'static str, &'static str);

/// A complaint and its usual prescription.
#[derive(Debug)]
pub struct Complaint {
    /// Who treats it.
    pub treats: Treats,
    /// From this age to that, in years, both included.
    pub ages: (i32, i32),
    /// Whom it befalls, if not everybody.
    pub sex: Option<Sex>,
    /// What the patient says.
    pub complaints: &'static [&'static str],
    /// What is found.
    pub examination: &'static str,
    /// What it is, and its ICD-10 code.
    pub diagnosis: (&'static str, &'static str),
    /// The lines; the first is always there, each other in three of four prescriptions.
    pub lines: &'static [Line],
    /// Tests.
    pub investigations: &'static [&'static str],
    /// Advice.
    pub advice: &'static str,
    /// Days until the patient should come again.
    pub follow_up_days: Option<i64>,
    /// The patient has fever.
    pub fever: bool,
    /// It stays: the patient comes every other month for the same.
    pub chronic: bool,
}

const fn physician(
    ages: (i32, i32),
    complaints: &'static [&'static str],
    diagnosis: (&'static str, &'static str),
) -> Complaint {
    Complaint {
        treats: Treats::Physician,
        ages,
        sex: None,
        complaints,
        examination: "",
        diagnosis,
        lines: &[],
        investigations: &[],
        advice: "",
        follow_up_days: None,
        fever: false,
        chronic: false,
    }
}

const fn dentist(
    ages: (i32, i32),
    complaints: &'static [&'static str],
    diagnosis: (&'static str, &'static str),
) -> Complaint {
    Complaint { treats: Treats::Dentist, ..physician(ages, complaints, diagnosis) }
}

/// All complaints.
pub static COMPLAINTS: &[Complaint] = &[
    Complaint {
        examination: "Throat congested. Chest clear.",
        lines: &[
            ("Paracetamol", "650 mg", "tablet", "1 sos max 4 gap 6h for fever x3d"),
            ("Levocetirizine", "5 mg", "tablet", "0-0-1 x5d"),
            (
                "Ambroxol + Levosalbutamol + Guaifenesin",
                "30 mg + 1 mg + 50 mg/5 ml",
                "syrup",
                "10 tds x5d pc",
            ),
            ("Xylometazoline", "0.1 %", "nasal_spray", "1 bd x3d // each nostril"),
        ],
        advice: "Steam twice a day. Plenty of warm fluids. Come back if fever lasts beyond three days.",
        follow_up_days: Some(5),
        fever: true,
        ..physician(
            (13, 90),
            &["Cold and cough for 3 days", "Mild fever"],
            ("Acute upper respiratory infection", "J06.9"),
        )
    },
    Complaint {
        examination: "Tonsils enlarged, with pus points. Cervical nodes tender.",
        lines: &[
            ("Amoxicillin + Clavulanic acid", "500 mg + 125 mg", "tablet", "1-0-1 x5d pc"),
            ("Paracetamol", "650 mg", "tablet", "1-1-1 x3d pc"),
            ("Pantoprazole", "40 mg", "tablet", "1-0-0 x5d ac"),
            ("Benzydamine", "0.15 %", "mouthwash", "15 tds x5d // gargle"),
        ],
        advice: "Salt-water gargles three times a day. Finish the antibiotic.",
        follow_up_days: Some(5),
        fever: true,
        ..physician((13, 80), &["Sore throat", "Pain on swallowing", "Fever"], ("Acute tonsillitis", "J03.9"))
    },
    Complaint {
        examination: "Throat congested, tonsils enlarged.",
        lines: &[
            ("Azithromycin", "500 mg", "tablet", "1-0-0 x3d pc"),
            ("Paracetamol", "500 mg", "tablet", "1 sos max 4 gap 6h for fever x3d"),
            ("Cetirizine", "10 mg", "tablet", "0-0-1 x5d"),
        ],
        advice: "Salt-water gargles. Soft food.",
        fever: true,
        ..physician((13, 80), &["Throat pain", "Fever with chills"], ("Acute pharyngitis", "J02.9"))
    },
    Complaint {
        examination: "Active child. Throat mildly congested. Ears normal. Chest clear.",
        lines: &[
            ("Paracetamol", "250 mg/5 ml", "suspension", "5 sos max 20 gap 6h for fever x3d"),
            ("Cetirizine", "5 mg/5 ml", "syrup", "2.5 hs x5d"),
            ("Sodium chloride", "0.65 %", "nasal_spray", "1 tds x5d // each nostril"),
        ],
        advice: "Tepid sponging for fever above 38.5 degrees. Small frequent feeds.",
        follow_up_days: Some(3),
        fever: true,
        ..physician(
            (2, 12),
            &["Runny nose", "Cough", "Fever since yesterday"],
            ("Acute upper respiratory infection", "J06.9"),
        )
    },
    Complaint {
        examination: "Abdomen soft. No dehydration.",
        lines: &[
            (
                "Oral rehydration salts",
                "20.5 g",
                "sachet",
                "1 sos for loose motions x3d // in one litre of clean water",
            ),
            ("Racecadotril", "100 mg", "capsule", "1-1-1 x3d ac"),
            ("Ondansetron", "4 mg", "tablet", "1 sos max 3 gap 8h for vomiting x2d"),
            ("Saccharomyces boulardii", "250 mg", "capsule", "1-0-1 x5d"),
        ],
        advice: "Curd rice, banana, coconut water. No outside food. Come at once if urine is little or stools have blood.",
        follow_up_days: Some(3),
        ..physician(
            (13, 85),
            &["Loose motions 5 times since morning", "Vomiting"],
            ("Acute gastroenteritis", "A09"),
        )
    },
    Complaint {
        examination: "Mild dehydration. Abdomen soft.",
        lines: &[
            (
                "Oral rehydration salts",
                "20.5 g",
                "sachet",
                "1 sos for loose motions x3d // in one litre of clean water",
            ),
            ("Zinc sulfate", "20 mg DT", "tablet", "1 od x14d"),
            ("Saccharomyces boulardii", "250 mg", "sachet", "1-0-1 x5d"),
        ],
        advice: "A cup after every stool. Continue normal feeding.",
        follow_up_days: Some(2),
        ..physician((2, 12), &["Loose motions", "Poor appetite"], ("Acute gastroenteritis", "A09"))
    },
    Complaint {
        examination: "Epigastric tenderness.",
        lines: &[
            ("Pantoprazole + Domperidone", "40 mg + 30 mg SR", "capsule", "1-0-0 x14d ac"),
            (
                "Aluminium hydroxide + Magnesium hydroxide + Simeticone",
                "250 mg + 250 mg + 50 mg/5 ml",
                "suspension",
                "10 tds x7d pc",
            ),
        ],
        advice: "Small meals. No tea on an empty stomach. No lying down for two hours after food.",
        follow_up_days: Some(14),
        ..physician(
            (18, 85),
            &["Burning in the chest after food", "Sour belching"],
            ("Gastro-oesophageal reflux disease", "K21.9"),
        )
    },
    Complaint {
        examination: "Suprapubic tenderness. No renal angle tenderness.",
        lines: &[
            ("Nitrofurantoin", "100 mg SR", "capsule", "1-0-1 x5d pc"),
            ("Disodium hydrogen citrate", "1.4 g/5 ml", "syrup", "10 tds x5d // in a glass of water"),
            ("Paracetamol", "650 mg", "tablet", "1 sos max 4 gap 6h for pain x3d"),
        ],
        investigations: &["Urine routine and microscopy", "Urine culture and sensitivity"],
        advice: "Three litres of water a day.",
        follow_up_days: Some(5),
        sex: Some(Sex::Female),
        ..physician(
            (18, 80),
            &["Burning while passing urine", "Passing urine often"],
            ("Urinary tract infection", "N39.0"),
        )
    },
    Complaint {
        examination: "Paraspinal spasm. Straight leg raising normal.",
        lines: &[
            ("Aceclofenac + Paracetamol", "100 mg + 325 mg", "tablet", "1-0-1 x5d pc"),
            ("Thiocolchicoside", "4 mg", "capsule", "1-0-1 x5d pc"),
            ("Pantoprazole", "40 mg", "tablet", "1-0-0 x5d ac"),
            (
                "Diclofenac diethylamine + Methyl salicylate + Menthol",
                "1.16 % + 10 % + 5 %",
                "gel",
                "1-1-1 x7d",
            ),
        ],
        advice: "Hot fomentation. No bending or lifting for a week. Back exercises once the pain is gone.",
        follow_up_days: Some(7),
        ..physician((20, 75), &["Low back pain for a week"], ("Low back pain", "M54.5"))
    },
    Complaint {
        examination: "Crepitus in both knees. No effusion.",
        lines: &[
            ("Paracetamol", "650 mg", "tablet", "1-0-1 x7d pc"),
            ("Glucosamine", "500 mg", "capsule", "1-0-1 x30d pc"),
            ("Calcium carbonate + Colecalciferol", "500 mg + 250 IU", "tablet", "0-1-0 x30d pc"),
            ("Diclofenac sodium", "1 %", "gel", "1-1-1 x7d"),
        ],
        investigations: &["X-ray both knees, standing, AP and lateral"],
        advice: "Quadriceps exercises. Use a western toilet. Reduce weight.",
        follow_up_days: Some(30),
        ..physician((45, 90), &["Pain in both knees on climbing stairs"], ("Osteoarthritis of knee", "M17.9"))
    },
    Complaint {
        examination: "Wheals over trunk and limbs. No angio-oedema.",
        lines: &[
            ("Fexofenadine", "180 mg", "tablet", "1-0-0 x7d"),
            ("Calamine", "8 %", "lotion", "1-0-1 x5d"),
        ],
        advice: "Avoid the suspected food. Come at once if there is swelling of the lips or trouble in breathing.",
        ..physician((12, 80), &["Itchy rash since last night"], ("Urticaria", "L50.9"))
    },
    Complaint {
        examination: "Annular scaly patches with a raised margin in the groin.",
        lines: &[
            ("Itraconazole", "100 mg", "capsule", "1-0-1 x14d pc"),
            ("Luliconazole", "1 %", "cream", "1 od x14d // and 2 cm around"),
            ("Levocetirizine", "5 mg", "tablet", "0-0-1 x10d"),
        ],
        advice: "Keep dry. Cotton clothes, washed hot. No steroid creams from the shop.",
        follow_up_days: Some(14),
        ..physician((16, 70), &["Itching in the groin for 2 weeks"], ("Tinea cruris", "B35.6"))
    },
    Complaint {
        examination: "Comedones and papules over cheeks and forehead.",
        lines: &[
            ("Adapalene", "0.1 %", "gel", "1 hs x30d // a thin layer"),
            ("Clindamycin", "1 %", "gel", "1-0-0 x30d"),
            ("Doxycycline", "100 mg", "capsule", "1-0-0 x30d pc"),
        ],
        advice: "Wash the face twice a day. No squeezing. Sunscreen by day.",
        follow_up_days: Some(30),
        ..physician((14, 32), &["Pimples on the face"], ("Acne vulgaris", "L70.0"))
    },
    Complaint {
        examination: "Nasal mucosa pale and boggy.",
        lines: &[
            ("Montelukast + Levocetirizine", "10 mg + 5 mg", "tablet", "0-0-1 x10d"),
            ("Fluticasone", "50 mcg/dose", "nasal_spray", "2 od x14d // each nostril"),
        ],
        advice: "Mask in dust. Wash bed covers hot every week.",
        follow_up_days: Some(14),
        ..physician((12, 70), &["Sneezing in the morning", "Watery nose"], ("Allergic rhinitis", "J30.9"))
    },
    Complaint {
        examination: "Bilateral wheeze. Speaks in sentences.",
        lines: &[
            (
                "Formoterol + Budesonide",
                "6 mcg + 200 mcg/dose",
                "inhaler",
                "1-0-1 x30d // rinse the mouth after",
            ),
            ("Montelukast", "10 mg", "tablet", "0-0-1 x30d"),
            ("Salbutamol", "100 mcg/dose", "inhaler", "2 sos max 8 gap 4h for breathlessness x30d"),
        ],
        investigations: &["Spirometry"],
        advice: "Use a spacer. Keep the blue inhaler with you always.",
        follow_up_days: Some(30),
        chronic: true,
        ..physician((14, 75), &["Breathlessness at night", "Dry cough"], ("Bronchial asthma", "J45.9"))
    },
    Complaint {
        examination: "Heart sounds normal. No pedal oedema.",
        lines: &[
            ("Telmisartan", "40 mg", "tablet", "1-0-0 x30d"),
            ("Amlodipine", "5 mg", "tablet", "0-0-1 x30d"),
            ("Atorvastatin", "10 mg", "tablet", "0-0-1 x30d"),
        ],
        investigations: &["Serum creatinine", "Lipid profile", "ECG"],
        advice: "Less salt, no pickles or papad. Walk 30 minutes a day. Note the pressure at home twice a week.",
        follow_up_days: Some(30),
        chronic: true,
        ..physician((38, 88), &["Routine check of blood pressure"], ("Essential hypertension", "I10"))
    },
    Complaint {
        examination: "Feet normal, pulses felt. Monofilament normal.",
        lines: &[
            ("Metformin", "500 mg", "tablet", "1-0-1 x30d pc"),
            ("Glimepiride", "1 mg", "tablet", "1-0-0 x30d ac"),
            ("Teneligliptin", "20 mg", "tablet", "1-0-0 x30d"),
            ("Methylcobalamin", "1500 mcg", "tablet", "1-0-0 x30d"),
        ],
        investigations: &["Fasting and post-lunch sugar", "HbA1c", "Urine albumin"],
        advice: "No sugar, jaggery or fruit juice. Walk after meals. Look at the feet daily.",
        follow_up_days: Some(30),
        chronic: true,
        ..physician((35, 85), &["Routine check of sugar", "Tiredness"], ("Type 2 diabetes mellitus", "E11.9"))
    },
    Complaint {
        examination: "No goitre. Reflexes slow.",
        lines: &[
            ("Levothyroxine", "50 mcg", "tablet", "1-0-0 x60d es"),
            ("Ferrous ascorbate + Folic acid", "100 mg + 1.5 mg", "tablet", "0-0-1 x30d pc"),
        ],
        investigations: &["TSH"],
        advice: "Take the thyroid tablet on waking, with water only; tea after half an hour. Iron at night, never together.",
        follow_up_days: Some(60),
        chronic: true,
        sex: Some(Sex::Female),
        ..physician((20, 70), &["Weight gain", "Hair fall"], ("Hypothyroidism", "E03.9"))
    },
    Complaint {
        examination: "Pallor present. No organomegaly.",
        lines: &[
            ("Ferrous ascorbate + Folic acid", "100 mg + 1.5 mg", "tablet", "0-1-0 x30d pc"),
            ("Vitamin B complex", "therapeutic", "capsule", "0-1-0 x15d pc"),
            ("Albendazole", "400 mg", "tablet", "1 stat"),
        ],
        investigations: &["Complete blood count", "Serum ferritin"],
        advice: "Green leaves, dates, jaggery. Lemon with meals. No tea with the tablet.",
        follow_up_days: Some(30),
        sex: Some(Sex::Female),
        ..physician((14, 55), &["Tiredness", "Breathless on stairs"], ("Iron deficiency anaemia", "D50.9"))
    },
    Complaint {
        examination: "Neurological examination normal.",
        lines: &[
            ("Naproxen", "500 mg", "tablet", "1 sos max 2 gap 12h for headache x5d pc"),
            ("Flunarizine", "10 mg", "tablet", "0-0-1 x30d"),
            ("Domperidone", "10 mg", "tablet", "1 sos max 3 for nausea x5d"),
        ],
        advice: "Regular meals and sleep. Keep a headache diary.",
        follow_up_days: Some(30),
        ..physician((18, 60), &["One-sided headache", "Nausea with light"], ("Migraine", "G43.9"))
    },
    Complaint {
        examination: "No red flags. Vitamin D risk: indoor work.",
        lines: &[
            ("Colecalciferol", "60000 IU", "capsule", "1 weekly x8w // with milk"),
            ("Calcium carbonate + Colecalciferol", "500 mg + 250 IU", "tablet", "0-1-0 x30d pc"),
        ],
        investigations: &["25-OH vitamin D"],
        advice: "Twenty minutes of morning sun.",
        follow_up_days: Some(60),
        ..physician((20, 75), &["Body ache", "Pain in the heels"], ("Vitamin D deficiency", "E55.9"))
    },
    Complaint {
        examination: "36 deep occlusal caries, tender on percussion. No swelling.",
        lines: &[
            ("Amoxicillin", "500 mg", "capsule", "1-1-1 x5d pc"),
            ("Ibuprofen + Paracetamol", "400 mg + 325 mg", "tablet", "1-0-1 x3d pc"),
            ("Metronidazole", "400 mg", "tablet", "1-1-1 x5d pc"),
            ("Pantoprazole", "40 mg", "tablet", "1-0-0 x5d ac"),
        ],
        investigations: &["IOPA 36"],
        advice: "Root canal treatment of 36 advised. Chew on the other side.",
        follow_up_days: Some(3),
        ..dentist(
            (14, 75),
            &["Severe pain lower left back tooth", "Pain at night"],
            ("Irreversible pulpitis", "K04.0"),
        )
    },
    Complaint {
        examination: "Swelling over 46, fluctuant. Pus on pressure.",
        lines: &[
            ("Amoxicillin + Clavulanic acid", "500 mg + 125 mg", "tablet", "1-0-1 x5d pc"),
            ("Metronidazole", "400 mg", "tablet", "1-1-1 x5d pc"),
            (
                "Aceclofenac + Paracetamol + Serratiopeptidase",
                "100 mg + 325 mg + 15 mg",
                "tablet",
                "1-0-1 x5d pc",
            ),
            ("Chlorhexidine", "0.2 %", "mouthwash", "10 bd x7d // after brushing"),
        ],
        investigations: &["IOPA 46"],
        advice: "Warm salt-water rinses. Come at once if the swelling spreads or the mouth does not open.",
        follow_up_days: Some(2),
        fever: true,
        ..dentist((12, 80), &["Swelling of the gum", "Pain while chewing"], ("Periapical abscess", "K04.7"))
    },
    Complaint {
        examination: "48 partially erupted, operculum inflamed.",
        lines: &[
            ("Ofloxacin + Ornidazole", "200 mg + 500 mg", "tablet", "1-0-1 x5d pc"),
            ("Ketorolac tromethamine", "10 mg", "tablet", "1-0-1 x3d pc"),
            ("Chlorhexidine", "0.2 %", "mouthwash", "10 bd x7d"),
        ],
        investigations: &["OPG"],
        advice: "Warm salt-water rinses. Removal of 48 after the swelling settles.",
        follow_up_days: Some(5),
        ..dentist(
            (17, 40),
            &["Pain behind the last tooth", "Difficulty in opening the mouth"],
            ("Pericoronitis", "K05.2"),
        )
    },
    Complaint {
        examination: "Generalised calculus, bleeding on probing, pockets 4 mm.",
        lines: &[
            ("Chlorhexidine", "0.2 %", "mouthwash", "10 bd x7d // after brushing"),
            ("Chlorhexidine + Metronidazole", "0.25 % + 1 %", "gel", "1-0-1 x7d // massage the gums"),
            ("Vitamin B complex", "therapeutic", "capsule", "0-1-0 x15d pc"),
        ],
        advice: "Scaling done. Brush twice a day with a soft brush, floss at night.",
        follow_up_days: Some(30),
        ..dentist((18, 85), &["Bleeding gums while brushing"], ("Chronic gingivitis", "K05.1"))
    },
    Complaint {
        examination: "Cervical abrasion 14, 24, 34. Response to cold sharp and short.",
        lines: &[
            ("Potassium nitrate", "5 %", "toothpaste", "1-0-1 x30d"),
            ("Sodium fluoride", "0.2 %", "mouthwash", "10 hs x14d"),
        ],
        advice: "Soft brush, no scrubbing. Filling of the worn necks if it does not settle.",
        follow_up_days: Some(30),
        ..dentist((20, 75), &["Teeth sensitive to cold water"], ("Dentine hypersensitivity", "K03.8"))
    },
    Complaint {
        examination: "Socket healing. Tooth removed under local anaesthesia, haemostasis achieved.",
        lines: &[
            ("Amoxicillin", "500 mg", "capsule", "1-1-1 x3d pc"),
            ("Aceclofenac + Paracetamol", "100 mg + 325 mg", "tablet", "1-0-1 x3d pc"),
            ("Pantoprazole", "40 mg", "tablet", "1-0-0 x3d ac"),
        ],
        advice: "Bite on the gauze for 45 minutes. Cold food today. No spitting, no straw, no smoking. Salt-water rinses from tomorrow.",
        follow_up_days: Some(7),
        ..dentist((13, 85), &["Loose broken tooth"], ("Retained dental root", "K08.3"))
    },
    Complaint {
        examination: "Ulcer 4 mm on the inner lip, yellow floor, red halo.",
        lines: &[
            ("Triamcinolone", "0.1 % oral paste", "other", "1-1-1 x5d // a thin film, do not rub"),
            ("Choline salicylate + Lidocaine", "8.7 % + 2 %", "gel", "1 sos max 4 for pain x5d"),
            ("Vitamin B complex", "therapeutic", "capsule", "0-1-0 x15d pc"),
        ],
        advice: "No spicy or hot food. Come again if it has not healed in two weeks.",
        follow_up_days: Some(14),
        ..dentist((10, 70), &["Painful mouth ulcer"], ("Recurrent aphthous ulcer", "K12.0"))
    },
    Complaint {
        examination: "Deep caries 75, no swelling.",
        lines: &[
            ("Ibuprofen", "100 mg/5 ml", "suspension", "7.5 sos max 20 gap 8h for pain x3d pc"),
            ("Amoxicillin", "250 mg/5 ml", "suspension", "5 tds x5d pc"),
        ],
        investigations: &["IOPA 75"],
        advice: "Pulp treatment of 75 advised. No sweets between meals. A parent should help with brushing.",
        follow_up_days: Some(3),
        ..dentist((4, 11), &["Tooth pain while eating"], ("Dental caries of dentine", "K02.1"))
    },
    Complaint {
        examination: "Caries-free. Plaque on the upper molars. Fluoride varnish applied.",
        lines: &[("Sodium fluoride", "1000 ppm", "toothpaste", "1-0-1 x90d // the size of a pea")],
        advice: "Nothing to eat for four hours after varnish. Come every six months.",
        follow_up_days: Some(180),
        ..dentist((3, 12), &["Routine check of teeth"], ("Examination of teeth", "Z01.2"))
    },
];
