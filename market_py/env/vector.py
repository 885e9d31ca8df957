"""A vector environment: many markets stepped together, as arrays. It needs only NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_py.env.buffers import StepBuffers
from market_py.env.model import Model
from market_py.env.state import EnvState
from market_py.env.stepper import make_stepper
from market_py.env.system import System
from market_py.validation import Float64Array, check_array, check_integer, check_kind, check_seed

if TYPE_CHECKING:
    from gymnasium.spaces import Box
    from gymnasium.vector import AutoresetMode, VectorEnv

    Base = VectorEnv[Float64Array, Float64Array, NDArray[Any]]
else:
    # Nothing below needs Gymnasium but the spaces: without it the class only loses its base.
    try:
        from gymnasium.vector import AutoresetMode
        from gymnasium.vector import VectorEnv as Base
    except ModuleNotFoundError:
        Base, AutoresetMode = object, None

Bools = NDArray[np.bool_]
MOST_MARKETS = 2**32
"""More do not fit into any memory."""


class MarketVectorEnv(Base):
    """``B`` markets with ``N`` agents each, stepped together.

    It is a `gymnasium.vector.VectorEnv` where Gymnasium is installed, and runs without it too; only
    the spaces need Gymnasium.

    An episode is truncated after its last hour, never terminated. A market whose episode has ended
    begins the next one within the same step: the observation is then the first of the new episode,
    and ``infos["final_obs"]`` holds the last of the old one.

    Parameters
    ----------
    system : System
        The generators, and their demand.
    num_envs : int
        Number of markets, ``B``; >= 1.
    backend : str, optional
        One of `market_py.env.available_steppers`; by default the fastest.
    threads : int, optional
        Largest number of threads that work; by default the number of cores. No result depends on
        it.
    copy : bool
        Whether each step returns new arrays. If not, each step overwrites the arrays that the step
        before returned.
    **rules
        As for `market_py.env.Model`.

    Notes
    -----
    Observations have shape (B, N, F), actions (B, N, 2), rewards (B, N). ``infos`` holds, of the
    hour that was cleared, ``price`` in €/MWh and ``demand`` in MW of shape (B,), and ``dispatch``
    in MW of shape (B, N).

    Gymnasium's vector wrappers that add up or scale rewards, such as ``RecordEpisodeStatistics``
    and ``NormalizeReward``, expect rewards of shape (B,) and do not work here; they work with
    `market_py.env.AgentVectorEnv`.

    The environment can be pickled and copied; the copy goes on as the original does.

    Examples
    --------
    >>> markets = MarketVectorEnv(System([100, 50], [10, 30], [60, 120]), 3, demand_noise=0.0)
    >>> observations, _ = markets.reset(seed=0)
    >>> observations.shape
    (3, 2, 4)
    >>> _, rewards, _, _, infos = markets.step(np.zeros((3, 2, 2)))
    >>> infos["price"].tolist(), infos["dispatch"][0].tolist()
    ([10.0, 10.0, 10.0], [60.0, 0.0])
    """

    metadata: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "autoreset_mode": getattr(AutoresetMode, "SAME_STEP", None),
        "render_modes": [],
    }

    def __init__(
        self,
        system: System,
        num_envs: int = 1,
        *,
        backend: str | None = None,
        threads: int | None = None,
        copy: bool = True,
        **rules: Any,
    ) -> None:
        self.num_envs = check_integer("num_envs", num_envs, 1, MOST_MARKETS)
        self.model = Model(system, **rules)
        self._stepper = make_stepper(self.model, backend, autoreset=True, threads=threads)
        self.copies = copy
        """Whether each step returns new arrays."""
        self._state = EnvState.at_start(self.num_envs, self.model.remembered)
        self._buffers = StepBuffers.of(self.model, self.num_envs)
        self._never_terminated = np.zeros(self.num_envs, dtype=bool)
        self._is_reset = False
        self._agents: tuple[int, ...] = (self.model.agents,)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Float64Array, dict[str, Any]]:
        """Begin an episode in every market, or in those of ``options["reset_mask"]``.

        Parameters
        ----------
        seed : int or sequence of int, optional
            Seed of the noise; market ``i`` gets ``seed + i``, or the i-th seed of a sequence.
            Without a seed, each market begins its next episode with the seed it has; at first, a
            seed is drawn.
        options : dict, optional
            ``reset_mask``, booleans of shape (B,), tells which markets begin an episode.

        Returns
        -------
        observations : ndarray, shape (B, N, F)
        infos : dict
            Empty.

        Raises
        ------
        RuntimeError
            Some markets are to be reset before all have been.
        """
        mask = self._mask(options)
        seeds = self._seeds(seed)
        state = self._state
        state.episodes[mask] += np.uint64(1)
        state.hours[mask] = 0
        state.memory[:, mask] = 0
        for market in np.flatnonzero(mask).tolist():
            if (given := seeds[market]) is not None:
                state.seeds[market], state.episodes[market] = given, 0
        self._is_reset = True
        self._stepper.observe(state, self._buffers.observations)
        return self._given(self._buffers.observations), {}

    def step(
        self, actions: ArrayLike
    ) -> tuple[Float64Array, Float64Array, Bools, Bools, dict[str, Any]]:
        """Step all markets by an hour; the class says what is returned.

        Parameters
        ----------
        actions : array_like, shape (B, N, 2)
            See `market_py.env.Model`.

        Raises
        ------
        RuntimeError
            The markets have not been reset.
        """
        if not self._is_reset:
            raise RuntimeError("step: call reset first")
        buffers = self._buffers
        shape = (self.num_envs, self.model.agents, 2)
        self._stepper.step(self._state, check_array("actions", actions, shape=shape), buffers)
        given = self._given
        infos = {
            "price": given(buffers.prices),
            "demand": given(buffers.demand),
            "dispatch": given(buffers.dispatch),
        }
        if buffers.ended.any():
            infos["final_obs"] = given(buffers.final_observations)
            infos["_final_obs"] = given(buffers.ended)
        return (
            given(buffers.observations),
            given(buffers.rewards),
            given(self._never_terminated),
            given(buffers.ended),
            infos,
        )

    @cached_property
    def single_observation_space(self) -> Box:  # type: ignore[override]
        """Space of the observations of one market, shape (N, F)."""
        return self._spaces(self._agents)[0]

    @cached_property
    def single_action_space(self) -> Box:  # type: ignore[override]
        """Space of the actions of one market, shape (N, 2)."""
        return self._spaces(self._agents)[1]

    @cached_property
    def observation_space(self) -> Box:  # type: ignore[override]
        """Space of the observations of all markets, shape (B, N, F)."""
        return self._spaces((self.num_envs, *self._agents))[0]

    @cached_property
    def action_space(self) -> Box:  # type: ignore[override]
        """Space of the actions of all markets, shape (B, N, 2)."""
        return self._spaces((self.num_envs, *self._agents))[1]

    def _spaces(self, shape: tuple[int, ...]) -> tuple[Box, Box]:
        from market_py.env.spaces import action_space, observation_space

        return observation_space(self.model, shape), action_space(shape)

    @property
    def np_random_seed(self) -> int | tuple[int, ...] | None:  # type: ignore[override]
        """Seed ``s`` if market ``i`` has seed ``s + i``, else the seeds of all markets.

        It is None before the first reset.
        """
        if not self._is_reset:
            return None
        first, *others = seeds = self._state.seeds.tolist()
        return first if others == [*range(first + 1, first + len(seeds))] else tuple(seeds)

    @property
    def observations(self) -> Float64Array:
        """Observations of the hour that the next step clears, as ``reset`` and ``step`` return."""
        return self._buffers.observations.copy()

    @property
    def state(self) -> EnvState:
        """A copy of the markets' state: with the system and the rules, all that a step needs.

        What is assigned here must be a state of as many markets with the same system; the next
        step is then the one that would have followed.
        """
        return self._state.copy()

    @state.setter
    def state(self, state: EnvState) -> None:
        state.check(self.num_envs, self.model.system.hours, self.model.remembered)
        self._state.words[:] = state.words
        self._is_reset = True
        self._stepper.observe(self._state, self._buffers.observations)

    def _given(self, array: NDArray[Any]) -> NDArray[Any]:
        return array.copy() if self.copies else array

    def _mask(self, options: dict[str, Any] | None) -> Bools:
        mask = (options or {}).get("reset_mask")
        if mask is None:
            return np.ones(self.num_envs, dtype=bool)
        mask = check_kind("reset_mask", mask, "b", "booleans")
        if mask.shape != (self.num_envs,) or not mask.any():
            raise ValueError(
                f"reset_mask: must be {self.num_envs} booleans, one at least true, got {mask!r}"
            )
        if not self._is_reset and not mask.all():
            raise RuntimeError("reset: reset all markets before some of them")
        return mask

    def _seeds(self, seed: int | Sequence[int | None] | None) -> Sequence[int | None]:
        if seed is None:
            seed = [None] * self.num_envs
        elif (
            not isinstance(seed, list | tuple | range | np.ndarray)
            or getattr(seed, "shape", None) == ()
        ):
            first = check_seed(seed, room=self.num_envs - 1)
            return range(first, first + self.num_envs)
        if len(seed) != self.num_envs:
            raise ValueError(f"seed: must be {self.num_envs} seeds, got {len(seed)}")
        given = [
            None if each is None else check_seed(each, f"seed[{market}]")
            for market, each in enumerate(seed)
        ]
        if self._is_reset:
            return given
        # A market without a seed draws one.
        drawn = int(np.random.SeedSequence().generate_state(1, np.uint32)[0])
        return [drawn + at if each is None else each for at, each in enumerate(given)]
