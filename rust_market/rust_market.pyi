"""Merit-order clearing of an electricity market, compiled from Rust.

The contract (merit order, price, shortage, ties, errors) is that of ``market_py``, whose
``market_clearing`` and ``market_clearing_batch`` may be replaced by these.
"""

from collections.abc import Sequence
from typing import Literal, Self, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

__version__: str

BUILD_ID: str
"""Fingerprint of the sources that the extension was built from."""

BUILD_PROFILE: Literal["debug", "release"]
"""How the extension was compiled; only ``"release"`` is fast."""

def market_clearing(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: float,
    *,
    ties: Literal["index", "pro_rata"] = "index",
    price_cap: float | None = None,
) -> tuple[float, NDArray[np.float64]]:
    """Clear one market.

    Parameters
    ----------
    bids : array_like, shape (N,)
        Offer prices, €/MWh; finite, may be negative.
    quantities : array_like, shape (N,)
        Offered quantities, MW; finite and >= 0.
    demand : float
        Fixed demand, MW; finite and >= 0.
    ties : {"index", "pro_rata"}
        Offers at the marginal price are accepted by index, or each with the same share.
    price_cap : float, optional
        Price of a shortage, €/MWh (value of lost load); without it, the highest offer.

    Returns
    -------
    price : float
        Uniform clearing price, €/MWh: the offer of the marginal unit.
    dispatch : ndarray, shape (N,)
        Accepted quantities, MW, in the order of the offers.

    Raises
    ------
    TypeError
        An argument is not made of real numbers, or has a mask or units.
    ValueError
        An argument has the wrong shape, labels that disagree, or a value outside its domain.

    Notes
    -----
    The arguments are never written. During the call, do not change them from another thread,
    neither their values nor their dtype, shape or strides: the GIL is released while 16,384 offers
    or more are cleared, and NumPy releases it when it writes. Never call
    ``resize(refcheck=False)`` on an array that a call uses: it frees memory in use.
    """

def market_clearing_batch(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: ArrayLike,
    *,
    ties: Literal["index", "pro_rata"] = "index",
    price_cap: ArrayLike | None = None,
    threads: SupportsIndex | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Clear ``B`` markets in one call, in parallel, with the GIL released.

    Parameters
    ----------
    bids, quantities : array_like, shape (B, N) or (N,)
        As for `market_clearing`; one row for each market, or one for all.
    demand : array_like, shape (B,) or ()
        Fixed demand, MW.
    ties : {"index", "pro_rata"}
        As for `market_clearing`.
    price_cap : array_like, shape (B,) or (), optional
        As for `market_clearing`.
    threads : int, optional
        At most this many threads work; by default as many as there are cores. The result does
        not depend on it.

    Returns
    -------
    prices : ndarray, shape (B,)
        Uniform clearing prices, €/MWh.
    dispatch : ndarray, shape (B, N)
        Accepted quantities, MW.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As for `market_clearing`; an error names the row.

    Notes
    -----
    ``B`` comes from the two-dimensional arrays or from `demand`, else it is 1. Axes of length 1 do
    not broadcast. Do not change the arrays from another thread during the call, as for
    `market_clearing`: they are read with the GIL released. Ctrl-C ends the call within a second.
    """

def auction_clearing(
    offer_prices: ArrayLike,
    offer_quantities: ArrayLike,
    bid_prices: ArrayLike,
    bid_quantities: ArrayLike,
    *,
    k: float = 0.0,
    ties: Literal["index", "pro_rata"] = "index",
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Clear one auction of sellers' offers and buyers' bids.

    Parameters
    ----------
    offer_prices : array_like, shape (N,)
        Least prices that sellers take, €/MWh; finite, may be negative.
    offer_quantities : array_like, shape (N,)
        Offered quantities, MW; finite and >= 0.
    bid_prices : array_like, shape (M,)
        Most that buyers pay, €/MWh; finite, may be negative.
    bid_quantities : array_like, shape (M,)
        Quantities that buyers want, MW; finite and >= 0.
    k : float
        Where the price lies in the price interval, 0 to 1.
    ties : {"index", "pro_rata"}
        Orders at the marginal price are accepted by index, or each with the same share.

    Returns
    -------
    price : float
        Uniform clearing price, €/MWh.
    sold : ndarray, shape (N,)
        Accepted quantities of the offers, MW.
    bought : ndarray, shape (M,)
        Accepted quantities of the bids, MW.

    Raises
    ------
    TypeError, ValueError
        As for `market_clearing`; there must be an offer or a bid.

    Notes
    -----
    As for `market_clearing`; the GIL is released if each side has 16,384 orders or more.
    """

def auction_clearing_batch(
    offer_prices: ArrayLike,
    offer_quantities: ArrayLike,
    bid_prices: ArrayLike,
    bid_quantities: ArrayLike,
    *,
    k: ArrayLike = 0.0,
    ties: Literal["index", "pro_rata"] = "index",
    threads: SupportsIndex | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Clear ``B`` auctions in one call, in parallel, with the GIL released.

    Parameters
    ----------
    offer_prices, offer_quantities : array_like, shape (B, N) or (N,)
        As for `auction_clearing`; one row for each auction, or one for all.
    bid_prices, bid_quantities : array_like, shape (B, M) or (M,)
        As for `auction_clearing`; one row for each auction, or one for all.
    k : array_like, shape (B,) or ()
        As for `auction_clearing`.
    ties : {"index", "pro_rata"}
        As for `auction_clearing`.
    threads : int, optional
        As for `market_clearing_batch`.

    Returns
    -------
    prices : ndarray, shape (B,)
        Uniform clearing prices, €/MWh.
    sold : ndarray, shape (B, N)
        Accepted quantities of the offers, MW.
    bought : ndarray, shape (B, M)
        Accepted quantities of the bids, MW.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As for `auction_clearing`; an error names the row.

    Notes
    -----
    As for `market_clearing_batch`; ``B`` may also come from `k`.
    """

def market_clearing_naive(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, list[float]]:
    """Clear one market as the published code does: a variant to compare with, not a backend.

    It sorts indices with a stable sort, allocates six temporary vectors, and returns a Python list.
    As all variants it expects contiguous arrays of doubles and checks only their lengths.
    """

def market_clearing_ndarray(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, NDArray[np.float64]]:
    """Clear one market by the variant that returns an array instead of a list."""

def market_clearing_scratch(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, NDArray[np.float64]]:
    """Clear one market by the variant without temporaries."""

def market_clearing_unstable(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, NDArray[np.float64]]:
    """Clear one market by the variant with an unstable sort."""

def market_clearing_keys(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, NDArray[np.float64]]:
    """Clear one market by the variant that sorts pairs of price and index."""

def market_clearing_select(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, NDArray[np.float64]]:
    """Clear one market by the variant that does not sort."""

def market_clearing_unchecked(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, NDArray[np.float64]]:
    """Clear one market without sorting, arguments borrowed without bookkeeping."""

def market_clearing_naive_unchecked(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, list[float]]:
    """Clear one market by the published kernel, arguments borrowed without bookkeeping."""

def market_clearing_select_list(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, list[float]]:
    """Clear one market without sorting, arguments borrowed without bookkeeping, a list out."""

def market_clearing_into(
    bids: NDArray[np.float64],
    quantities: NDArray[np.float64],
    demand: float,
    out: NDArray[np.float64],
) -> float:
    """Clear one market, write the dispatch into `out` and return the price: a variant.

    Raises
    ------
    ValueError
        `out` has another length, is read-only, or shares memory with the offers.
    """

class Environment:
    """Markets to learn in: a whole step of many of them in one call.

    `market_py.env` makes one from a system and rules, and is the interface for use; here the caller
    owns every array. All are contiguous; ``B`` markets, ``N`` agents, ``T`` hours, ``F`` features.
    An environment can be copied and pickled.

    Parameters
    ----------
    capacities, costs : sequence of float, N
        MW, and marginal costs in €/MWh.
    demand : sequence of float, T
        Demand of each hour without noise, MW.
    noise : tuple of float
        Standard deviation of the noise on demand, and its bounds, MW.
    max_bid_delta : float
        Largest markup, €/MWh.
    markup_penalty, unserved_penalty, reward_scale : float
        As for `market_py.env.Model`.
    pro_rata : bool
        How ties at the marginal price are broken.
    price_cap : float or None
        Price of a shortage, €/MWh.
    template : sequence of float, N * F
        Observations with gaps for demand, the first feature, and for the time, the last ones.
    demand_scale : float
        Factor of demand in an observation.
    time : sequence of float
        Features of the time, for each hour and for the one after the last.
    autoreset : bool
        Whether a market whose last hour is over begins its next episode in the same step.

    Raises
    ------
    ValueError
        Lengths disagree, or a value is not finite, or a capacity or a demand may be negative.
    """

    def __new__(
        cls,
        *,
        capacities: Sequence[float] | NDArray[np.float64],
        costs: Sequence[float] | NDArray[np.float64],
        demand: Sequence[float] | NDArray[np.float64],
        noise: tuple[float, float, float],
        max_bid_delta: float,
        markup_penalty: float,
        unserved_penalty: float,
        reward_scale: float,
        pro_rata: bool,
        price_cap: float | None,
        template: Sequence[float] | NDArray[np.float64],
        demand_scale: float,
        time: Sequence[float] | NDArray[np.float64],
        autoreset: bool,
    ) -> Self: ...
    def observe(
        self,
        state: NDArray[np.uint64],
        observations: NDArray[np.float64],
    ) -> None:
        """Fill the observations, (B, N, F), of the hour in which each market is.

        The state is the seed, the episode and the hour of each market, (3, B).

        Raises
        ------
        TypeError, ValueError
            An array has another dtype or length, is not contiguous, may not be written, or shares
            memory with another one.
        """

    def step(
        self,
        state: NDArray[np.uint64],
        actions: NDArray[np.float64],
        observations: NDArray[np.float64],
        final_observations: NDArray[np.float64],
        rewards: NDArray[np.float64],
        ended: NDArray[np.bool_],
        demand: NDArray[np.float64],
        prices: NDArray[np.float64],
        dispatch: NDArray[np.float64],
        threads: int,
    ) -> None:
        """Step all markets by an hour, by actions of shape (B, N, 2): fill the other arrays.

        The state has shape (3, B), ``ended``, ``demand`` and ``prices`` (B,), ``rewards`` and
        ``dispatch`` (B, N), observations (B, N, F); the final ones are written where an episode
        has ended. The GIL is released from 256 agents on. Nothing depends on the number of threads.

        Raises
        ------
        TypeError, ValueError
            As for `observe`; an action outside its bounds is named. The state has not
            changed then.
        KeyboardInterrupt
            Within a second; the state has not changed then.
        """

class ReplayBuffer:
    """The last transitions that were added, a ring buffer in memory.

    `market_py.learning.ReplayBuffer` is the interface for use; here the caller owns every array.
    All are contiguous; ``K`` transitions, ``F`` values of an observation, ``A`` of an action.
    A buffer can be copied and pickled; a copy draws what the original draws next.

    Parameters
    ----------
    capacity : int
        How many transitions it holds at most; the last ones replace the oldest.
    observation_size, action_size : int
        ``F`` and ``A``.
    seed : int
        Seed of the draws.
    alpha : float or None
        Exponent of the priorities; None: all transitions are drawn alike.

    Raises
    ------
    ValueError, MemoryError
        A size is zero, or too large.
    RuntimeError
        Raised by every method, if the process was forked while another thread was at work in the
        buffer, or if a signal handler interrupted a method of the same buffer.
    """

    def __new__(
        cls,
        capacity: int,
        observation_size: int,
        action_size: int,
        *,
        seed: int,
        alpha: float | None,
    ) -> Self: ...
    def __len__(self) -> int:
        """Transitions that can be drawn."""

    def add(
        self,
        observations: NDArray[np.float32],
        actions: NDArray[np.float32],
        rewards: NDArray[np.float32],
        next_observations: NDArray[np.float32],
        done: NDArray[np.bool_],
    ) -> None:
        """Add transitions: (K, F), (K, A), (K,), (K, F) and (K,).

        Raises
        ------
        TypeError, ValueError
            An array has another dtype or length, is not contiguous, or holds a value that is not
            finite. Nothing has changed then.
        """

    def sample(
        self,
        beta: float,
        observations: NDArray[np.float32],
        actions: NDArray[np.float32],
        rewards: NDArray[np.float32],
        next_observations: NDArray[np.float32],
        done: NDArray[np.bool_],
        indices: NDArray[np.int64],
        weights: NDArray[np.float32],
    ) -> None:
        """Draw as many transitions as there are indices, (K,), and fill the arrays.

        The GIL is released for large draws, and while another thread is at work in the buffer.

        Raises
        ------
        TypeError, ValueError
            As for `add`, two arrays share memory, or there is nothing to sample yet.
        KeyboardInterrupt
            Within a second; no draw has been made then.
        """

    def update(self, indices: NDArray[np.int64], priorities: NDArray[np.float64]) -> None:
        """Change the priorities of transitions, (K,) and (K,).

        Raises
        ------
        TypeError, ValueError
            As for `add`; an index or a priority is outside its domain; the buffer has no
            priorities.
        """

    def state(
        self,
    ) -> tuple[tuple[int, int], NDArray[np.float32], NDArray[np.float64], float]:
        """Copy everything that changes.

        Transitions added and draws so far; rows of observation, next observation, action, reward
        and end of the episode; their priorities to the power of alpha; the largest of these.
        """

    def restore(
        self,
        counters: tuple[int, int],
        rows: NDArray[np.float32],
        preferences: NDArray[np.float64],
        largest: float,
    ) -> None:
        """Replace everything that changes by what `state` returned.

        Raises
        ------
        ValueError
            It does not fit the buffer, or holds what calls cannot have made: values that are not
            finite, or preferences that are not positive. The buffer has not changed.
        """

class MLP:
    """Dense layers, tanh or ReLU between them.

    `market_py.learning.MLPPolicy` is the interface for use; here the caller owns every array.
    A network can be copied and pickled.

    Parameters
    ----------
    weights, biases : sequence of ndarray of float32
        Of each layer, contiguous: (outputs, inputs) and (outputs,), or those of each of N agents.
    agents : int
        N, or 1 for a network of all.
    relu : bool
        Whether ReLU is between the layers instead of tanh.

    Raises
    ------
    TypeError, ValueError
        An array has another dtype, is not contiguous, or layers do not fit together.
    MemoryError
        There is no memory for the weights, whose rows are padded to a multiple of 16 outputs.
    """

    def __new__(
        cls,
        weights: Sequence[NDArray[np.float32]],
        biases: Sequence[NDArray[np.float32]],
        *,
        agents: int,
        relu: bool,
    ) -> Self: ...
    def answer(
        self,
        observations: NDArray[np.float32],
        answers: NDArray[np.float32],
        threads: int,
    ) -> None:
        """Fill the answers to rows of observations, those of all agents market after market.

        The GIL is released from 64 rows on. Nothing depends on the number of threads.

        Raises
        ------
        TypeError, ValueError
            An array has another dtype or length, is not contiguous, or shares memory with the other
            one; an observation that is not finite is named.
        KeyboardInterrupt
            Within a second.
        """

def fill_random_words(words: NDArray[np.uint32], *, seed: int, year: int) -> None:
    """Fill the random words of the outages of a year.

    Parameters
    ----------
    words : ndarray of uint32, shape (4, hours)
        Filled with the words of the first 32 units in each hour, as
        `market_py.reliability.outages.philox32` computes them.
    seed, year : int
        As for `simulate_years`.
    """

def simulate_years(
    alias: NDArray[np.uint32],
    capacities: NDArray[np.uint64],
    needed: NDArray[np.uint64],
    loads: NDArray[np.float64],
    in_service: NDArray[np.uint8],
    hours: NDArray[np.uint32],
    unserved: NDArray[np.float64],
    energy: NDArray[np.float64],
    *,
    quantum: float,
    seed: int,
    first: int,
    threads: int,
) -> None:
    """Simulate years of units that fail at random.

    `market_py.reliability.adequacy.simulate` is the interface for use; here the caller owns every
    array. All are contiguous. The GIL is released. Nothing depends on the number of threads.

    Parameters
    ----------
    alias : ndarray of uint32, shape (words, 256)
        Alias tables over the states of each eight units, as
        `market_py.reliability.outages.alias_tables` makes them.
    capacities : ndarray of uint64, shape (units,)
        Capacities in merit order, as multiples of ``quantum``; together below 2^62.
    needed : ndarray of uint64, shape (hours,)
        The least capacity that meets the load of each hour, as a multiple of ``quantum``.
    loads : ndarray of float64, shape (hours,)
        Load of each hour, MW.
    in_service : ndarray of uint8, shape (words, hours) or (0,)
        Bits that tell which of eight units have no planned outage; empty if none has one.
    hours : ndarray of uint32, shape (years, units + 1)
        Filled with the hours in which each unit is marginal, then those of shortage.
    unserved : ndarray of float64, shape (years,)
        Filled with the energy not served, MWh.
    energy : ndarray of float64, shape (years, units) or (0,)
        Filled with the energy of each unit, MWh, unless it is empty.
    quantum : float
        MW.
    seed, first : int
        Key of the random numbers, below 2^64, and number of the first year; years are below 2^32.
    threads : int
        Number of threads.

    Raises
    ------
    TypeError, ValueError
        An array has another dtype or length, is not contiguous, or shares memory with one that is
        filled.
    """

def ppo_update(
    parameters: NDArray[np.float32],
    moments: NDArray[np.float32],
    observations: NDArray[np.float32],
    actions: NDArray[np.float32],
    log_probs: NDArray[np.float32],
    advantages: NDArray[np.float32],
    returns: NDArray[np.float32],
    order: NDArray[np.uint32],
    losses: NDArray[np.float64],
    *,
    learning_rate: float,
    clip_coef: float,
    vf_coef: float,
    ent_coef: float,
    max_grad_norm: float,
    minibatch_size: int,
    steps: int,
    hidden: Sequence[int],
    relu: bool,
    threads: int,
) -> None:
    """Update the networks of some agents by proximal policy optimization.

    `market_py.learning.PPO` is the interface for use; here the caller owns every array. All are
    contiguous. The GIL is released. Nothing depends on the number of threads.

    Parameters
    ----------
    parameters, moments : ndarray of float32, shape (sets, size) and (2, sets, size)
        Parameters of each set of networks, as `market_py.learning.actor_critic.Shape` orders them,
        and Adam's moments; changed in place.
    observations, actions : ndarray of float32, shape (samples, sets, values)
        What agents saw and did.
    log_probs, advantages, returns : ndarray of float32, shape (samples, sets)
        Logarithms of the densities of the actions, advantages, and targets of the critic.
    order : ndarray of uint32, shape (epochs, samples)
        Indices of all samples in each epoch.
    losses : ndarray of float64, shape (sets, 5)
        Filled with the means of the policy's loss, the value's loss, the entropy, the approximate
        divergence and the share of clipped samples.
    learning_rate, clip_coef, vf_coef, ent_coef, max_grad_norm, minibatch_size
        As for `market_py.learning.PPO`.
    steps : int
        Steps of Adam so far.
    hidden : sequence of int
        Sizes of the hidden layers.
    relu : bool
        Whether ReLU is between the layers instead of tanh.
    threads : int
        Largest number of threads that work.

    Raises
    ------
    TypeError, ValueError
        An array has another dtype or length, is not contiguous, or shares memory with another one;
        or the gradient of a set of networks is not finite. The arrays are useless then.
    KeyboardInterrupt
        Within a second; the arrays are useless then.
    """
