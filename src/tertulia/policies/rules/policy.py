"""The rule policy: rules, loops, and what to do when nothing else is sure.

Source: spec policies.md section 8.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Self

import msgspec

from tertulia.base.errors import ModelError
from tertulia.core.domain.model import Domain
from tertulia.core.events import LoopInterrupted
from tertulia.core.prediction import Prediction, Reason
from tertulia.core.states import NO_RULE_ONLY, RuleOnly, StateTable
from tertulia.core.tracker import Tracker
from tertulia.ml.parts import Parts
from tertulia.policies.fallback import check_action
from tertulia.policies.origins import Origin, Origins, pack_origins, unpack_origins
from tertulia.policies.policy import PolicyConfig, PolicyTraining
from tertulia.policies.rules.book import RuleBook
from tertulia.policies.rules.check import Contradictions, check_completeness, check_restriction
from tertulia.policies.rules.learn import learn_rules, learn_unhappy_paths, rule_only
from tertulia.policies.rules.reason import Reasoner, Source, Verdict
from tertulia.policies.rules.settings import RuleConfig

_KINDS = {"default": "default_intent", "loop": "loop", "listen": "loop_waits"}
"""What explanations call the sources of predictions that are no rules."""


class _Learned(msgspec.Struct, frozen=True, kw_only=True):
    """What training leaves behind. hidden: sources whose turns learned policies do not see.

    origins: where the rules stand, in the order of `rules`.
    """

    rules: dict[str, str] = {}
    unhappy: dict[str, str] = {}
    hidden: list[Source] = []
    slots: list[str] = []
    loops: list[str] = []
    origins: Any = None


class RulePolicy:
    """Follows rules to the letter and keeps loops running.

    rule_only: slots and loops that learned policies must not see.
    """

    name: ClassVar[str] = "RulePolicy"
    Config: ClassVar[type[PolicyConfig]] = RuleConfig

    def __init__(
        self,
        config: RuleConfig,
        reasoner: Reasoner,
        *,
        hidden: frozenset[Source] = frozenset(),
        rule_only: RuleOnly = NO_RULE_ONLY,
        origins: Mapping[str, Origin] | None = None,
    ) -> None:
        self._config = config
        self._origins: Mapping[str, Origin] = origins or {}
        self._reasoner = reasoner
        self._hidden = hidden
        self.rule_only = rule_only

    @classmethod
    def train(cls, config: RuleConfig, data: PolicyTraining) -> Self:
        """Learn the rules; what is wrong with them goes to the diagnostics.

        Raises:
            ConfigError: the fallback action is no action of the bot.
        """
        origins: Origins[str] = Origins(data.files)
        checked = _check(config, data, origins)
        data.report(cls.name, 1.0)
        reasoner = checked.reasoner
        known = origins.of(entry.key for entry in reasoner.rules)
        only = NO_RULE_ONLY
        if config.check_for_contradictions:
            only = rule_only(data.rules(), data.taught(), data.table)
        return cls(config, reasoner, hidden=checked.hidden, rule_only=only, origins=known)

    @classmethod
    def check(cls, config: RuleConfig, data: PolicyTraining) -> None:
        """Note what is wrong with the rules.

        Raises:
            ConfigError: the fallback action is no action of the bot.
        """
        _check(config, data, Origins(data.files))

    @classmethod
    def from_parts(cls, config: RuleConfig, parts: Parts, domain: Domain) -> Self:
        """Return the policy of a model. Raises ModelError for damaged parts."""
        try:
            learned = msgspec.convert(parts.meta, _Learned)
            reasoner = Reasoner(
                StateTable(domain),
                RuleBook(learned.rules.items()),
                RuleBook(learned.unhappy.items()),
            )
        except (ValueError, TypeError, AttributeError, IndexError) as error:
            raise ModelError(
                f"the rules of the model are damaged: {error}",
                hint="Train the model again.",
                code="T420",
            ) from error
        return cls(
            config,
            reasoner,
            hidden=frozenset(learned.hidden),
            rule_only=RuleOnly(frozenset(learned.slots), frozenset(learned.loops)),
            origins=unpack_origins(learned.origins, learned.rules),
        )

    def parts(self) -> Parts:
        """Return the rules as JSON."""
        learned = _Learned(
            rules={entry.key: entry.value for entry in self._reasoner.rules},
            unhappy={entry.key: entry.value for entry in self._reasoner.unhappy},
            hidden=sorted(self._hidden, key=lambda source: (source.kind, source.name)),
            slots=sorted(self.rule_only.slots),
            loops=sorted(self.rule_only.loops),
            origins=pack_origins(self._origins.get(entry.key) for entry in self._reasoner.rules),
        )
        return Parts(meta=msgspec.to_builtins(learned))

    def knowing(self, rule_only: RuleOnly) -> Self:
        """Return the policy itself: rules see everything."""
        return self

    @property
    def needed_history(self) -> int | None:
        """Return how many states are looked at."""
        return self._reasoner.longest

    def predict(self, tracker: Tracker) -> Prediction:
        """Return the rules' action, or only the fallback action with its small score."""
        verdict = self._reasoner.verdict(tracker)
        config = self._config
        scores: dict[str, float] = {}
        if config.enable_fallback_prediction:
            scores[config.core_fallback_action_name] = config.core_fallback_threshold
        if verdict.action is not None:
            scores[verdict.action] = self._score(tracker)
        return Prediction(
            policy=self.name,
            scores=scores,
            priority=config.priority,
            events=(LoopInterrupted(is_interrupted=True),) if verdict.returning else (),
            no_user=verdict.no_user,
            end_to_end=verdict.end_to_end,
            hide_rule_turn=verdict.action is not None and verdict.source in self._hidden,
            why=partial(self._reason, verdict),
        )

    def _reason(self, verdict: Verdict, action: str) -> Reason:
        source = verdict.source
        if action != verdict.action or source is None:
            return {"by": "core_fallback", "threshold": self._config.core_fallback_threshold}
        if source.kind != "rule":
            return {"by": _KINDS[source.kind], "name": source.name}
        origin = self._origins.get(source.name)
        return {"by": "rule"} if origin is None else origin.reason("rule")

    def _score(self, tracker: Tracker) -> float:
        if not self._config.use_nlu_confidence_as_score:
            return 1.0
        confidence = tracker.state.latest_message.intent.get("confidence")
        return float(confidence) if isinstance(confidence, int | float) else 1.0


class _Checked(msgspec.Struct, frozen=True, kw_only=True):
    """Rules that were compared with each other and with the stories."""

    reasoner: Reasoner
    hidden: frozenset[Source] = frozenset()


def _check(config: RuleConfig, data: PolicyTraining, origins: Origins[str]) -> _Checked:
    """Return the rules; what is wrong with them goes to the diagnostics. origins: gets them."""
    if config.enable_fallback_prediction:
        check_action(config.core_fallback_action_name, RulePolicy.name, data)
    rules, table = data.rules(), data.table
    if config.restrict_rules:
        check_restriction(rules, data.diagnostics)
    # Where no story has a loop, going through them all for what happens in one is spared.
    has_loops = any(state.loop is not None for state in data.taught().states)
    looping = data.stories(augmented=False) if has_loops else ()
    reasoner = Reasoner(
        table, learn_rules(rules, table, origins), learn_unhappy_paths(rules, looping, table)
    )
    data.report(RulePolicy.name, 0.5)
    if not config.check_for_contradictions:
        return _Checked(reasoner=reasoner)
    check_completeness(rules, data.domain, table, data.diagnostics)
    checked = Contradictions(reasoner, data.diagnostics)
    checked.check(rules, data.stories(augmented=False))
    return _Checked(reasoner=reasoner, hidden=checked.unused(data.domain))
