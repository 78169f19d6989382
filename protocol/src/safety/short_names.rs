//! How generic names are shortened, or spelt otherwise, in India. By these names a line finds its medicine in the list, and
//! the checks and allergies know what is in no list.
//!
//! One stands here only if it means the same to every doctor: what is on the list of error-prone abbreviations of the ISMP
//! (HCTZ, MTX, PTU) may not, nor what is also something else (INH, CPM). What begins the name needs no entry.

/// A name as it is written, and the ingredients that it says, as the list begins their names.
pub const SHORT_NAMES: &[(&str, &[&str])] = &[
    ("acetaminophen", &["Paracetamol"]),
    ("acyclovir", &["Aciclovir"]),
    ("amoxiclav", &["Amoxicillin", "Clavulanic acid"]),
    ("amoxy", &["Amoxicillin"]),
    ("amoxycillin", &["Amoxicillin"]),
    ("amoxyclav", &["Amoxicillin", "Clavulanic acid"]),
    ("beclomethasone", &["Beclometasone"]),
    ("cephalexin", &["Cefalexin"]),
    ("chlorpheniramine", &["Chlorphenamine"]),
    ("cholecalciferol", &["Colecalciferol"]),
    ("clomiphene", &["Clomifene"]),
    ("co amoxiclav", &["Amoxicillin", "Clavulanic acid"]),
    ("co trimoxazole", &["Sulfamethoxazole", "Trimethoprim"]),
    ("cotrimoxazole", &["Sulfamethoxazole", "Trimethoprim"]),
    ("frusemide", &["Furosemide"]),
    ("gtn", &["Glyceryl trinitrate"]),
    ("hcq", &["Hydroxychloroquine"]),
    ("isdn", &["Isosorbide dinitrate"]),
    ("ismn", &["Isosorbide mononitrate"]),
    ("lignocaine", &["Lidocaine"]),
    ("mecobalamin", &["Methylcobalamin"]),
    ("ntg", &["Glyceryl trinitrate"]),
    ("ors", &["Oral rehydration salts"]),
    ("pcm", &["Paracetamol"]),
    ("phenobarbitone", &["Phenobarbital"]),
    ("sulphasalazine", &["Sulfasalazine"]),
    ("torsemide", &["Torasemide"]),
    ("tt", &["Tetanus toxoid"]),
    ("valacyclovir", &["Valaciclovir"]),
    ("vit b6", &["Pyridoxine"]),
    ("vit c", &["Ascorbic acid"]),
    ("vit d3", &["Colecalciferol"]),
    ("vitamin b6", &["Pyridoxine"]),
    ("vitamin c", &["Ascorbic acid"]),
    ("vitamin d3", &["Colecalciferol"]),
];
