//! Holds up whoever fails too often from one network address where passwords and codes are typed, or asks too often for what
//! takes no token, whatever tenants, computers and people they name: for a minute at most. Counted in this process's memory.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::error::ErrorCode;

use super::must_wait;
use crate::connections::Peer;

/// More than a clinic's people mistype behind one address, and fewer than a program guesses.
const MOST_FAILURES: u32 = 300;
/// More than two hundred computers behind one address ask when a server comes back, and fewer than would keep it busy.
const MOST_ASKED: u32 = 1_200;
/// In this time.
const WITHIN: Duration = Duration::from_mins(1);
/// So many addresses are kept at most.
const MOST: usize = 20_000;
/// That requests come without an address is told once in so long.
const TELL_EVERY: Duration = Duration::from_mins(1);
/// What proxies ask by themselves.
pub(crate) const READY: &str = "/readyz";
/// What of an IPv6 address one customer has.
const CUSTOMER: u128 = !(u128::MAX >> 56);

/// What came to this process, by address.
#[derive(Debug)]
pub struct Addresses {
    header: OnceLock<HeaderName>,
    failures: Tally,
    asked: Tally,
    /// When it was last told that a request came without an address.
    told: Mutex<Option<Instant>>,
}

/// How often something came from an address in its minute.
#[derive(Debug)]
struct Tally {
    most: u32,
    all: Mutex<HashMap<IpAddr, Count>>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    count: u32,
    since: Instant,
}

impl Count {
    /// How much is left of their minute.
    fn rest(&self, now: Instant) -> Duration {
        WITHIN.saturating_sub(now.saturating_duration_since(self.since))
    }
}

impl Tally {
    fn new(most: u32) -> Self {
        Self { most, all: Mutex::default() }
    }

    /// Whether one more may come from there, or how long to wait.
    fn check(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let count = self.lock().get(&network(address)).copied();
        match count.filter(|count| count.count >= self.most) {
            Some(count) if !count.rest(now).is_zero() => Err(count.rest(now)),
            _ => Ok(()),
        }
    }

    fn add(&self, address: IpAddr, now: Instant) {
        let (network, mut all) = (network(address), self.lock());
        if all.len() >= MOST && !all.contains_key(&network) {
            all.retain(|_, count| !count.rest(now).is_zero());
            // Whoever has so many addresses is not held up by counting them.
            if all.len() >= MOST {
                all.clear();
            }
        }
        let new = Count { count: 0, since: now };
        let count = all.entry(network).or_insert(new);
        if count.rest(now).is_zero() {
            *count = new;
        }
        count.count = count.count.saturating_add(1);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Count>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Addresses {
    fn default() -> Self {
        Self {
            header: OnceLock::new(),
            failures: Tally::new(MOST_FAILURES),
            asked: Tally::new(MOST_ASKED),
            told: Mutex::default(),
        }
    }
}

impl Addresses {
    /// From now on the proxy is believed where it says in this header where a request comes from. Until then only those
    /// are counted whose connection can be no proxy's.
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
        self.failures.check(address, now)
    }

    /// A try from there failed.
    pub fn failed(&self, address: IpAddr, now: Instant) {
        self.failures.add(address, now);
    }

    /// Somebody asks from there for what takes no token.
    ///
    /// # Errors
    ///
    /// How long to wait.
    pub fn asked(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        self.asked.check(address, now)?;
        self.asked.add(address, now);
        Ok(())
    }

    /// Under which address a request is counted, if under any: as the proxy says, else as its connection comes. Whoever
    /// came past the proxy is so counted for themselves, and all that a proxy forgot to say it of as one.
    fn of(&self, headers: &HeaderMap, peer: IpAddr) -> Option<IpAddr> {
        let Some(header) = self.header.get() else {
            // Counted as one, whoever fails on purpose would keep all those out whom that proxy brings.
            return (!may_be_a_proxy(peer)).then_some(peer);
        };
        Some(said(headers, header).unwrap_or(peer))
    }

    /// Tells that the proxy did not say where a request comes from. Whether a process is ready it asks in its own name, and
    /// has nothing to say then.
    fn tell_unsaid(&self, path: &str, headers: &HeaderMap, now: Instant) {
        let Some(header) = self.header.get() else { return };
        if path != READY && said(headers, header).is_none() && self.is_time_to_tell(now) {
            tracing::warn!(
                %header,
                "requests come without the address that the proxy should say, and are counted as of where they connect from"
            );
        }
    }

    fn is_time_to_tell(&self, now: Instant) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = told.is_none_or(|at| now.saturating_duration_since(at) >= TELL_EVERY);
        if is_time {
            *told = Some(now);
        }
        is_time
    }
}

/// Where the proxy says that a request comes from.
fn said(headers: &HeaderMap, header: &HeaderName) -> Option<IpAddr> {
    // What stands last is the proxy's; before it may stand whatever the client sent.
    let last = headers.get_all(header).iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim();
    // Some proxies say the port as well.
    last.parse::<IpAddr>().or_else(|_| last.parse::<SocketAddr>().map(|socket| socket.ip())).ok()
}

/// Whether a proxy may connect from there: this computer, or a network that the internet does not reach.
fn may_be_a_proxy(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            // What a provider gives its own machines: 100.64.0.0/10.
            let is_shared = matches!(address.octets(), [100, 64..=127, ..]);
            is_shared || address.is_loopback() || address.is_private() || address.is_link_local()
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// Whoever has one IPv6 address has all that begin like it.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & CUSTOMER)),
        address @ IpAddr::V4(_) => address,
    }
}

/// The address under which a request is counted, if it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountedAs(pub(crate) Option<IpAddr>);

/// Lets a request of whoever has no token through if not too many came from its address: each costs the database
/// something before it is known who they are.
pub(crate) async fn pace(
    State(addresses): State<Arc<Addresses>>,
    Extension(Peer(peer)): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let now = Instant::now();
    addresses.tell_unsaid(request.uri().path(), request.headers(), now);
    let address = addresses.of(request.headers(), peer);
    if let Some(Err(wait)) = address.map(|address| addresses.asked(address, now)) {
        return must_wait(wait).into_response();
    }
    request.extensions_mut().insert(CountedAs(address));
    next.run(request).await
}

/// Lets a request through whose address did not fail too often, and counts it if it fails as guesses do.
pub(crate) async fn hold(
    State(addresses): State<Arc<Addresses>>,
    Extension(CountedAs(address)): Extension<CountedAs>,
    request: Request,
    next: Next,
) -> Response {
    let Some(address) = address else {
        return next.run(request).await;
    };
    if let Err(wait) = addresses.check(address, Instant::now()) {
        return must_wait(wait).into_response();
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
    fn an_address_asks_so_often_a_minute_and_what_is_refused_makes_the_wait_no_longer() {
        let (addresses, start) = (Addresses::default(), Instant::now());
        let (asks, other) = (address("203.0.113.7"), address("203.0.113.8"));
        let later = start + Duration::from_secs(20);
        let taken = (0..2 * MOST_ASKED).filter(|_| addresses.asked(asks, start).is_ok()).count();
        assert_eq!(taken, MOST_ASKED as usize);
        assert_eq!(addresses.asked(asks, later), Err(Duration::from_secs(40)));
        assert_eq!(addresses.asked(other, later), Ok(()));
        assert_eq!(addresses.check(asks, later), Ok(()), "who asks has not failed");
        assert_eq!(addresses.asked(asks, start + WITHIN), Ok(()));
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
        assert_eq!(addresses.failures.lock().len(), 1);
    }

    #[test]
    fn only_the_proxys_own_word_is_believed() {
        let (addresses, proxy) = (Addresses::default(), address("10.0.0.1"));
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "198.51.100.1, 203.0.113.7".parse().expect("a value"));
        assert_eq!(addresses.of(&headers, proxy), None, "no proxy is believed yet");
        addresses.believe(HeaderName::from_static("x-forwarded-for"));
        assert_eq!(addresses.of(&headers, proxy), Some(address("203.0.113.7")));
        headers.append("x-forwarded-for", "2001:db8::1".parse().expect("a value"));
        assert_eq!(addresses.of(&headers, proxy), Some(address("2001:db8::1")));
        for with_port in ["203.0.113.7:4711", "[2001:db8::1]:4711"] {
            headers.append("x-forwarded-for", with_port.parse().expect("a value"));
            let without = with_port.rsplit_once(':').expect("a port").0.trim_matches(['[', ']']);
            assert_eq!(addresses.of(&headers, proxy), Some(address(without)));
        }
        headers.append("x-forwarded-for", "somewhere".parse().expect("a value"));
        assert_eq!(addresses.of(&headers, proxy), Some(proxy), "and not what stands before it");
    }

    #[test]
    fn without_a_proxy_that_is_believed_only_those_are_counted_who_can_be_none() {
        let (addresses, headers) = (Addresses::default(), HeaderMap::new());
        let of = |peer: &str| addresses.of(&headers, address(peer));
        for own in ["203.0.113.7", "100.128.0.1", "2001:db8:1::9", "::ffff:203.0.113.7"] {
            assert_eq!(of(own), Some(address(own)));
        }
        for near in [
            "127.0.0.1",
            "10.0.0.1",
            "::ffff:192.168.1.5",
            "169.254.1.1",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "fe80::1",
        ] {
            assert_eq!(of(near), None, "{near}");
        }
    }

    #[test]
    fn a_proxy_that_asks_by_itself_whether_a_process_is_ready_has_forgotten_nothing() {
        let (addresses, start, unsaid) = (Addresses::default(), Instant::now(), HeaderMap::new());
        addresses.believe(HeaderName::from_static("x-real-ip"));
        addresses.tell_unsaid("/readyz", &unsaid, start);
        assert!(addresses.is_time_to_tell(start), "nothing was told");
        addresses.tell_unsaid("/v1/auth/challenge", &unsaid, start + TELL_EVERY);
        assert!(!addresses.is_time_to_tell(start + TELL_EVERY), "this was");
    }

    #[test]
    fn requests_of_which_the_proxy_says_nothing_are_counted_as_they_connect_and_told_of_once_a_minute() {
        let (addresses, start) = (Addresses::default(), Instant::now());
        let mut headers = HeaderMap::new();
        let (proxy, past_it) = (address("10.0.0.1"), address("203.0.113.8"));
        addresses.believe(HeaderName::from_static("x-real-ip"));
        addresses.tell_unsaid("/v1/auth/login", &headers, start);
        for _ in 0..MOST_FAILURES {
            let unsaid = addresses.of(&headers, proxy).expect("counted");
            addresses.failed(unsaid, start);
        }
        let unsaid = addresses.of(&headers, proxy).expect("counted");
        assert!(addresses.check(unsaid, start).is_err(), "all that the proxy forgot to say it of");
        let alone = addresses.of(&headers, past_it).expect("counted");
        assert_eq!(addresses.check(alone, start), Ok(()), "whoever came past it waits for nobody");
        headers.insert("x-real-ip", "203.0.113.7".parse().expect("a value"));
        let said = addresses.of(&headers, proxy).expect("counted");
        assert_eq!(addresses.check(said, start), Ok(()), "and nobody of whom it said it");
        assert!(!addresses.is_time_to_tell(start + TELL_EVERY / 2), "it was told");
        assert!(addresses.is_time_to_tell(start + TELL_EVERY));
        assert!(!addresses.is_time_to_tell(start + TELL_EVERY));
    }
}
