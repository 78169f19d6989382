//! Access tokens: what the server signs, and what it believes when it comes back.

use std::collections::HashMap;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use protocol::api::{DeviceScope, Secret};
use protocol::id::{ClinicId, DeviceId, TenantId, UserId};
use protocol::permission::Role;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::code::random_bytes;

/// The life of an access token in seconds.
pub const TOKEN_TTL_SECS: i64 = 10 * 60;
/// How far the clocks of two servers may lie apart, in seconds.
const LEEWAY_SECS: i64 = 5;
/// The longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 2048;
const ISSUER: &str = "clinic-sync";
const AUDIENCE: &str = "clinic-desk";
const TYPE: &str = "at+jwt";

/// What a token says. Every claim is required, but for `pwd`, which is false where it is not there; a claim of another type
/// is as good as none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who signed it.
    pub iss: String,
    /// For whom it is.
    pub aud: String,
    /// The person.
    pub sub: UserId,
    /// Their tenant.
    pub tid: TenantId,
    /// The device on which they are.
    pub did: DeviceId,
    /// The clinic in which it stands.
    pub cid: ClinicId,
    /// What they were when it was signed.
    pub roles: Vec<Role>,
    /// What the device may receive.
    pub scope: DeviceScope,
    /// Their `token_version`: a greater one in the database ends this token.
    pub tv: i32,
    /// Whether they gave their password for this very token. No computer can say so by itself.
    #[serde(default)]
    pub pwd: bool,
    /// Signed at, in Unix seconds.
    pub iat: i64,
    /// Good from, in Unix seconds.
    pub nbf: i64,
    /// Good until, in Unix seconds.
    pub exp: i64,
}

/// For whom a token is made.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Their tenant.
    pub tenant: TenantId,
    /// The person.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// The clinic in which it stands.
    pub clinic: ClinicId,
    /// What they are.
    pub roles: Vec<Role>,
    /// What the device may receive.
    pub scope: DeviceScope,
    /// Their `token_version`.
    pub token_version: i32,
    /// Whether they have just given their password.
    pub is_by_password: bool,
}

/// The token is not one of ours, or its time is over. There is no telling which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the access token is not good")]
pub struct NotOurs;

/// The header, and nothing but it: `jku`, `jwk`, `x5u`, `x5c`, `crit` and whatever else there is are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    alg: String,
    typ: String,
    kid: String,
}

/// The key that signs tokens, and all keys whose tokens are believed.
pub struct TokenKeys {
    kid: String,
    signing: EncodingKey,
    believed: HashMap<String, DecodingKey>,
}

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenKeys").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl TokenKeys {
    /// Signs with this key and believes its tokens.
    pub fn new(key: &SigningKey) -> Self {
        let public = key.verifying_key();
        let digest = Sha256::digest(public.as_bytes());
        let kid = BASE64_URL_SAFE_NO_PAD.encode(&digest[..12]);
        let der = key.to_pkcs8_der().expect("BUG: an Ed25519 key can always be written");
        Self {
            signing: EncodingKey::from_ed_der(der.as_bytes()),
            believed: HashMap::from([(kid.clone(), DecodingKey::from_ed_der(public.as_bytes()))]),
            kid,
        }
    }

    /// Reads the key from a PEM file (Ed25519, PKCS #8), as [`write_new_key`] makes it.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        use anyhow::Context;
        let pem = std::fs::read_to_string(path)
            .with_context(|| format!("The token key cannot be read from {}.", path.display()))?;
        let key = SigningKey::from_pkcs8_pem(&pem).map_err(|_| {
            anyhow::anyhow!(
                "{} does not hold an Ed25519 key. `clinic-sync keygen --out FILE` makes one.",
                path.display()
            )
        })?;
        Ok(Self::new(&key))
    }

    /// Signs a token that is good from `now` for [`TOKEN_TTL_SECS`].
    pub fn sign(&self, subject: &Subject, now: OffsetDateTime) -> Secret {
        let iat = now.unix_timestamp();
        self.sign_claims(&Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: subject.user,
            tid: subject.tenant,
            did: subject.device,
            cid: subject.clinic,
            roles: subject.roles.clone(),
            scope: subject.scope,
            tv: subject.token_version,
            pwd: subject.is_by_password,
            iat,
            nbf: iat,
            exp: iat + TOKEN_TTL_SECS,
        })
    }

    /// Signs any claims.
    pub fn sign_claims<T: Serialize>(&self, claims: &T) -> Secret {
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(self.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        Secret(
            jsonwebtoken::encode(&header, claims, &self.signing)
                .expect("BUG: claims are JSON and the key is Ed25519"),
        )
    }

    /// Reads a token. The header is judged before anything else of it is looked at.
    ///
    /// # Errors
    ///
    /// [`NotOurs`], whatever is wrong.
    pub fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Claims, NotOurs> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(NotOurs);
        }
        let (header, _) = token.split_once('.').ok_or(NotOurs)?;
        let header = BASE64_URL_SAFE_NO_PAD.decode(header).map_err(|_| NotOurs)?;
        let header: StrictHeader = serde_json::from_slice(&header).map_err(|_| NotOurs)?;
        if header.alg != "EdDSA" || header.typ != TYPE {
            return Err(NotOurs);
        }
        let key = self.believed.get(&header.kid).ok_or(NotOurs)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        // The times are compared below, with the clock that the caller gives.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(|_| NotOurs)?.claims;
        let now = now.unix_timestamp();
        let in_time = claims.iat <= now + LEEWAY_SECS
            && claims.nbf <= now + LEEWAY_SECS
            && now - LEEWAY_SECS < claims.exp
            && claims.exp.checked_sub(claims.iat).is_some_and(|life| life <= TOKEN_TTL_SECS);
        if in_time { Ok(claims) } else { Err(NotOurs) }
    }
}

/// A new random key.
pub fn new_key() -> SigningKey {
    SigningKey::from_bytes(&random_bytes())
}

/// Writes a new key into a new file that only its owner can read; an existing file is left alone.
pub fn write_new_key(path: &Path) -> anyhow::Result<()> {
    write_key(path, &new_key())
}

/// Writes this key so.
pub(crate) fn write_key(path: &Path, key: &SigningKey) -> anyhow::Result<()> {
    use std::io::Write;

    use anyhow::Context;
    let pem =
        key.to_pkcs8_pem(LineEnding::LF).map_err(|_| anyhow::anyhow!("The key cannot be written as PEM."))?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| {
        format!("{} cannot be created; an existing file is never overwritten.", path.display())
    })?;
    file.write_all(pem.as_bytes())?;
    file.sync_all()?;
    Ok(())
}

/// The key in this file, which is made if it is not there.
pub fn load_or_create(path: &Path) -> anyhow::Result<TokenKeys> {
    if !path.exists() {
        write_new_key(path)?;
    }
    TokenKeys::load(path)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 10:00 UTC);

    fn keys() -> TokenKeys {
        TokenKeys::new(&SigningKey::from_bytes(&[7; 32]))
    }

    fn subject() -> Subject {
        Subject {
            tenant: TenantId::new(),
            user: UserId::new(),
            device: DeviceId::new(),
            clinic: ClinicId::new(),
            roles: vec![Role::Admin, Role::Dentist],
            scope: DeviceScope::Clinical,
            token_version: 3,
            is_by_password: false,
        }
    }

    fn claims() -> Value {
        let claims = keys().verify(&keys().sign(&subject(), NOW).0, NOW).expect("ours");
        serde_json::to_value(claims).expect("BUG: claims are JSON")
    }

    /// The token of these parts, signed by our key whatever they say.
    fn forge(header: &Value, claims: &Value) -> String {
        use ed25519_dalek::Signer;
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = SigningKey::from_bytes(&[7; 32]).sign(message.as_bytes());
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    fn header() -> Value {
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": keys().kid})
    }

    #[test]
    fn a_token_says_who_it_is_for() {
        let subject = subject();
        let claims = keys().verify(&keys().sign(&subject, NOW).0, NOW).expect("ours");
        assert_eq!(
            (claims.tid, claims.sub, claims.did, claims.cid, claims.tv),
            (subject.tenant, subject.user, subject.device, subject.clinic, 3)
        );
        assert_eq!(claims.roles, subject.roles);
        assert!(keys().verify(&forge(&header(), &self::claims()), NOW).is_ok());
    }

    #[test]
    fn a_token_lives_ten_minutes_and_five_seconds() {
        let token = keys().sign(&subject(), NOW).0;
        for (seconds, good) in [(-6, false), (-5, true), (0, true), (604, true), (605, false)] {
            let result = keys().verify(&token, NOW + Duration::seconds(seconds));
            assert_eq!(result.is_ok(), good, "after {seconds} s");
        }
    }

    #[test]
    fn a_header_that_says_more_or_something_else_is_refused() {
        for (name, value) in [
            ("alg", json!("none")),
            ("alg", json!("HS256")),
            ("alg", json!("ES256")),
            ("alg", json!("eddsa")),
            ("typ", json!("JWT")),
            ("kid", json!("another")),
            ("kid", json!(null)),
            ("jku", json!("https://evil.example/keys")),
            ("jwk", json!({"kty": "OKP"})),
            ("x5u", json!("https://evil.example/cert")),
            ("x5c", json!(["MII"])),
            ("crit", json!(["exp"])),
            ("b64", json!(false)),
        ] {
            let mut header = header();
            header[name] = value.clone();
            assert_eq!(keys().verify(&forge(&header, &claims()), NOW), Err(NotOurs), "{name} {value}");
        }
        for name in ["alg", "typ", "kid"] {
            let mut header = header();
            header.as_object_mut().expect("an object").remove(name);
            assert_eq!(keys().verify(&forge(&header, &claims()), NOW), Err(NotOurs), "no {name}");
        }
    }

    #[test]
    fn every_claim_is_required_and_of_its_type() {
        let good = claims();
        for name in good.as_object().expect("an object").keys() {
            for value in [None, Some(json!(null)), Some(json!([])), Some(json!({"a": 1})), Some(json!(true))]
            {
                let is_optional = name == "pwd" && matches!(value, None | Some(Value::Bool(_)));
                if is_optional || name == "roles" && value == Some(json!([])) {
                    continue;
                }
                let mut claims = good.clone();
                match &value {
                    Some(value) => claims[name] = value.clone(),
                    None => {
                        claims.as_object_mut().expect("an object").remove(name);
                    }
                }
                assert_eq!(
                    keys().verify(&forge(&header(), &claims), NOW),
                    Err(NotOurs),
                    "{name} = {value:?}"
                );
            }
        }
        for (name, value) in [
            ("iss", json!("another")),
            ("aud", json!("another")),
            ("aud", json!(["clinic-desk"])),
            ("exp", json!("9999999999")),
            ("exp", json!(9_999_999_999_i64)),
            ("exp", json!(1.0e300)),
            ("iat", json!(i64::MIN)),
            ("scope", json!("everything")),
            ("roles", json!(["super_admin"])),
        ] {
            let mut claims = good.clone();
            claims[name] = value.clone();
            assert_eq!(keys().verify(&forge(&header(), &claims), NOW), Err(NotOurs), "{name} = {value}");
        }
    }

    #[test]
    fn another_key_a_changed_text_and_no_signature_are_refused() {
        let foreign = TokenKeys::new(&SigningKey::from_bytes(&[8; 32]));
        let mut token = foreign.sign(&subject(), NOW).0;
        assert_eq!(keys().verify(&token, NOW), Err(NotOurs));
        // The foreign key under our key's name.
        let imposter = TokenKeys { kid: keys().kid, ..TokenKeys::new(&SigningKey::from_bytes(&[8; 32])) };
        token = imposter.sign(&subject(), NOW).0;
        assert_eq!(keys().verify(&token, NOW), Err(NotOurs));

        let good = keys().sign(&subject(), NOW).0;
        let (head, _) = good.rsplit_once('.').expect("three parts");
        let parts: Vec<&str> = good.split('.').collect();
        for bad in [
            String::new(),
            ".".into(),
            "..".into(),
            head.to_owned(),
            format!("{head}."),
            format!("{good}."),
            format!("{good}.x"),
            format!(" {good}"),
            format!("{}.{}A.{}", parts[0], parts[1], parts[2]),
            format!("{good}{}", "A".repeat(2048)),
        ] {
            assert_eq!(keys().verify(&bad, NOW), Err(NotOurs), "{bad}");
        }
    }

    #[test]
    fn a_key_file_is_made_once_and_is_its_owners() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token.pem");
        let keys = load_or_create(&path).expect("made");
        let token = keys.sign(&subject(), NOW).0;
        assert!(load_or_create(&path).expect("read").verify(&token, NOW).is_ok());
        assert!(write_new_key(&path).is_err());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::write(&path, "not a key").expect("written");
        assert!(TokenKeys::load(&path).is_err());
    }
}
