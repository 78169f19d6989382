//! Enrolment codes, and the codes of tenants: short texts that people read aloud and type.

use protocol::api::Secret;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Crockford's base 32: no I, L, O or U, so that nothing is mistaken for something else.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A one-time code: `TENANT_CODE-SSSS-XXXX-XXXX`. The first four letters find the row, the last eight, 40 bits,
/// are the secret, of which only the hash is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentSecret {
    /// Whose code it is.
    pub tenant_code: String,
    /// Finds the row.
    pub selector: String,
    secret: String,
}

impl std::fmt::Debug for EnrolmentSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<redacted>")
    }
}

impl EnrolmentSecret {
    /// A new code for this tenant.
    pub fn new(tenant_code: &str) -> Self {
        Self { tenant_code: tenant_code.to_owned(), selector: random_letters(4), secret: random_letters(8) }
    }

    /// Reads a code as people type it: small letters, spaces around it, `O` for `0`, `I` or `L` for `1`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_uppercase();
        let mut groups = text.rsplitn(4, '-');
        let third = letters(groups.next()?)?;
        let second = letters(groups.next()?)?;
        let selector = letters(groups.next()?)?;
        let tenant_code = groups.next()?;
        is_tenant_code(tenant_code).then(|| Self {
            tenant_code: tenant_code.to_owned(),
            selector,
            secret: second + &third,
        })
    }

    /// The code as it is shown, once.
    pub fn text(&self) -> Secret {
        let (second, third) = self.secret.split_at(4);
        Secret(format!("{}-{}-{second}-{third}", self.tenant_code, self.selector))
    }

    /// What is stored: bound to the tenant and to the row, so that it serves nowhere else.
    pub fn hash(&self, tenant: Uuid) -> Vec<u8> {
        let mut hasher = Sha256::new();
        hasher.update(b"cd-enrolment-code-1\n");
        hasher.update(tenant.as_bytes());
        hasher.update(self.selector.as_bytes());
        hasher.update(self.secret.as_bytes());
        hasher.finalize().to_vec()
    }
}

/// Four letters of a code, as typed.
fn letters(group: &str) -> Option<String> {
    let group: String = group
        .chars()
        .map(|c| match c {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect();
    (group.len() == 4 && group.bytes().all(|byte| ALPHABET.contains(&byte))).then_some(group)
}

/// Random letters of [`ALPHABET`], five bits each.
fn random_letters(count: usize) -> String {
    random_bytes::<32>().iter().take(count).map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

/// A password that someone types once, to choose their own: 80 bits, `7Q4K-9XWM-2C8D-HT3N`.
pub fn new_one_time_password() -> Secret {
    Secret([(); 4].map(|()| random_letters(4)).join("-"))
}

/// Bytes that no one can guess.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("BUG: the system gives no randomness");
    bytes
}

/// Whether a text has the form of a tenant's code.
pub fn is_tenant_code(text: &str) -> bool {
    (3..=50).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether a text can be a clinic's code: it is part of every prescription's number.
pub fn is_clinic_code(text: &str) -> bool {
    (2..=20).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// A tenant's code made of the clinic's name and some random letters: `SUNRISE_7Q4K`.
pub fn new_tenant_code(clinic_name: &str) -> String {
    let word: String = clinic_name
        .split_whitespace()
        .map(|word| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>())
        .find(|word| word.len() >= 3 && !matches!(word.to_ascii_lowercase().as_str(), "the" | "clinic"))
        .unwrap_or_else(|| "CLINIC".to_owned())
        .to_ascii_uppercase()
        .chars()
        .take(16)
        .collect();
    format!("{word}_{}", random_letters(4))
}

/// The lane after this many: A, B … Z, AA, AB …
pub fn lane(count: usize) -> String {
    let mut rest = count;
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or_default()));
        rest /= 26;
        if rest == 0 {
            break;
        }
        rest -= 1;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_however_it_is_typed() {
        let code = EnrolmentSecret::new("ASHA_DENTAL");
        let text = code.text().0;
        assert_eq!(text.len(), "ASHA_DENTAL-XXXX-XXXX-XXXX".len());
        for typed in
            [text.clone(), format!("  {} ", text.to_lowercase()), text.replace('0', "O").replace('1', "l")]
        {
            // The tenant's own code keeps its letters; this one has neither a 0 nor a 1.
            assert_eq!(EnrolmentSecret::parse(&typed), Some(code.clone()), "{typed}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in [
            "",
            "ASHA",
            "ASHA-1234-5678",
            "ASHA-1234-5678-90A",
            "ASHA-1234-5678-90AU",
            "AS-1234-5678-90AB",
            "ASHA DENTAL-1234-5678-90AB",
            "ASHA-१२३४-5678-90AB",
        ] {
            assert_eq!(EnrolmentSecret::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_hash_belongs_to_one_tenant_and_one_row() {
        let code = EnrolmentSecret::new("ASHA_DENTAL");
        let other = EnrolmentSecret { selector: "0000".into(), ..code.clone() };
        let (a, b) = (Uuid::now_v7(), Uuid::now_v7());
        assert_ne!(code.hash(a), code.hash(b));
        assert_ne!(code.hash(a), other.hash(a));
        assert_eq!(format!("{code:?}"), "<redacted>");
    }

    #[test]
    fn lanes_follow_each_other() {
        let lanes: Vec<String> = [0, 1, 25, 26, 27, 51, 52, 701, 702].map(lane).into();
        assert_eq!(lanes, ["A", "B", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA"]);
    }

    #[test]
    fn a_tenants_code_begins_with_the_clinics_name() {
        for (name, start) in [
            ("The Sunrise Clinic", "SUNRISE_"),
            ("आशा क्लिनिक", "CLINIC_"),
            ("D'Souza Dental", "DSOUZA_"),
            ("A B", "CLINIC_"),
        ] {
            let code = new_tenant_code(name);
            assert!(code.starts_with(start) && is_tenant_code(&code), "{code}");
        }
    }
}
