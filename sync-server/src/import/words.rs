//! What old programs call the columns and choices that have other names here.

use protocol::table::TableName;

/// Other names of a column, after its own.
pub(super) fn names(table: TableName, column: &'static str) -> Vec<&'static str> {
    let others = NAMES.iter().filter(|(of, name, _)| of.is_none_or(|of| of == table) && *name == column);
    std::iter::once(column).chain(others.flat_map(|(_, _, others)| others.iter().copied())).collect()
}

/// The choice that a word stands for in this column.
pub(super) fn choice<'c>(column: &str, choices: &[&'c str], written: &str) -> Option<&'c str> {
    let word = squeeze(written);
    if let Some(choice) = choices.iter().find(|choice| squeeze(choice) == word) {
        return Some(choice);
    }
    if column == "blood_group" {
        return blood_group(written)
            .and_then(|group| choices.iter().copied().find(|choice| *choice == group));
    }
    let meant = CHOICES
        .iter()
        .filter(|(of, ..)| *of == column)
        .find(|(_, choice, words)| choices.contains(choice) && words.contains(&word.as_str()))?;
    choices.iter().copied().find(|choice| *choice == meant.1)
}

/// `O +ve`, `B positive`, `ab-`.
fn blood_group(written: &str) -> Option<&'static str> {
    const GROUPS: &[&str] = &["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"];
    let word = written.to_uppercase().replace("POSITIVE", "+").replace("NEGATIVE", "-");
    let word = word.replace("POS", "+").replace("NEG", "-").replace("VE", "").replace('0', "O");
    let word: String = word.chars().filter(|c| "ABO+-".contains(*c)).collect();
    GROUPS.iter().copied().find(|group| *group == word)
}

/// A word as it is compared: without spaces, signs and capitals.
pub(super) fn squeeze(word: &str) -> String {
    // In Indian scripts the sign that joins two consonants is part of the word, and no letter.
    let is_part =
        |c: &char| c.is_alphanumeric() || *c == '+' || matches!(*c, '\u{94D}' | '\u{9CD}' | '\u{ACD}');
    word.trim().to_lowercase().chars().filter(is_part).collect()
}

/// The code of a state or union territory of India.
pub(super) fn state(written: &str) -> Option<&'static str> {
    let word = squeeze(&written.to_lowercase().replace(" and ", " "));
    let is_it =
        |(code, names): &&(&'static str, &[&str])| squeeze(code) == word || names.contains(&word.as_str());
    STATES.iter().find(is_it).map(|(code, _)| *code)
}

/// The code of a language that is spoken in India.
pub(super) fn language(written: &str) -> Option<&'static str> {
    let word = squeeze(written);
    let is_it = |(code, names): &&(&'static str, &[&str])| *code == word || names.contains(&word.as_str());
    LANGUAGES.iter().find(is_it).map(|(code, _)| *code)
}

/// As on number plates. The names are squeezed, and without the word "and".
const STATES: &[(&str, &[&str])] = &[
    ("AN", &["andamannicobarislands", "andamannicobar"]),
    ("AP", &["andhrapradesh"]),
    ("AR", &["arunachalpradesh"]),
    ("AS", &["assam"]),
    ("BR", &["bihar", "बिहार"]),
    ("CG", &["chhattisgarh", "ct"]),
    ("CH", &["chandigarh"]),
    ("DD", &["dadranagarhavelidamandiu", "damandiu", "dadranagarhaveli", "dn", "dh"]),
    ("DL", &["delhi", "newdelhi", "nctofdelhi", "दिल्ली"]),
    ("GA", &["goa"]),
    ("GJ", &["gujarat", "ગુજરાત", "गुजरात"]),
    ("HP", &["himachalpradesh"]),
    ("HR", &["haryana", "हरियाणा"]),
    ("JH", &["jharkhand"]),
    ("JK", &["jammukashmir", "jammu", "kashmir"]),
    ("KA", &["karnataka"]),
    ("KL", &["kerala"]),
    ("LA", &["ladakh"]),
    ("LD", &["lakshadweep"]),
    ("MH", &["maharashtra", "maharastra", "महाराष्ट्र"]),
    ("ML", &["meghalaya"]),
    ("MN", &["manipur"]),
    ("MP", &["madhyapradesh", "मध्यप्रदेश"]),
    ("MZ", &["mizoram"]),
    ("NL", &["nagaland"]),
    ("OD", &["odisha", "orissa", "or"]),
    ("PB", &["punjab"]),
    ("PY", &["puducherry", "pondicherry"]),
    ("RJ", &["rajasthan", "राजस्थान"]),
    ("SK", &["sikkim"]),
    ("TN", &["tamilnadu"]),
    ("TR", &["tripura"]),
    ("TS", &["telangana", "tg"]),
    ("UK", &["uttarakhand", "uttaranchal", "ut", "ua"]),
    ("UP", &["uttarpradesh", "उत्तरप्रदेश"]),
    ("WB", &["westbengal", "bengal"]),
];

const LANGUAGES: &[(&str, &[&str])] = &[
    ("as", &["assamese"]),
    ("bn", &["bengali", "bangla"]),
    ("en", &["english", "eng"]),
    ("gu", &["gujarati"]),
    ("hi", &["hindi", "hin", "हिंदी", "हिन्दी"]),
    ("kn", &["kannada"]),
    ("kok", &["konkani"]),
    ("ml", &["malayalam"]),
    ("mr", &["marathi", "mar", "मराठी"]),
    ("ne", &["nepali"]),
    ("or", &["odia", "oriya"]),
    ("pa", &["punjabi"]),
    ("sd", &["sindhi"]),
    ("ta", &["tamil"]),
    ("te", &["telugu"]),
    ("ur", &["urdu"]),
];

type Names = (Option<TableName>, &'static str, &'static [&'static str]);

const NAMES: &[Names] = &[
    // Whatever the table.
    (None, "clinic_id", &["branch_id", "location_id"]),
    (None, "doctor_id", &["dentist_id", "physician_id", "provider_id", "created_by_doctor_id"]),
    (None, "patient_id", &["patient_uuid"]),
    (None, "appointment_id", &["visit_id"]),
    (None, "mobile_number", &["mobile", "phone_number", "phone", "mobile_no", "contact_number", "contact"]),
    (None, "email", &["email_address", "mail"]),
    (None, "is_active", &["active", "enabled"]),
    (None, "fee", &["amount", "cost", "price", "charges", "fees", "consultation_fee"]),
    // Clinics.
    (Some(TableName::Clinics), "clinic_name", &["name", "title"]),
    (Some(TableName::Clinics), "clinic_code", &["code", "short_name"]),
    (Some(TableName::Clinics), "address", &["address_line", "address_line1", "street"]),
    (Some(TableName::Clinics), "phone", &["phone_number", "mobile_number", "mobile", "contact_number"]),
    (Some(TableName::Clinics), "pincode", &["pin_code", "postal_code", "zip", "zip_code"]),
    (Some(TableName::Clinics), "state_code", &["state"]),
    (Some(TableName::Clinics), "is_primary", &["is_main", "is_default"]),
    (Some(TableName::Clinics), "registration_number", &["registration_no", "license_number"]),
    // Doctors.
    (Some(TableName::Doctors), "user_id", &["account_id"]),
    (Some(TableName::Doctors), "kind", &["type", "doctor_type", "role"]),
    (
        Some(TableName::Doctors),
        "specialization",
        &["speciality", "specialty", "specialisation", "department"],
    ),
    (Some(TableName::Doctors), "qualifications", &["qualification", "degree", "degrees"]),
    (
        Some(TableName::Doctors),
        "registration_number",
        &["registration_no", "reg_no", "license_number", "license_no", "medical_license", "mci_number"],
    ),
    (
        Some(TableName::Doctors),
        "registration_council",
        &["council", "medical_council", "registration_authority", "state_council"],
    ),
    (Some(TableName::Doctors), "default_clinic_id", &["clinic_id", "branch_id"]),
    (Some(TableName::Doctors), "consultation_fee", &["fee", "fees", "charges"]),
    (Some(TableName::Doctors), "slot_minutes", &["slot_duration", "consultation_minutes"]),
    // Patients.
    (Some(TableName::Patients), "sex", &["gender"]),
    (Some(TableName::Patients), "date_of_birth", &["dob", "birth_date", "birthdate", "birthday"]),
    (Some(TableName::Patients), "age_recorded_on", &["age_as_of", "age_date"]),
    (Some(TableName::Patients), "blood_group", &["blood_type", "bloodgroup"]),
    (
        Some(TableName::Patients),
        "alternate_mobile",
        &["alternate_number", "alternate_phone", "emergency_contact", "phone2", "secondary_phone"],
    ),
    (Some(TableName::Patients), "address_line", &["address", "address_line1", "street", "residence"]),
    (Some(TableName::Patients), "state_code", &["state"]),
    (Some(TableName::Patients), "pincode", &["pin_code", "postal_code", "zip", "zip_code", "pin"]),
    (
        Some(TableName::Patients),
        "patient_code",
        &["patient_number", "patient_no", "uhid", "mrn", "opd_number", "registration_number", "file_no"],
    ),
    (Some(TableName::Patients), "preferred_language", &["language"]),
    (
        Some(TableName::Patients),
        "chronic_conditions",
        &["medical_history", "conditions", "comorbidities", "past_history"],
    ),
    (Some(TableName::Patients), "alerts", &["medical_alerts", "warnings"]),
    (Some(TableName::Patients), "registered_clinic_id", &["clinic_id", "branch_id"]),
    (Some(TableName::Patients), "guardian_name", &["father_name", "husband_name", "guardian"]),
    (Some(TableName::Patients), "guardian_relation", &["relation", "guardian_type"]),
    (Some(TableName::Patients), "abha_number", &["abha", "health_id"]),
    (Some(TableName::Patients), "is_deceased", &["deceased", "is_dead"]),
    (Some(TableName::Patients), "deceased_on", &["date_of_death", "death_date"]),
    // Medicines and short keys.
    (Some(TableName::TenantMedicines), "generic_name", &["generic", "composition", "salt", "molecule"]),
    (Some(TableName::TenantMedicines), "brand_name", &["brand", "trade_name"]),
    (Some(TableName::TenantMedicines), "strength_text", &["strength", "dose_strength", "power"]),
    (Some(TableName::TenantMedicines), "dosage_form", &["form", "type", "medicine_type", "category"]),
    (Some(TableName::TenantMedicines), "default_dose", &["default_dosage", "dosage", "dose"]),
    (Some(TableName::TenantMedicines), "schedule", &["drug_schedule"]),
    (Some(TableName::TenantMedicines), "manufacturer", &["company", "manufacturer_name", "mfr"]),
    (Some(TableName::TenantMedicines), "pack_size", &["pack", "packing", "packaging"]),
    (Some(TableName::TenantMedicines), "mrp", &["price", "unit_price"]),
    (Some(TableName::TenantMedicines), "route", &["route_of_administration"]),
    (Some(TableName::ShortKeys), "key", &["short_key", "shortcut", "code", "keyword"]),
    (Some(TableName::ShortKeys), "title", &["name", "description", "label"]),
    (Some(TableName::ShortKeys), "kind", &["type", "category"]),
    (
        Some(TableName::ShortKeys),
        "body",
        &["content", "expansion", "template", "text", "value", "medicines", "data"],
    ),
    // Visits.
    (Some(TableName::Appointments), "appointment_date", &["date", "scheduled_date", "visit_date"]),
    (
        Some(TableName::Appointments),
        "start_time",
        &["appointment_time", "time", "scheduled_time", "slot", "time_slot"],
    ),
    (Some(TableName::Appointments), "duration_minutes", &["duration"]),
    (Some(TableName::Appointments), "visit_type", &["type", "appointment_type"]),
    (Some(TableName::Appointments), "token_number", &["token", "token_no", "queue_number"]),
    (Some(TableName::Appointments), "reason", &["purpose", "chief_complaint", "complaint", "description"]),
    (Some(TableName::Appointments), "notes", &["remarks", "note", "comments"]),
    (Some(TableName::Appointments), "fee_status", &["payment_status"]),
    (Some(TableName::Prescriptions), "visit_date", &["prescription_date", "date", "consultation_date"]),
    (
        Some(TableName::Prescriptions),
        "prescription_number",
        &["prescription_no", "rx_number", "rx_no", "number"],
    ),
    (
        Some(TableName::Prescriptions),
        "chief_complaints",
        &["chief_complaint", "complaints", "complaint", "symptoms"],
    ),
    (
        Some(TableName::Prescriptions),
        "examination",
        &["examination_findings", "clinical_findings", "findings", "on_examination"],
    ),
    (Some(TableName::Prescriptions), "diagnoses", &["diagnosis", "provisional_diagnosis", "impression"]),
    (Some(TableName::Prescriptions), "investigations", &["tests", "lab_tests", "investigation"]),
    (Some(TableName::Prescriptions), "advice", &["advise", "instructions", "general_advice"]),
    (
        Some(TableName::Prescriptions),
        "follow_up_date",
        &["followup_date", "next_visit", "next_visit_date", "follow_up"],
    ),
    (Some(TableName::Prescriptions), "history", &["notes", "clinical_notes", "remarks", "medical_history"]),
    (Some(TableName::Prescriptions), "referral_to", &["referred_to", "referral"]),
    (Some(TableName::Prescriptions), "finalised_at", &["finalized_at", "signed_at", "completed_at"]),
    (Some(TableName::Prescriptions), "void_reason", &["cancel_reason", "cancellation_reason"]),
    (Some(TableName::Prescriptions), "voided_at", &["cancelled_at", "canceled_at"]),
    (Some(TableName::PrescriptionItems), "prescription_id", &["rx_id"]),
    (
        Some(TableName::PrescriptionItems),
        "position",
        &["sequence", "sequence_number", "serial_no", "line_no", "sort_order"],
    ),
    (Some(TableName::PrescriptionItems), "medicine_id", &["drug_id"]),
    (
        Some(TableName::PrescriptionItems),
        "medicine_text",
        &["medicine_name", "drug_name", "name", "brand_name", "medicine"],
    ),
    (Some(TableName::PrescriptionItems), "generic_text", &["generic_name", "generic", "composition"]),
    (Some(TableName::PrescriptionItems), "strength_text", &["strength"]),
    (Some(TableName::PrescriptionItems), "dosage_form", &["form", "type", "medicine_type"]),
    (Some(TableName::PrescriptionItems), "quantity", &["qty", "total_quantity"]),
    (
        Some(TableName::PrescriptionItems),
        "instructions",
        &["notes", "remarks", "special_instructions", "instruction"],
    ),
    (
        Some(TableName::PrescriptionItems),
        "meal_relation",
        &["timing", "food_relation", "before_after_food", "meal"],
    ),
    (Some(TableName::PatientAllergies), "substance_text", &["allergen", "substance", "allergy", "name"]),
    (Some(TableName::PatientAllergies), "noted_on", &["date", "recorded_on", "onset_date"]),
    // The dental chart.
    (Some(TableName::DentalObservationTemplates), "key", &["short_key", "code", "shortcut"]),
    (Some(TableName::DentalObservationTemplates), "name", &["title", "template_name", "label"]),
    (Some(TableName::DentalObservationTemplates), "body", &["content", "template", "text", "description"]),
    (Some(TableName::DentalObservationTemplates), "condition_code", &["condition", "condition_type"]),
    (Some(TableName::DentalObservations), "observed_on", &["observation_date", "date", "examined_on"]),
    (Some(TableName::DentalObservations), "tooth_fdi", &["tooth_number", "tooth", "tooth_no"]),
    (Some(TableName::DentalObservations), "surfaces", &["surface", "tooth_surface"]),
    (
        Some(TableName::DentalObservations),
        "condition_code",
        &["condition", "condition_type", "finding", "observation"],
    ),
    (Some(TableName::DentalObservations), "grade", &["depth", "mobility"]),
    (
        Some(TableName::DentalObservations),
        "note",
        &["notes", "observation_notes", "remarks", "description", "comments"],
    ),
    (
        Some(TableName::DentalProcedures),
        "procedure_name",
        &["name", "treatment", "procedure", "procedure_type"],
    ),
    (Some(TableName::DentalProcedures), "procedure_code", &["code"]),
    (Some(TableName::DentalProcedures), "tooth_fdi", &["tooth_number", "tooth", "tooth_no"]),
    (Some(TableName::DentalProcedures), "tooth_range", &["tooth_numbers", "teeth"]),
    (Some(TableName::DentalProcedures), "surfaces", &["surface"]),
    (
        Some(TableName::DentalProcedures),
        "completed_on",
        &["completed_date", "completion_date", "procedure_date", "date"],
    ),
    (Some(TableName::DentalProcedures), "planned_on", &["planned_date", "scheduled_date"]),
    (Some(TableName::DentalProcedures), "started_on", &["start_date", "started_date"]),
    (Some(TableName::DentalProcedures), "anaesthesia", &["anesthesia"]),
    (Some(TableName::DentalProcedures), "note", &["notes", "remarks", "procedure_notes", "description"]),
    (Some(TableName::DentalAttachments), "file_name", &["filename", "name", "original_name"]),
    (Some(TableName::DentalAttachments), "mime", &["mime_type", "content_type"]),
    (Some(TableName::DentalAttachments), "byte_size", &["file_size", "size"]),
    (Some(TableName::DentalAttachments), "sha256", &["file_hash", "hash", "checksum"]),
    (Some(TableName::DentalAttachments), "kind", &["type", "file_type", "attachment_type"]),
    (Some(TableName::DentalAttachments), "taken_on", &["taken_date", "captured_on", "date"]),
    (Some(TableName::DentalAttachments), "description", &["caption", "notes"]),
    (Some(TableName::DentalAttachments), "teeth", &["tooth_numbers", "tooth_number", "tooth"]),
    // Case studies.
    (Some(TableName::CaseStudies), "title", &["name"]),
    (Some(TableName::CaseStudies), "specialty", &["speciality", "specialization", "category"]),
    (
        Some(TableName::CaseStudies),
        "presentation",
        &["chief_complaint", "case_summary", "summary", "description"],
    ),
    (Some(TableName::CaseStudies), "management", &["treatment", "treatment_plan"]),
    (Some(TableName::CaseStudies), "outcome", &["result", "results"]),
    (Some(TableName::CaseStudies), "discussion", &["notes", "learning_points", "conclusion", "content"]),
];

type Choices = (&'static str, &'static str, &'static [&'static str]);

/// Words are compared without spaces, signs and capitals.
const CHOICES: &[Choices] = &[
    ("sex", "male", &["m", "man", "boy", "पुरुष", "पु", "नर", "बालक"]),
    ("sex", "female", &["f", "woman", "girl", "lady", "महिला", "स्त्री", "औरत", "बालिका"]),
    ("sex", "other", &["o", "transgender", "tg"]),
    ("sex", "unknown", &["u", "notspecified", "na"]),
    ("guardian_relation", "S/o", &["sonof", "son", "पुत्र"]),
    ("guardian_relation", "D/o", &["daughterof", "daughter", "पुत्री"]),
    ("guardian_relation", "W/o", &["wifeof", "wife", "husband", "पत्नी"]),
    ("guardian_relation", "B/o", &["babyof", "baby"]),
    ("guardian_relation", "C/o", &["careof", "father", "mother", "parent", "guardian"]),
    ("kind", "physician", &["doctor", "general", "consultant", "gp", "md", "mbbs"]),
    ("kind", "dentist", &["dental", "bds", "mds", "orthodontist", "endodontist"]),
    ("kind", "prescription", &["rx", "template"]),
    ("kind", "item", &["medicine", "drug"]),
    ("kind", "sig", &["dosage", "dose", "frequency"]),
    ("kind", "xray", &["radiograph", "rvg", "opg", "iopa"]),
    ("kind", "photo", &["image", "picture", "photograph", "intraoral"]),
    ("kind", "document", &["pdf", "report", "file"]),
    ("dosage_form", "tablet", &["tab", "tabs", "tablets", "t"]),
    ("dosage_form", "capsule", &["cap", "caps", "capsules", "c"]),
    ("dosage_form", "syrup", &["syp", "syr", "liquid"]),
    ("dosage_form", "suspension", &["susp"]),
    ("dosage_form", "injection", &["inj", "injections", "ampoule", "vial"]),
    ("dosage_form", "drops", &["drop"]),
    ("dosage_form", "eye_drops", &["eyedrop"]),
    ("dosage_form", "ear_drops", &["eardrop"]),
    ("dosage_form", "ointment", &["oint"]),
    ("dosage_form", "inhaler", &["rotacap", "respules", "mdi"]),
    ("dosage_form", "nasal_spray", &["spray"]),
    ("dosage_form", "mouthwash", &["gargle", "mouthrinse"]),
    ("dosage_form", "powder", &["pow", "churna"]),
    ("dosage_form", "suppository", &["supp", "pessary"]),
    ("route", "oral", &["po", "bymouth", "orally", "mouth"]),
    ("route", "topical", &["local", "externaluse", "la", "skin"]),
    ("route", "ophthalmic", &["eye", "eyes"]),
    ("route", "otic", &["ear", "ears"]),
    ("route", "inhalation", &["inhaled"]),
    ("route", "vaginal", &["pessary"]),
    ("route", "im", &["intramuscular"]),
    ("route", "iv", &["intravenous"]),
    ("route", "sc", &["subcutaneous", "sq"]),
    ("schedule", "H", &["scheduleh"]),
    ("schedule", "H1", &["scheduleh1"]),
    ("schedule", "X", &["schedulex"]),
    ("schedule", "G", &["scheduleg"]),
    ("schedule", "none", &["otc", "no", "na"]),
    (
        "meal_relation",
        "before",
        &["beforefood", "beforemeal", "beforemeals", "ac", "bf", "emptystomachbefore"],
    ),
    ("meal_relation", "after", &["afterfood", "aftermeal", "aftermeals", "pc", "af"]),
    ("meal_relation", "with", &["withfood", "withmeal", "withmeals"]),
    ("meal_relation", "empty_stomach", &["emptystomach", "es"]),
    ("meal_relation", "bedtime", &["hs", "atbedtime", "beforesleep"]),
    ("visit_type", "new", &["newvisit", "consultation", "first", "firstvisit", "regular", "opd"]),
    ("visit_type", "follow_up", &["followup", "review", "revisit", "old"]),
    ("visit_type", "procedure", &["treatment", "surgery"]),
    ("visit_type", "teleconsult", &["online", "video", "teleconsultation", "phone"]),
    ("source", "walk_in", &["walkin", "direct"]),
    ("source", "phone", &["call", "telephone"]),
    ("source", "online", &["web", "app", "website"]),
    ("status", "booked", &["scheduled", "pending", "new", "open", "reserved", "upcoming"]),
    ("status", "arrived", &["checkedin", "waiting", "inqueue", "present"]),
    ("status", "in_consultation", &["inprogress", "ongoing", "started"]),
    ("status", "in_progress", &["ongoing", "started", "active"]),
    ("status", "completed", &["done", "complete", "finished", "closed", "visited"]),
    ("status", "cancelled", &["canceled", "cancel"]),
    ("status", "no_show", &["noshow", "missed", "absent", "didnotcome"]),
    (
        "status",
        "finalised",
        &[
            "finalized",
            "final",
            "signed",
            "complete",
            "completed",
            "done",
            "active",
            "issued",
            "printed",
            "dispensed",
            "approved",
        ],
    ),
    ("status", "draft", &["pending", "open", "new", "incomplete", "unsigned"]),
    ("status", "voided", &["void", "cancelled", "canceled", "deleted", "invalid"]),
    ("status", "superseded", &["replaced", "amended", "revised"]),
    ("status", "planned", &["proposed", "scheduled", "pending", "advised"]),
    ("status", "active", &["open", "current", "present"]),
    ("status", "resolved", &["closed", "treated", "healed"]),
    ("status", "inactive", &["resolved", "past"]),
    ("status", "published", &["public"]),
    ("fee_status", "paid", &["complete", "completed", "yes", "done", "received"]),
    ("fee_status", "unpaid", &["pending", "due", "no", "partial"]),
    ("fee_status", "waived", &["free", "nocharge"]),
    ("mode", "in_person", &["inperson", "clinic", "opd", "offline"]),
    ("mode", "video", &["online", "teleconsult"]),
    ("mode", "audio", &["phone", "call"]),
    ("severity", "mild", &["low", "minor"]),
    ("severity", "moderate", &["medium"]),
    ("severity", "severe", &["high", "serious"]),
    ("severity", "life_threatening", &["critical", "anaphylaxis", "fatal"]),
    // Only what says no more than the old word did: plain "caries" says nothing of its depth.
    ("condition_code", "sound", &["healthy", "normal"]),
    ("condition_code", "missing_extracted", &["extracted"]),
    ("condition_code", "root_canal_treated", &["rct", "rootcanal", "rctdone"]),
    ("condition_code", "mobility", &["mobile", "loose"]),
    ("condition_code", "discoloured", &["discolored", "stained", "stain"]),
    ("visibility", "tenant", &["public", "shared", "clinic"]),
    ("visibility", "private", &["personal", "me"]),
    ("patient_consent", "written", &["yes", "true", "obtained"]),
    ("patient_consent", "none", &["no", "false", "notobtained"]),
];

/// What stands in a list of allergies where there are none.
pub(super) fn is_no_allergy(written: &str) -> bool {
    matches!(
        squeeze(written).as_str(),
        "nil"
            | "no"
            | "none"
            | "nka"
            | "nkda"
            | "noknownallergies"
            | "noknownallergy"
            | "noknowndrugallergies"
            | "noallergies"
            | "noallergy"
            | "nonknown"
            | "noneknown"
            | "negative"
            | "nad"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_old_programs_are_known() {
        let sexes = &["male", "female", "other", "unknown"];
        assert_eq!(choice("sex", sexes, " F "), Some("female"));
        assert_eq!(choice("sex", sexes, "Male"), Some("male"));
        assert_eq!(choice("sex", sexes, "x"), None);
        let groups = &["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-", "unknown"];
        for (written, group) in [("O +ve", "O+"), ("b positive", "B+"), ("AB-", "AB-"), ("A Neg", "A-")] {
            assert_eq!(choice("blood_group", groups, written), Some(group), "{written}");
        }
        let (forms, routes) = (protocol::table::DOSAGE_FORMS, protocol::table::ROUTES);
        assert_eq!(choice("dosage_form", forms, "Pessary"), Some("suppository"));
        assert_eq!(choice("route", routes, "Pessary"), Some("vaginal"), "which is not rectal");
        assert_eq!(
            choice("status", protocol::table::APPOINTMENT_STATUSES, "In Progress"),
            Some("in_consultation")
        );
        assert_eq!(choice("status", protocol::table::PRESCRIPTION_STATUSES, "completed"), Some("finalised"));
    }

    #[test]
    fn every_name_and_choice_belongs_to_a_column_that_is_declared() {
        for (table, column, _) in NAMES {
            let is_declared = |table: &protocol::table::Table| table.column(column).is_some();
            match table {
                Some(table) => assert!(is_declared(table.table()), "{table:?}.{column}"),
                None => assert!(protocol::table::TABLES.iter().any(is_declared), "{column}"),
            }
        }
        for (column, choice, words) in CHOICES {
            let is_declared = protocol::table::TABLES.iter().any(|table| {
                table.column(column).is_some_and(|column| {
                    matches!(column.kind, protocol::table::Kind::Choice(choices) if choices.contains(choice))
                })
            });
            assert!(is_declared, "{column}: {choice}");
            assert!(words.iter().all(|word| squeeze(word) == *word), "{column}: {words:?}");
        }
    }

    #[test]
    fn states_and_languages_have_codes() {
        for (written, code) in [
            ("Maharashtra", "MH"),
            ("mh", "MH"),
            ("Andhra Pradesh", "AP"),
            ("Andaman & Nicobar Islands", "AN"),
            ("Jammu and Kashmir", "JK"),
            ("Tamil Nadu", "TN"),
            ("Uttarakhand", "UK"),
            ("Dadra and Nagar Haveli and Daman and Diu", "DD"),
            ("Chandigarh", "CH"),
            ("उत्तर प्रदेश", "UP"),
        ] {
            assert_eq!(state(written), Some(code), "{written}");
        }
        assert_eq!((state("Bavaria"), language("Klingon")), (None, None));
        assert_eq!(
            (language("Marathi"), language("hi"), language("हिन्दी")),
            (Some("mr"), Some("hi"), Some("hi"))
        );
        let mut names = STATES.iter().chain(LANGUAGES).flat_map(|(_, names)| *names);
        assert!(names.all(|name| squeeze(name) == *name));
    }

    #[test]
    fn a_list_of_no_allergies_is_none() {
        assert!(is_no_allergy("N.K.D.A.") && is_no_allergy("No known allergies"));
        assert!(!is_no_allergy("penicillin"));
    }
}
