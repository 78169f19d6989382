//! What people write in Devanagari of what they are allergic to, in Hindi and in Marathi.

/// A name, and what it means in the words that the rules know. One spelling is enough: names are compared without vowels.
const NAMES: &[(&str, &str)] = &[
    ("पेनिसिलिन", "penicillin"),
    ("एमोक्सिसिलिन", "amoxicillin"),
    ("एम्पिसिलिन", "ampicillin"),
    ("एंपिसिलिन", "ampicillin"),
    ("क्लोक्सासिलिन", "cloxacillin"),
    ("ऑगमेंटिन", "augmentin"),
    ("सेफलोस्पोरिन", "cephalosporin"),
    ("सेफलेक्सिन", "cefalexin"),
    ("सेफिक्सिम", "cefixime"),
    ("सेफुरोक्सिम", "cefuroxime"),
    ("सेफ्ट्रिएक्सोन", "ceftriaxone"),
    ("सल्फा", "sulfa"),
    ("सल्फर", "sulfur"),
    ("सल्फोनामाइड", "sulfonamide"),
    ("कोट्राइमोक्साजोल", "cotrimoxazole"),
    ("सेप्ट्रान", "septran"),
    ("बैक्ट्रिम", "bactrim"),
    ("एस्पिरिन", "aspirin"),
    ("डिस्प्रिन", "disprin"),
    ("इकोस्प्रिन", "ecosprin"),
    ("आइबुप्रोफेन", "ibuprofen"),
    ("ब्रुफेन", "brufen"),
    ("कॉम्बिफ्लाम", "combiflam"),
    ("कॉंबिफ्लाम", "combiflam"),
    ("डाइक्लोफेनाक", "diclofenac"),
    ("वोवेरान", "voveran"),
    ("एसिक्लोफेनाक", "aceclofenac"),
    ("निमेसुलाइड", "nimesulide"),
    ("मेफेनामिक", "mefenamic acid"),
    ("मेफ्टाल", "meftal"),
    ("पेनकिलर", "pain killer"),
    ("दर्दनिवारक", "pain killer"),
    ("दर्दनाशक", "pain killer"),
    ("वेदनाशामक", "pain killer"),
    ("पैरासिटामोल", "paracetamol"),
    ("क्रोसिन", "crocin"),
    ("कैल्पोल", "calpol"),
    ("सिप्रोफ्लोक्सासिन", "ciprofloxacin"),
    ("ओफ्लोक्सासिन", "ofloxacin"),
    ("नॉरफ्लोक्सासिन", "norfloxacin"),
    ("लेवोफ्लोक्सासिन", "levofloxacin"),
    ("एज़िथ्रोमाइसिन", "azithromycin"),
    ("एरिथ्रोमाइसिन", "erythromycin"),
    ("क्लैरिथ्रोमाइसिन", "clarithromycin"),
    ("क्लिंडामाइसिन", "clindamycin"),
    ("जेंटामाइसिन", "gentamicin"),
    ("एमिकासिन", "amikacin"),
    ("डॉक्सीसाइक्लिन", "doxycycline"),
    ("टेट्रासाइक्लिन", "tetracycline"),
    ("मेट्रोनिडाज़ोल", "metronidazole"),
    ("मेट्रोजिल", "metrogyl"),
    ("फ्लैजिल", "flagyl"),
    ("टिनिडाज़ोल", "tinidazole"),
    ("ऑर्निडाज़ोल", "ornidazole"),
    ("फ्लुकोनाज़ोल", "fluconazole"),
    ("ट्रामाडोल", "tramadol"),
    ("मॉर्फिन", "morphine"),
    ("लिग्नोकेन", "lignocaine"),
    ("लिडोकेन", "lidocaine"),
    ("ज़ाइलोकेन", "xylocaine"),
    ("सेटिरिज़िन", "cetirizine"),
    ("स्टेरॉइड", "steroids"),
    ("ओमेप्राज़ोल", "omeprazole"),
    ("पैंटोप्राज़ोल", "pantoprazole"),
];

/// So many consonants make a name that may go on, as Marathi does: `पेनिसिलिनची`.
const SHORTEST_BEGUN: usize = 5;

/// A text, and after it in Latin letters what it names in Devanagari.
pub(super) fn with_latin(text: &str) -> String {
    [text].into_iter().chain(in_latin(text)).collect::<Vec<_>>().join(" ")
}

/// What a text names in Devanagari, in Latin letters. A name may be written in two words: `दर्द निवारक`.
pub(super) fn in_latin(text: &str) -> Vec<&'static str> {
    let words: Vec<String> =
        text.split(|c: char| !is_of_word(c)).map(consonants).filter(|word| !word.is_empty()).collect();
    let pairs = words.windows(2).map(|pair| format!("{}{}", pair[0], pair[1]));
    let typed: Vec<String> = words.iter().cloned().chain(pairs).collect();
    if typed.is_empty() {
        return vec![];
    }
    let is_meant = |name: &str| {
        let name = consonants(name);
        let may_go_on = name.chars().count() >= SHORTEST_BEGUN;
        typed.iter().any(|typed| *typed == name || may_go_on && typed.starts_with(name.as_str()))
    };
    NAMES.iter().filter(|(name, _)| is_meant(name)).map(|(_, latin)| *latin).collect()
}

/// Whether it is of a word in Devanagari: neither a danda nor a digit, and the joiners that are not seen.
fn is_of_word(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{963}' | '\u{971}'..='\u{97f}' | '\u{200c}' | '\u{200d}')
}

/// A word without its vowels, but for one that it begins with, and with one letter for those that are taken for each
/// other in foreign names: nobody agrees how they are spelt.
fn consonants(word: &str) -> String {
    let mut found = String::new();
    for c in word.chars() {
        match c {
            '\u{904}'..='\u{914}' | '\u{972}' if found.is_empty() => found.push('अ'),
            _ => found.extend(consonant(c)),
        }
    }
    found
}

/// The letter for those that are taken for this one. That a `य` is not counted makes `डाय` of `डाइ`.
fn consonant(c: char) -> Option<char> {
    Some(match c {
        'क' | 'ख' | '\u{958}' | '\u{959}' => 'क',
        'ग' | 'घ' | '\u{95a}' => 'ग',
        'च' | 'छ' => 'च',
        'ज' | 'झ' | '\u{95b}' => 'ज',
        'ट' | 'ठ' | 'त' | 'थ' => 'त',
        'ड' | 'ढ' | 'द' | 'ध' | '\u{95c}' | '\u{95d}' => 'द',
        'ङ' | 'ञ' | 'ण' | 'न' | '\u{929}' | '\u{902}' => 'न',
        'प' => 'प',
        'फ' | '\u{95e}' => 'फ',
        'ब' | 'भ' => 'ब',
        'म' => 'म',
        'र' | '\u{931}' => 'र',
        'ल' | 'ळ' => 'ल',
        'व' => 'व',
        'श' | 'ष' | 'स' => 'स',
        'ह' => 'ह',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Rules;
    use super::*;

    #[test]
    fn a_name_is_known_in_every_spelling_and_with_what_marathi_adds_to_it() {
        for (text, latin) in [
            ("पेनिसिलिन", "penicillin"),
            ("पेनिसिलीन से दाने", "penicillin"),
            ("पेनिसिलिनची ॲलर्जी", "penicillin"),
            ("ऐमॉक्सीसिलीन 2019", "amoxicillin"),
            ("अमॉक्सिसिलिन", "amoxicillin"),
            ("सल्फ़ा", "sulfa"),
            ("सल्फा की दवा", "sulfa"),
            ("ॲस्पिरिन", "aspirin"),
            ("अ‍ॅस्पिरीन", "aspirin"),
            ("आयबुप्रोफेन", "ibuprofen"),
            ("इबुप्रोफ़ेन", "ibuprofen"),
            ("डायक्लोफेनॅक", "diclofenac"),
            ("डाईक्लोफिनेक", "diclofenac"),
            ("पॅरासिटामॉल", "paracetamol"),
            ("पेरासीटामोल।", "paracetamol"),
            ("सिप्रोफ्लॉक्सेसिन", "ciprofloxacin"),
            ("सिफेलोस्पोरिन", "cephalosporin"),
            ("अ‍ॅझिथ्रोमायसिन", "azithromycin"),
            ("झायलोकेन", "xylocaine"),
            ("को-ट्राइमोक्साज़ोल", "cotrimoxazole"),
            ("दर्द निवारक गोली", "pain killer"),
        ] {
            assert_eq!(in_latin(text), [latin], "{text}");
        }
    }

    #[test]
    fn other_words_name_nothing() {
        for text in
            ["लाल सिरप", "धूल", "सल्फेट", "मूंगफली", "दूध और अंडा", "कोई दवा नहीं", "penicillin", "", "\u{200d}"]
        {
            assert_eq!(in_latin(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn every_name_means_something_that_the_rules_know_and_is_none_of_the_others() {
        let rules = Rules::load().expect("BUG: the rules");
        for (name, latin) in NAMES {
            let is_known = rules.allergen_in_words(latin).is_some()
                || !rules.also_meant(latin).is_empty()
                || *latin == "pain killer";
            assert!(is_known, "{latin}");
            assert_eq!(in_latin(name), [*latin], "{name}");
        }
    }
}
