//! Clearing one market.

use crate::order::MeritOrder;
use crate::shortfall::Shortfall;
use crate::sum::Sum;
use crate::{Error, Rules, Ties};

/// The share of demand that must be offered at or below a price for the price to cover demand.
///
/// One minus a billionth, so that a unit that completes demand up to rounding is marginal.
const COVERAGE: f64 = 1.0 - 1e-9;

/// Working memory, kept from one clearing to the next.
#[derive(Debug, Default)]
pub struct Scratch {
    order: MeritOrder,
}

impl Scratch {
    /// Empty working memory; it grows to the largest market cleared with it.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Clears one market: writes the dispatch (MW) in the order of the offers and returns the uniform
/// price (€/MWh).
///
/// The input must have passed [`check`](crate::check): as many finite `bids` as `quantities` and
/// places in `dispatch`, at least one, quantities and demand finite and not negative. Otherwise
/// the result means nothing, or the call panics.
///
/// # Errors
///
/// [`Error::OutOfMemory`] when the working memory cannot grow.
pub fn clear(
    bids: &[f64],
    quantities: &[f64],
    demand: f64,
    rules: Rules,
    dispatch: &mut [f64],
    scratch: &mut Scratch,
) -> Result<f64, Error> {
    scratch.order.sort(bids)?;
    Ok(clear_in_order(
        &scratch.order,
        bids,
        quantities,
        demand,
        rules,
        dispatch,
    ))
}

/// Clears a market whose merit order is known.
pub(crate) fn clear_in_order(
    order: &MeritOrder,
    bids: &[f64],
    quantities: &[f64],
    demand: f64,
    rules: Rules,
    dispatch: &mut [f64],
) -> f64 {
    let Some(marginal) = marginal_offer(order, quantities, demand) else {
        for (accepted, &quantity) in dispatch.iter_mut().zip(quantities) {
            *accepted = quantity + 0.0;
        }
        return shortage_price(order, bids, quantities, rules) + 0.0;
    };
    let price = bids[marginal];
    dispatch.fill(0.0);
    if demand > 0.0 {
        accept(order, bids, quantities, demand, price, rules.ties, dispatch);
    }
    price + 0.0
}

/// The first offer in merit order with which supply covers demand, or none in a shortage.
fn marginal_offer(order: &MeritOrder, quantities: &[f64], demand: f64) -> Option<usize> {
    if demand == 0.0 {
        let positive = order.offers().find(|&at| quantities[at] > 0.0);
        return positive.or_else(|| order.offers().next());
    }
    let target = demand * COVERAGE;
    let error = Sum::error_bound(quantities.len());
    let (surely_short, surely_covered) = (target * (1.0 - error), target * (1.0 + error));
    let mut supply = Sum::default();
    for at in order.offers() {
        supply.add(quantities[at]);
        let value = supply.value();
        // An infinite sum exceeds every demand.
        if value >= surely_covered {
            return Some(at);
        }
        if value > surely_short {
            // Doubles cannot tell: decide exactly, here and from here on.
            let mut shortfall = Shortfall::new(target);
            return order.offers().find(|&at| shortfall.meet(quantities[at]));
        }
    }
    None
}

/// The highest offer of a positive quantity (of any, where there is none), or the cap.
fn shortage_price(order: &MeritOrder, bids: &[f64], quantities: &[f64], rules: Rules) -> f64 {
    if let Some(cap) = rules.price_cap {
        return cap;
    }
    let highest = order.offers().rev().find(|&at| quantities[at] > 0.0);
    highest
        .or_else(|| order.offers().next_back())
        .map_or(f64::NAN, |at| bids[at])
}

/// Dispatches offers below the price in full and shares what remains among those at it.
fn accept(
    order: &MeritOrder,
    bids: &[f64],
    quantities: &[f64],
    demand: f64,
    price: f64,
    ties: Ties,
    dispatch: &mut [f64],
) {
    let mut remaining = Sum::new(demand);
    let mut offers = order.offers().peekable();
    while let Some(at) = offers.next_if(|&at| bids[at] < price) {
        dispatch[at] = quantities[at] + 0.0;
        remaining.add(-quantities[at]);
    }
    let tied = offers.take_while(|&at| bids[at] == price);
    match ties {
        Ties::Index => {
            for at in tied {
                let accepted = quantities[at].min(remaining.value());
                if accepted <= 0.0 {
                    continue;
                }
                dispatch[at] = accepted;
                remaining.add(-quantities[at]);
            }
        }
        Ties::ProRata => {
            let share = Share::of(remaining.value(), tied.clone().map(|at| quantities[at]));
            for at in tied {
                dispatch[at] = share.apply(quantities[at]);
            }
        }
    }
}

/// The part of each tied quantity that is accepted, safe from overflow and underflow.
#[derive(Clone, Copy, Debug)]
enum Share {
    /// The ratio of what remains to what is offered.
    Ratio(f64),
    /// That ratio is too small, or the offers too large, for a double.
    Scaled { remaining: f64, tied: f64 },
}

impl Share {
    /// 2^-64: brings the sum of any number of doubles that fit in memory into range.
    const SCALE: f64 = 1.0 / 18_446_744_073_709_551_616.0;

    fn of(remaining: f64, quantities: impl Iterator<Item = f64> + Clone) -> Self {
        let total = |scale: f64| {
            let mut sum = Sum::default();
            quantities.clone().for_each(|q| sum.add(q * scale));
            sum.value()
        };
        let ratio = remaining / total(1.0);
        if ratio >= f64::MIN_POSITIVE {
            return Self::Ratio(ratio);
        }
        Self::Scaled {
            remaining,
            tied: total(Self::SCALE),
        }
    }

    fn apply(self, quantity: f64) -> f64 {
        let accepted = match self {
            Self::Ratio(ratio) => quantity * ratio,
            Self::Scaled { remaining, tied } => (quantity * Self::SCALE / tied) * remaining,
        };
        quantity.min(accepted) + 0.0
    }
}
