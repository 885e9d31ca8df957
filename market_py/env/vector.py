"""Many markets stepped together, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray

from market_py.env.actions import as_actions
from market_py.env.buffers import StepBuffers
from market_py.env.model import Model
from market_py.env.spaces import action_space, observation_space
from market_py.env.state import EnvState
from market_py.env.stepper import make_stepper
from market_py.env.system import System
from market_py.validation import Float64Array, check_seed

Bools = NDArray[np.bool_]


class MarketVectorEnv(VectorEnv[Float64Array, Float64Array, NDArray[Any]]):
    """``B`` markets with ``N`` agents each, stepped together.

    An episode is truncated after its last hour, never terminated. A market whose episode has ended
    begins the next one within the same step: the observation is then the first of the new episode,
    and ``infos["final_obs"]`` holds the last of the old one.

    Parameters
    ----------
    system : System
        The generators, and their demand.
    num_envs : int
        How many markets, ``B``.
    backend : str, optional
        One of `market_py.env.available_steppers`; by default the fastest.
    threads : int, optional
        At most this many work; by default as many as there are cores. No result depends on it.
    copy : bool
        Whether each step returns arrays of its own. If not, it returns the same arrays each time,
        over the ones before.
    **rules
        As for `market_py.env.Model`.

    Raises
    ------
    TypeError, ValueError, ImportError
        As for `market_py.env.Model` and `market_py.env.make_stepper`.

    Notes
    -----
    Observations have shape (B, N, F), actions (B, N, 2), rewards (B, N). ``infos`` holds, of the
    hour that was cleared, ``price`` in €/MWh and ``demand`` in MW of shape (B,), and ``dispatch``
    in MW of shape (B, N).
    """

    metadata: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "autoreset_mode": AutoresetMode.SAME_STEP,
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
        whole = isinstance(num_envs, int | np.integer) and not isinstance(num_envs, bool)
        if not whole or num_envs < 1:
            raise ValueError(f"num_envs = {num_envs!r}: must be a positive integer")
        self.model = Model(system, **rules)
        self.num_envs = int(num_envs)
        self.single_observation_space = observation_space(self.model, (self.model.agents,))
        self.single_action_space = action_space((self.model.agents,))
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._stepper = make_stepper(self.model, backend, autoreset=True, threads=threads)
        self._copy = copy
        self._state = EnvState.at_start(self.num_envs)
        self._buffers = StepBuffers.of(self.model, self.num_envs)
        self._never_terminated = np.zeros(self.num_envs, dtype=bool)
        self._is_reset = False

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
            Of the noise of each market; market ``i`` gets ``seed + i``. Without a seed the next
            episode of the one before begins; at first, that is drawn.
        options : dict, optional
            ``reset_mask``, of shape (B,), says which markets begin an episode.

        Raises
        ------
        ValueError
            What is not a seed, or not a mask; nothing has changed then.
        RuntimeError
            Some markets are to be reset before all have been.
        """
        mask = self._mask(options)
        seeds = self._seeds(seed)
        state = self._state
        state.episodes[mask] += np.uint64(1)
        state.hours[mask] = 0
        for market in np.flatnonzero(mask).tolist():
            if (given := seeds[market]) is not None:
                state.seeds[market], state.episodes[market] = given, 0
        self._is_reset = True
        self._stepper.observe(state, self._buffers.observations)
        return self._given(self._buffers.observations), {}

    def step(
        self, actions: ArrayLike
    ) -> tuple[Float64Array, Float64Array, Bools, Bools, dict[str, Any]]:
        """Step all markets by an hour; see the class.

        Raises
        ------
        TypeError, ValueError
            Actions are not what the action space says; nothing has changed then.
        RuntimeError
            The markets have not been reset.
        """
        if not self._is_reset:
            raise RuntimeError("step: call reset first")
        buffers = self._buffers
        shape = (self.num_envs, self.model.agents, 2)
        self._stepper.step(self._state, as_actions(actions, shape), buffers)
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

    @property
    def state(self) -> EnvState:
        """A copy of where the markets are: with the system and the rules, their whole state."""
        return self._state.copy()

    @state.setter
    def state(self, state: EnvState) -> None:
        """Go on from there; the next step is that which would have followed."""
        state.check(self.num_envs, self.model.system.hours)
        self._state.set(state)
        self._is_reset = True

    def _given(self, array: NDArray[Any]) -> NDArray[Any]:
        return array.copy() if self._copy else array

    def _mask(self, options: dict[str, Any] | None) -> Bools:
        mask = (options or {}).get("reset_mask")
        if mask is None:
            return np.ones(self.num_envs, dtype=bool)
        mask = np.asarray(mask)
        if mask.dtype != bool or mask.shape != (self.num_envs,) or not mask.any():
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
        # Where there is no seed to go on from, one is drawn.
        drawn = int(np.random.SeedSequence().generate_state(1, np.uint32)[0])
        return [drawn + at if each is None else each for at, each in enumerate(given)]
