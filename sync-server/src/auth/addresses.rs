//! Holds up whoever fails too often from one network address, whatever tenants, computers and people they name. Only where
//! passwords and codes are typed, and for a minute at most. Counted in this process's memory.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::error::ErrorCode;

use crate::error::Error;

/// More than a clinic's people mistype behind one address, and fewer than a program guesses.
const MOST_FAILURES: u32 = 300;
/// In this time.
const WITHIN: Duration = Duration::from_mins(1);
/// So many addresses are kept at most.
const MOST: usize = 20_000;
/// That requests come without an address is told once in so long.
const TELL_EVERY: Duration = Duration::from_mins(1);
/// For all of which the proxy does not say where they come from: the proxy's own address, which is one as well.
const UNSAID: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
/// What of an IPv6 address one customer has.
const CUSTOMER: u128 = !(u128::MAX >> 56);

/// The failures of this process by address, if the proxy before it says where requests come from.
#[derive(Debug, Default)]
pub struct Addresses {
    header: OnceLock<HeaderName>,
    all: Mutex<HashMap<IpAddr, Failures>>,
    /// When it was last told that a request came without an address.
    told: Mutex<Option<Instant>>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    since: Instant,
}

impl Failures {
    /// How much is left of their minute.
    fn rest(&self, now: Instant) -> Duration {
        WITHIN.saturating_sub(now.saturating_duration_since(self.since))
    }
}

impl Addresses {
    /// From now on the proxy is believed where it says in this header where a request comes from. Until then nothing is
    /// counted: everybody comes from the proxy's own address.
    pub fn believe(&self, header: HeaderName) {
        // The first one stays.
        self.header.set(header).ok();
    }

    /// Whether another try from there is allowed now.
    ///
    /// # Errors
    ///
    /// How long to wait.
    pub fn check(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let failures = self.lock().get(&network(address)).copied();
        match failures.filter(|failures| failures.count >= MOST_FAILURES) {
            Some(failures) if !failures.rest(now).is_zero() => Err(failures.rest(now)),
            _ => Ok(()),
        }
    }

    /// A try from there failed.
    pub fn failed(&self, address: IpAddr, now: Instant) {
        let (network, mut all) = (network(address), self.lock());
        if all.len() >= MOST && !all.contains_key(&network) {
            all.retain(|_, failures| !failures.rest(now).is_zero());
            // Whoever has so many addresses is not held up by counting them.
            if all.len() >= MOST {
                all.clear();
            }
        }
        let new = Failures { count: 0, since: now };
        let failures = all.entry(network).or_insert(new);
        if failures.rest(now).is_zero() {
            *failures = new;
        }
        failures.count = failures.count.saturating_add(1);
    }

    /// Where a request comes from, if addresses are counted. Those of which the proxy does not say it are counted as one:
    /// a proxy that forgot the header, or whoever came past it, would not be counted at all otherwise.
    fn of(&self, headers: &HeaderMap, now: Instant) -> Option<IpAddr> {
        let header = self.header.get()?;
        let said = said(headers, header);
        if said.is_none() && self.is_time_to_tell(now) {
            tracing::warn!(%header, "requests come without the address that the proxy should say, and are counted as of one");
        }
        Some(said.unwrap_or(UNSAID))
    }

    fn is_time_to_tell(&self, now: Instant) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = told.is_none_or(|at| now.saturating_duration_since(at) >= TELL_EVERY);
        if is_time {
            *told = Some(now);
        }
        is_time
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Failures>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the proxy says that a request comes from.
fn said(headers: &HeaderMap, header: &HeaderName) -> Option<IpAddr> {
    // What stands last is the proxy's; before it may stand whatever the client sent.
    let last = headers.get_all(header).iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim();
    // Some proxies say the port as well.
    last.parse::<IpAddr>().or_else(|_| last.parse::<SocketAddr>().map(|socket| socket.ip())).ok()
}

/// Whoever has one IPv6 address has all that begin like it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & CUSTOMER)),
        address @ IpAddr::V4(_) => address,
    }
}

/// Lets a request through whose address did not fail too often, and counts it if it fails as guesses do.
pub(crate) async fn hold(State(addresses): State<Arc<Addresses>>, request: Request, next: Next) -> Response {
    let Some(address) = addresses.of(request.headers(), Instant::now()) else {
        return next.run(request).await;
    };
    if let Err(wait) = addresses.check(address, Instant::now()) {
        return Error::TooManyRequests { retry_after_secs: wait.as_secs() + 1 }.into_response();
    }
    let response = next.run(request).await;
    // Nobody guesses the id of a computer; after a restore many of one place may name ids that are not known any more.
    let is_guess = matches!(
        response.extensions().get::<ErrorCode>(),
        Some(ErrorCode::WrongPassword | ErrorCode::WrongCode | ErrorCode::Unauthorized)
    );
    if is_guess {
        addresses.failed(address, Instant::now());
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn three_hundred_failures_a_minute_are_taken_from_an_address_and_then_it_waits_for_the_rest_of_it() {
        let (addresses, start) = (Addresses::default(), Instant::now());
        let (guesser, other) = (address("203.0.113.7"), address("203.0.113.8"));
        for _ in 0..MOST_FAILURES {
            assert_eq!(addresses.check(guesser, start), Ok(()));
            addresses.failed(guesser, start);
        }
        let later = start + Duration::from_secs(20);
        assert_eq!(addresses.check(guesser, later), Err(Duration::from_secs(40)));
        assert_eq!(addresses.check(other, later), Ok(()));
        addresses.failed(guesser, start + WITHIN);
        assert_eq!(addresses.check(guesser, start + WITHIN), Ok(()), "another minute, with one failure");
    }

    #[test]
    fn an_ipv6_address_stands_for_all_of_its_customer_and_an_ipv4_one_is_the_same_in_both_forms() {
        assert_eq!(network(address("2001:db8:1:23ff::9")), network(address("2001:db8:1:2300::1")));
        assert_ne!(network(address("2001:db8:1:2400::1")), network(address("2001:db8:1:2300::1")));
        assert_eq!(network(address("::ffff:203.0.113.7")), address("203.0.113.7"));
        assert_ne!(network(address("203.0.113.8")), network(address("203.0.113.7")));
    }

    #[test]
    fn made_up_addresses_do_not_fill_the_memory() {
        let (addresses, now) = (Addresses::default(), Instant::now());
        for place in 0..=u32::try_from(MOST).expect("small") {
            addresses.failed(IpAddr::V4(place.into()), now);
        }
        assert_eq!(addresses.lock().len(), 1);
    }

    #[test]
    fn only_the_proxys_own_word_is_believed() {
        let (addresses, now) = (Addresses::default(), Instant::now());
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "198.51.100.1, 203.0.113.7".parse().expect("a value"));
        assert_eq!(addresses.of(&headers, now), None, "no proxy is believed yet");
        addresses.believe(HeaderName::from_static("x-forwarded-for"));
        assert_eq!(addresses.of(&headers, now), Some(address("203.0.113.7")));
        headers.append("x-forwarded-for", "2001:db8::1".parse().expect("a value"));
        assert_eq!(addresses.of(&headers, now), Some(address("2001:db8::1")));
        for with_port in ["203.0.113.7:4711", "[2001:db8::1]:4711"] {
            headers.append("x-forwarded-for", with_port.parse().expect("a value"));
            let without = with_port.rsplit_once(':').expect("a port").0.trim_matches(['[', ']']);
            assert_eq!(addresses.of(&headers, now), Some(address(without)));
        }
        headers.append("x-forwarded-for", "somewhere".parse().expect("a value"));
        assert_eq!(addresses.of(&headers, now), Some(UNSAID), "and not what stands before it");
    }

    #[test]
    fn requests_of_which_the_proxy_says_nothing_are_counted_as_of_one_address_and_told_of_once_a_minute() {
        let (addresses, start) = (Addresses::default(), Instant::now());
        let mut headers = HeaderMap::new();
        assert_eq!(addresses.of(&headers, start), None, "no proxy is believed yet");
        addresses.believe(HeaderName::from_static("x-real-ip"));
        for _ in 0..MOST_FAILURES {
            let unsaid = addresses.of(&headers, start).expect("counted");
            addresses.failed(unsaid, start);
        }
        let unsaid = addresses.of(&headers, start).expect("counted");
        assert!(addresses.check(unsaid, start).is_err(), "whoever leaves the header out is held up");
        headers.insert("x-real-ip", "203.0.113.7".parse().expect("a value"));
        let said = addresses.of(&headers, start).expect("counted");
        assert_eq!(addresses.check(said, start), Ok(()), "and nobody else");
        assert!(!addresses.is_time_to_tell(start + TELL_EVERY / 2), "it was told");
        assert!(addresses.is_time_to_tell(start + TELL_EVERY));
        assert!(!addresses.is_time_to_tell(start + TELL_EVERY));
    }
}
