//! The learning environment: one call steps many markets.
//!
//! A step turns actions into offers, clears the markets, computes the rewards, moves on by an hour,
//! and writes the observations of the next hour. The whole state of a market is its
//! [`MarketState`]. The noise on demand is a function of seed, episode and hour (a counter-based
//! generator, `random.rs`). It therefore depends neither on threads nor on other markets.

use std::cell::RefCell;
use std::iter;
use std::num::NonZeroUsize;

use pulp::{Arch, Simd, WithSimd};

use crate::clearing::{Market, Scratch};
use crate::error::Error;
use crate::memory;
use crate::random::normal;
use crate::rules::Rules;
use crate::tanh::tanh;
use crate::threads::{Stop, parallel_for};

/// About this many agents are handed to a thread at a time.
const AGENTS_PER_CHUNK: usize = 1 << 11;

/// Bounds of an action: the share of the capacity that is withheld, and the markup before `tanh`.
const ACTIONS: [(f64, f64, &str); 2] = [(0.0, 1.0, "in [0, 1]"), (-10.0, 10.0, "in [-10, 10]")];

/// What does not change from step to step; lengths are those of `N` agents, `T` hours, `F` features
/// of an observation, the last `C` of which tell the time.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Capacities, MW; `N`.
    pub capacities: Vec<f64>,
    /// Marginal costs, €/MWh; `N`.
    pub costs: Vec<f64>,
    /// Demand without noise, MW; `T`.
    pub demand: Vec<f64>,
    /// Standard deviation of the noise on demand, and its bounds, MW.
    pub noise: [f64; 3],
    /// Largest markup, €/MWh.
    pub max_bid_delta: f64,
    /// Penalty for a squared markup.
    pub markup_penalty: f64,
    /// Penalty of each agent for a megawatt of unserved demand.
    pub unserved_penalty: f64,
    /// Factor of the rewards.
    pub reward_scale: f64,
    /// How markets are cleared.
    pub rules: Rules,
    /// Observations in which demand (the first feature) and time are still to be filled; `N` by `F`.
    pub template: Vec<f64>,
    /// Factor of demand in an observation.
    pub demand_scale: f64,
    /// The features that tell the time, of each hour and of the one after the last; `T + 1` by `C`.
    pub time: Vec<f64>,
    /// Whether a market starts the next episode at once after its last hour.
    pub autoreset: bool,
}

impl Settings {
    /// Whether there are agents and hours, lengths agree, all is finite, and neither a capacity nor
    /// a demand can be negative.
    pub fn fit(&self) -> bool {
        let (agents, hours) = (self.capacities.len(), self.demand.len());
        let lengths = agents > 0
            && hours > 0
            && self.costs.len() == agents
            && self.template.len().is_multiple_of(agents)
            && self.time.len().is_multiple_of(hours + 1)
            && self.time.len() / (hours + 1) < self.template.len() / agents;
        let [deviation, low, high] = self.noise;
        let numbers = [
            self.max_bid_delta,
            self.markup_penalty,
            self.unserved_penalty,
            self.reward_scale,
            self.demand_scale,
            self.rules.price_cap.unwrap_or(0.0),
        ];
        let lists = [
            &self.capacities,
            &self.costs,
            &self.demand,
            &self.template,
            &self.time,
        ];
        let finite = numbers.iter().chain(&self.noise).all(|n| n.is_finite())
            && lists.iter().all(|list| list.iter().all(|n| n.is_finite()));
        lengths
            && finite
            && deviation >= 0.0
            && low <= high
            && self.capacities.iter().all(|&capacity| capacity >= 0.0)
            && self
                .demand
                .iter()
                .all(|&demand| demand >= 0.0 && demand + low >= 0.0)
    }
}

/// The state of one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketState {
    /// Seed of its noise.
    pub seed: u64,
    /// Which episode of that seed.
    pub episode: u64,
    /// Which hour of the episode.
    pub hour: u64,
}

/// The state of all markets.
#[derive(Debug)]
pub struct EnvState<'a> {
    /// Of each market.
    pub seeds: &'a [u64],
    /// Of each market.
    pub episodes: &'a mut [u64],
    /// Of each market.
    pub hours: &'a mut [u64],
}

/// What a step fills; rows of `B` markets.
#[derive(Debug)]
pub struct StepBuffers<'a> {
    /// Of the hour to come; `B` by `N` by `F`.
    pub observations: &'a mut [f64],
    /// Of the hour after the last, written where an episode has ended; as `observations`.
    pub final_observations: &'a mut [f64],
    /// `B` by `N`.
    pub rewards: &'a mut [f64],
    /// Whether the last hour is over, 1 or 0; `B`.
    pub ended: &'a mut [u8],
    /// Demand of the hour cleared, MW; `B`.
    pub demand: &'a mut [f64],
    /// Price of the hour cleared, €/MWh; `B`.
    pub prices: &'a mut [f64],
    /// Dispatch of the hour cleared, MW; `B` by `N`.
    pub dispatch: &'a mut [f64],
}

/// The learning environment: markets that are stepped together.
#[derive(Clone, Debug)]
pub struct Environment(Settings);

/// Working memory of a thread, from one step to the next.
#[derive(Debug, Default)]
struct Workspace {
    bids: Vec<f64>,
    quantities: Vec<f64>,
    scratch: Scratch,
}

/// Calls a function with the working memory of this thread.
fn with_workspace<R>(work: impl FnOnce(&mut Workspace) -> R) -> R {
    thread_local! {
        static WORKSPACE: RefCell<Workspace> = RefCell::default();
    }
    WORKSPACE.with(|workspace| match workspace.try_borrow_mut() {
        Ok(mut workspace) => work(&mut workspace),
        // `stop` may run Python code, which may step an environment on this thread.
        Err(_) => work(&mut Workspace::default()),
    })
}

impl Environment {
    /// Makes an environment; none when the settings do not fit together ([`Settings::fit`]).
    pub fn new(settings: Settings) -> Option<Self> {
        settings.fit().then_some(Self(settings))
    }

    /// The settings that it was made with.
    pub fn settings(&self) -> &Settings {
        &self.0
    }

    /// Number of hours of an episode.
    pub fn hours(&self) -> usize {
        self.0.demand.len()
    }

    /// Number of agents.
    pub fn agents(&self) -> usize {
        self.0.capacities.len()
    }

    /// Length of an observation of one agent.
    pub fn features(&self) -> usize {
        self.0.template.len() / self.agents()
    }

    /// Demand of the hour of a market, MW.
    pub fn demand(&self, market_state: MarketState) -> f64 {
        let settings = &self.0;
        // After the last hour the profile begins again.
        let profile = settings.demand[market_state.hour as usize % settings.demand.len()];
        let [deviation, low, high] = settings.noise;
        if deviation == 0.0 {
            return profile;
        }
        let noise = deviation
            * normal(
                [market_state.seed, 0],
                [market_state.episode, market_state.hour, 0, 0],
            );
        profile + noise.max(low).min(high)
    }

    /// Writes the observations of the current hour of each market.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] once `stop` returns true.
    ///
    /// # Panics
    ///
    /// When there is not a row for each market.
    pub fn observe(
        &self,
        state: &EnvState<'_>,
        observations: &mut [f64],
        stop: Stop<'_>,
    ) -> Result<(), Error> {
        let rows = observations.chunks_exact_mut(self.0.template.len());
        assert_eq!(rows.len(), state.seeds.len());
        let each = (AGENTS_PER_CHUNK / self.agents()).max(1);
        for (at, row) in rows.enumerate() {
            if at > 0 && at.is_multiple_of(each) && stop() {
                return Err(Error::Interrupted);
            }
            self.show(state.at(at), row);
        }
        Ok(())
    }

    #[inline(always)]
    fn show(&self, market_state: MarketState, observation: &mut [f64]) {
        let settings = &self.0;
        let told = settings.time.len() / (settings.demand.len() + 1);
        let hour = market_state.hour as usize;
        let time = &settings.time[hour * told..(hour + 1) * told];
        let demand = self.demand(market_state) * settings.demand_scale;
        observation.copy_from_slice(&settings.template);
        for features in observation.chunks_exact_mut(self.features()) {
            features[0] = demand;
            let gap = features.len() - told;
            features[gap..].copy_from_slice(time);
        }
    }

    /// Steps all markets by an hour, by the actions of all agents: `B` by `N` by two.
    ///
    /// At most `threads` threads work; the result does not depend on their number.
    ///
    /// # Errors
    ///
    /// An action is not allowed: the error names the first one, and nothing has changed;
    /// [`Error::OutOfMemory`] when the working memory cannot grow, or [`Error::Interrupted`] once
    /// `stop` returns true, and the state has not changed.
    ///
    /// # Panics
    ///
    /// When rows are not as many or as long as they should, or an episode is over.
    pub fn step(
        &self,
        state: EnvState<'_>,
        actions: &[f64],
        mut buffers: StepBuffers<'_>,
        threads: NonZeroUsize,
        stop: Stop<'_>,
    ) -> Result<(), Error> {
        let (markets, agents) = (state.seeds.len(), self.agents());
        self.assert_fit(&state, actions, &buffers);
        self.check(actions, stop)?;
        let each = (AGENTS_PER_CHUNK / agents).max(1);
        let workers = markets.div_ceil(each).min(threads.get());
        // A step of a market depends on its own state and actions only. So chunks of markets are
        // independent, and their order does not matter.
        let mut first = 0;
        let mut left = buffers.reborrow();
        let chunks = iter::from_fn(|| {
            let start = first;
            first += each.min(markets - first);
            (start < first).then(|| (start, left.take(first - start, self)))
        });
        let arch = Arch::new();
        parallel_for(workers, chunks, stop, |next| {
            with_workspace(|workspace| {
                memory::grow(&mut workspace.bids, each * agents)?;
                memory::grow(&mut workspace.quantities, agents)?;
                while let Some((first, buffers)) = next() {
                    let own = first * agents * 2..(first + buffers.ended.len()) * agents * 2;
                    arch.dispatch(Chunk {
                        environment: self,
                        state: &state,
                        first,
                        actions: &actions[own],
                        buffers,
                        workspace,
                    })?;
                }
                Ok(())
            })
        })?;
        // The state changes last: a step that fails changes nothing.
        for market in 0..markets {
            let market_state = self.next(state.at(market));
            (state.episodes[market], state.hours[market]) =
                (market_state.episode, market_state.hour);
        }
        Ok(())
    }

    /// The state of a market after a step.
    #[inline(always)]
    fn next(&self, market_state: MarketState) -> MarketState {
        let hour = market_state.hour + 1;
        if hour == self.0.demand.len() as u64 && self.0.autoreset {
            return MarketState {
                episode: market_state.episode.wrapping_add(1),
                hour: 0,
                ..market_state
            };
        }
        MarketState {
            hour,
            ..market_state
        }
    }

    fn assert_fit(&self, state: &EnvState<'_>, actions: &[f64], buffers: &StepBuffers<'_>) {
        let (markets, agents) = (state.seeds.len(), self.agents());
        assert_eq!(
            [state.episodes.len(), state.hours.len()],
            [markets; 2],
            "a state for each market"
        );
        let shown = markets * self.0.template.len();
        assert_eq!(actions.len(), markets * agents * 2);
        assert_eq!(buffers.observations.len(), shown);
        assert_eq!(buffers.final_observations.len(), shown);
        assert_eq!(buffers.rewards.len(), markets * agents);
        assert_eq!(buffers.dispatch.len(), markets * agents);
        assert_eq!(buffers.ended.len(), markets);
        assert_eq!(buffers.demand.len(), markets);
        assert_eq!(buffers.prices.len(), markets);
        let last = self.0.demand.len() as u64;
        assert!(
            state.hours.iter().all(|&hour| hour < last),
            "no episode is over"
        );
    }

    /// Checks that all actions are allowed.
    fn check(&self, actions: &[f64], stop: Stop<'_>) -> Result<(), Error> {
        const PAIRS: usize = 1 << 20;
        let [(least, most, _), (lowest, highest, _)] = ACTIONS;
        let mut allowed = true;
        for (step, pairs) in actions.as_chunks::<2>().0.chunks(PAIRS).enumerate() {
            if step > 0 && stop() {
                return Err(Error::Interrupted);
            }
            for pair in pairs {
                allowed &= (pair[0] >= least) & (pair[0] <= most);
                allowed &= (pair[1] >= lowest) & (pair[1] <= highest);
            }
        }
        if allowed {
            return Ok(());
        }
        let refused = actions.iter().enumerate().find(|&(at, action)| {
            let (low, high, _) = ACTIONS[at % 2];
            !(low..=high).contains(action)
        });
        refused.map_or(Ok(()), |(at, &value)| {
            let agent = at / 2 % self.agents();
            let market = at / 2 / self.agents();
            Err(Error::Value {
                argument: "actions",
                index: vec![market, agent, at % 2],
                value,
                must: ACTIONS[at % 2].2,
            })
        })
    }
}

impl EnvState<'_> {
    fn at(&self, market: usize) -> MarketState {
        MarketState {
            seed: self.seeds[market],
            episode: self.episodes[market],
            hour: self.hours[market],
        }
    }
}

impl<'a> StepBuffers<'a> {
    fn reborrow(&mut self) -> StepBuffers<'_> {
        StepBuffers {
            observations: self.observations,
            final_observations: self.final_observations,
            rewards: self.rewards,
            ended: self.ended,
            demand: self.demand,
            prices: self.prices,
            dispatch: self.dispatch,
        }
    }

    /// Splits off the buffers of the first markets.
    fn take(&mut self, markets: usize, environment: &Environment) -> StepBuffers<'a> {
        let (agents, shown) = (environment.agents(), environment.0.template.len());
        StepBuffers {
            observations: split_off(&mut self.observations, markets * shown),
            final_observations: split_off(&mut self.final_observations, markets * shown),
            rewards: split_off(&mut self.rewards, markets * agents),
            ended: split_off(&mut self.ended, markets),
            demand: split_off(&mut self.demand, markets),
            prices: split_off(&mut self.prices, markets),
            dispatch: split_off(&mut self.dispatch, markets * agents),
        }
    }
}

fn split_off<'a, T>(values: &mut &'a mut [T], length: usize) -> &'a mut [T] {
    let (taken, rest) = std::mem::take(values).split_at_mut(length);
    *values = rest;
    taken
}

/// Markets that a thread steps together.
struct Chunk<'a> {
    environment: &'a Environment,
    state: &'a EnvState<'a>,
    /// The first of the markets.
    first: usize,
    actions: &'a [f64],
    buffers: StepBuffers<'a>,
    workspace: &'a mut Workspace,
}

impl WithSimd for Chunk<'_> {
    type Output = Result<(), Error>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let settings = &self.environment.0;
        let (agents, shown) = (settings.capacities.len(), settings.template.len());
        let Workspace {
            bids,
            quantities,
            scratch,
        } = self.workspace;
        let actions = self.actions.as_chunks::<2>().0;
        // All markups of a chunk at once: a loop of nothing but `tanh` is vectorised.
        for (bid, action) in bids.iter_mut().zip(actions) {
            *bid = tanh(action[1]) * settings.max_bid_delta;
        }
        let StepBuffers {
            observations,
            final_observations,
            rewards,
            ended,
            demand,
            prices,
            dispatch,
        } = self.buffers;
        for at in 0..ended.len() {
            let own = at * agents..(at + 1) * agents;
            let (bids, quantities) = (&mut bids[own.clone()], &mut quantities[..agents]);
            let actions = &actions[own.clone()];
            for agent in 0..agents {
                bids[agent] += settings.costs[agent];
                quantities[agent] = (1.0 - actions[agent][0]) * settings.capacities[agent];
            }
            let market_state = self.state.at(self.first + at);
            let market = Market {
                bids,
                quantities,
                demand: self.environment.demand(market_state),
                rules: settings.rules,
            };
            let dispatch = &mut dispatch[own.clone()];
            // Actions and settings were checked, so the offers are valid.
            let cleared = market.clear(simd, true, dispatch, scratch)?;
            let price = cleared.ok_or(Error::Changed)?;
            let supplied: f64 = dispatch.iter().sum();
            let unserved = (market.demand - supplied).max(0.0) * settings.unserved_penalty;
            // Profit, less a penalty of the squared markup, less one of unserved demand for each.
            let rewards = &mut rewards[own];
            for agent in 0..agents {
                let cost = settings.costs[agent];
                let markup = market.bids[agent] - cost;
                let profit = (price - cost) * dispatch[agent];
                let reward = profit - settings.markup_penalty * (markup * markup) - unserved;
                rewards[agent] = reward * settings.reward_scale;
            }
            (demand[at], prices[at]) = (market.demand, price);

            let hour = market_state.hour + 1;
            let place = at * shown..(at + 1) * shown;
            let observation = &mut observations[place.clone()];
            let is_over = hour == settings.demand.len() as u64;
            ended[at] = u8::from(is_over);
            if is_over {
                let after = MarketState {
                    hour,
                    ..market_state
                };
                self.environment.show(after, &mut final_observations[place]);
            }
            self.environment
                .show(self.environment.next(market_state), observation);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::never;

    #[test]
    fn a_market_of_two_is_stepped_to_its_end_and_begins_anew() {
        let environment = Environment::new(Settings {
            capacities: vec![100.0, 50.0],
            costs: vec![10.0, 20.0],
            demand: vec![80.0, 120.0],
            noise: [0.0; 3],
            max_bid_delta: 50.0,
            markup_penalty: 0.0,
            unserved_penalty: 1.0,
            reward_scale: 1.0,
            rules: Rules::default(),
            template: vec![0.0, 1.0, 0.0, 0.0, 2.0, 0.0],
            demand_scale: 0.5,
            time: vec![7.0, 8.0, 9.0],
            autoreset: true,
        })
        .unwrap();
        let (mut episodes, mut hours) = ([0], [0]);
        let (mut observations, mut final_observations) = ([0.0; 6], [0.0; 6]);
        let (mut rewards, mut dispatch) = ([0.0; 2], [0.0; 2]);
        let (mut ended, mut demand, mut prices) = ([2], [0.0], [0.0]);
        let mut found = Vec::new();
        for _ in 0..2 {
            let state = EnvState {
                seeds: &[1],
                episodes: &mut episodes,
                hours: &mut hours,
            };
            let buffers = StepBuffers {
                observations: &mut observations,
                final_observations: &mut final_observations,
                rewards: &mut rewards,
                ended: &mut ended,
                demand: &mut demand,
                prices: &mut prices,
                dispatch: &mut dispatch,
            };
            let stepped = environment.step(state, &[0.0; 4], buffers, NonZeroUsize::MIN, &never);
            assert_eq!(stepped, Ok(()));
            found.push((prices[0], dispatch, rewards, ended[0]));
        }
        assert_eq!(found[0], (10.0, [80.0, 0.0], [0.0, 0.0], 0));
        assert_eq!(found[1], (20.0, [100.0, 20.0], [1000.0, 0.0], 1));
        assert_eq!(final_observations, [40.0, 1.0, 9.0, 40.0, 2.0, 9.0]);
        assert_eq!(observations, [40.0, 1.0, 7.0, 40.0, 2.0, 7.0]);
        assert_eq!((episodes, hours), ([1], [0]));
    }
}
