//! A run that fails, with fewer steps.

use crate::plan::Plan;
use crate::play;

/// Leaves out of a failing run whatever it fails without: first half of the steps, then a quarter, and so on down to
/// single ones; then whole parts of the bad weather.
pub fn shrink(plan: &Plan) -> Plan {
    let fails = |plan: &Plan| !play(plan, false).wrong.is_empty();
    let mut least = plan.clone();
    let mut size = least.steps.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < least.steps.len() {
            let mut fewer = least.clone();
            fewer.steps.drain(start..(start + size).min(fewer.steps.len()));
            if fails(&fewer) {
                least = fewer;
            } else {
                start += size;
            }
        }
        size /= 2;
    }
    for calm in [
        |plan: &mut Plan| plan.weather.lost = 0,
        |plan: &mut Plan| plan.weather.repeated = 0,
        |plan: &mut Plan| plan.weather.cut = 0,
        |plan: &mut Plan| plan.weather.stale = 0,
        |plan: &mut Plan| plan.page = 5_000,
        |plan: &mut Plan| plan.is_server_newer = false,
    ] {
        let mut calmer = least.clone();
        calm(&mut calmer);
        if fails(&calmer) {
            least = calmer;
        }
    }
    least
}
