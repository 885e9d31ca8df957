//! Options of a clearing: ties and price cap.

/// How ties at the marginal price are broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ties {
    /// The lower index first.
    #[default]
    Index,
    /// Each offer sells the same share of its quantity.
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
