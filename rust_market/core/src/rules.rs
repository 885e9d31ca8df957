//! What a caller may choose.

/// Who is dispatched when offers at the marginal price compete for the last megawatts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ties {
    /// The lower index first.
    #[default]
    Index,
    /// Each the same share of its quantity.
    ProRata,
}

/// The rules of one auction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rules {
    /// How ties at the marginal price are broken.
    pub ties: Ties,
    /// The price of a shortage, €/MWh (value of lost load); `None`: the highest offer.
    pub price_cap: Option<f64>,
}
