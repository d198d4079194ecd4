"""A sound project, and one small mistake after another in it, with what a check must say."""

from collections.abc import Mapping

import msgspec

from tertulia.base.problem import Severity

CONFIG = """\
recipe: default.v1
language: en
assistant_id: trips
pipeline:
- name: WhitespaceTokenizer
- name: CountVectorsFeaturizer
- name: LogisticRegressionClassifier
- name: RegexEntityExtractor
policies:
- name: MemoizationPolicy
- name: RulePolicy
"""

DOMAIN = """\
version: "3.1"
intents:
- greet
- bye
- book
entities:
- city
slots:
  city:
    type: text
    influence_conversation: false
    mappings:
    - type: from_entity
      entity: city
forms:
  trip:
    required_slots:
    - city
responses:
  utter_greet:
  - text: Hello!
  utter_bye:
  - text: Bye, see you in {city}!
  utter_ask_city:
  - text: Where?
"""

NLU = """\
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - hi there
- intent: bye
  examples: |
    - goodbye
    - see you
- intent: book
  examples: |
    - to [Rome](city)
    - to [Lima](city)
- lookup: city
  examples: |
    - Rome
    - Lima
"""

STORIES = """\
version: "3.1"
stories:
- story: greet and leave
  steps:
  - intent: greet
  - action: utter_greet
  - intent: bye
  - action: utter_bye
rules:
- rule: start a trip
  steps:
  - intent: book
  - action: trip
  - active_loop: trip
"""

SOUND = {
    "config.yml": CONFIG,
    "domain.yml": DOMAIN,
    "data/nlu.yml": NLU,
    "data/stories.yml": STORIES,
}

ERROR, WARNING, HINT = Severity.ERROR, Severity.WARNING, Severity.HINT

C, D, N, S = SOUND

Edit = tuple[str, str, str]


class Wrong(msgspec.Struct, frozen=True):
    """One mistake. edits: file, old text, new text; no old text adds at the end.

    at: file and a text in the line that the problem names; no file: it names none. hint: part of
    the remedy. fails: without `--fail-on-warnings`, and with it.
    """

    code: str
    level: Severity
    edits: tuple[Edit, ...]
    at: tuple[str, str]
    hint: str
    fails: tuple[bool, bool]

    @property
    def files(self) -> Mapping[str, str]:
        """Return the project with the mistake in it."""
        files = dict(SOUND)
        for file, old, new in self.edits:
            if old and old not in files[file]:
                raise AssertionError(f"'{old}' is not in {file}")
            files[file] = files[file].replace(old, new, 1) if old else files[file] + new
        return files

    @property
    def line(self) -> int:
        """Return the line that the problem must name."""
        file, text = self.at
        lines = self.files[file].splitlines() if text else []
        return next((n for n, line in enumerate(lines, 1) if text in line), 0)


def error(code: str, *edits: Edit, at: tuple[str, str], hint: str) -> Wrong:
    """Return a mistake that always fails."""
    return Wrong(code, ERROR, edits, at, hint, (True, True))


def warning(code: str, *edits: Edit, at: tuple[str, str], hint: str, fails: str = "flag") -> Wrong:
    """Return a mistake that is a warning. fails: always, flag or never."""
    return Wrong(code, WARNING, edits, at, hint, (fails == "always", fails != "never"))


def noted(code: str, *edits: Edit, at: tuple[str, str], hint: str) -> Wrong:
    """Return what is only hinted at."""
    return Wrong(code, HINT, edits, at, hint, (False, False))


TOKENIZER = "- name: WhitespaceTokenizer\n"
COUNTS = "- name: CountVectorsFeaturizer\n"
LEARNED = "- name: LogisticRegressionClassifier\n"
REGEX = "- name: RegexEntityExtractor\n"
MEMORY = "- name: MemoizationPolicy\n"
RULES = "- name: RulePolicy\n"
PIPELINE = TOKENIZER + COUNTS + LEARNED + REGEX
MAPPING = "    - type: from_entity\n      entity: city\n"
NO_FORM = (D, "forms:\n  trip:\n    required_slots:\n    - city\n", "")
NO_RULE = (S, STORIES[STORIES.index("rules:") :], "")
ACTION = (D, "responses:", "actions:\n- action_look\nresponses:")
CALL = (S, "  - action: utter_bye\n", "  - action: utter_bye\n  - action: action_look\n")
OTHER_SLOT = (
    D,
    "forms:",
    "  size:\n    type: categorical\n    values: [small, big]\n    mappings: []\nforms:",
)
FAQ = (
    N,
    "",
    "- intent: faq/hours\n  examples: |\n    - when open\n    - what hours\n"
    "- intent: faq/price\n  examples: |\n    - how much\n    - what price\n",
)
FAQ_INTENT = (D, "- book\n", "- book\n- faq\n")
FAQ_ANSWERS = (
    D,
    "",
    "  utter_faq/hours:\n  - text: At nine.\n  utter_faq/price:\n  - text: One.\n",
)
FAQ_RULE = (S, "", "- rule: faq\n  steps:\n  - intent: faq\n  - action: utter_faq\n")
SELECTOR = (C, REGEX, REGEX + "- name: ResponseSelector\n")


def story(*steps: str, name: str = "another") -> Edit:
    """Return the edit that adds a story. steps: as in `intent: greet`."""
    text = "".join(f"  - {step}\n" for step in steps)
    return (S, "rules:\n", f"- story: {name}\n  steps:\n{text}rules:\n")


def rule(*steps: str, name: str = "another") -> Edit:
    """Return the edit that adds a rule."""
    text = "".join(f"  - {step}\n" for step in steps)
    return (S, "", f"- rule: {name}\n  steps:\n{text}")


CONFIGURATION = [
    error("T130", (C, CONFIG, "- language\n"), at=(C, "- language"), hint="pipeline"),
    warning("T131", (C, "", "langage: en\n"), at=(C, "langage"), hint="language"),
    warning("T133", (C, "", "port: 5005\n"), at=(C, "port"), hint="command line", fails="never"),
    error("T134", (C, "default.v1", "graph.v1"), at=(C, "recipe"), hint="default.v1"),
    warning("T135", (C, "", "imports: [a]\n"), at=(C, "imports"), hint="Give the paths"),
    error("T160", (C, COUNTS, "- epochs: 3\n"), at=(C, "epochs"), hint="- name"),
    error("T161", (C, PIPELINE, "  spacy\n"), at=(C, "spacy"), hint="Known"),
    error(
        "T162",
        (C, COUNTS, COUNTS + "  min_ngram: many\n"),
        at=(C, "CountVectors"),
        hint="Correct its value",
    ),
    error(
        "T162",
        (C, COUNTS, COUNTS + "  min_ngram: 3\n  max_ngram: 1\n"),
        at=(C, "CountVectors"),
        hint="Correct its value",
    ),
    warning(
        "T163", (C, COUNTS, COUNTS + "  min_gram: 1\n"), at=(C, "CountVectors"), hint="min_ngram"
    ),
    noted(
        "T164",
        (C, TOKENIZER, TOKENIZER + "  case_sensitive: false\n"),
        at=(C, "Whitespace"),
        hint="Keep or remove",
    ),
    error(
        "T165", (C, TOKENIZER + COUNTS, COUNTS + TOKENIZER), at=(C, COUNTS[2:-1]), hint="Move it up"
    ),
    error("T165", (C, COUNTS, ""), at=(C, LEARNED[2:-1]), hint="Add one"),
    error(
        "T166",
        (C, COUNTS, COUNTS + TOKENIZER + "  x: 1\n"),
        at=("config.yml:7", ""),
        hint="Keep one",
    ),
    error(
        "T167",
        (C, COUNTS, (COUNTS + "  alias: a\n") * 2),
        at=("config.yml:8", ""),
        hint="its own",
    ),
    error("T168", (C, REGEX, REGEX + "- name: TEDPolicy\n"), at=(C, "TEDPolicy"), hint="policies"),
    warning(
        "T169",
        (C, "WhitespaceTokenizer", "tokenizer_whitespace"),
        at=(C, "tokenizer_whitespace"),
        hint="WhitespaceTokenizer",
        fails="never",
    ),
    warning("T170", (C, REGEX, ""), at=(C, TOKENIZER[2:-1]), hint="DIETClassifier"),
    warning(
        "T171",
        (N, "[Rome](city)", '[Rome]{"entity": "city", "role": "to"}'),
        (D, "- city\nslots", "- city:\n    roles: [to]\nslots"),
        at=(C, TOKENIZER[2:-1]),
        hint="CRFEntityExtractor",
    ),
    warning(
        "T172", (C, REGEX, "- name: CRFEntityExtractor\n"), at=(C, TOKENIZER[2:-1]), hint="Regex"
    ),
    warning(
        "T174",
        (N, "", "- synonym: Rome\n  examples: |\n    - roma\n"),
        at=(C, TOKENIZER[2:-1]),
        hint="EntitySynonymMapper",
    ),
    warning(
        "T175",
        FAQ,
        FAQ_INTENT,
        FAQ_ANSWERS,
        FAQ_RULE,
        at=(C, TOKENIZER[2:-1]),
        hint="ResponseSelector",
    ),
    warning(
        "T176",
        (C, REGEX, "- name: CRFEntityExtractor\n- name: DIETClassifier\n"),
        at=(C, "DIETClassifier"),
        hint="Keep one",
    ),
    warning(
        "T177",
        (C, REGEX, REGEX + "- name: CRFEntityExtractor\n"),
        at=(C, REGEX[2:-1]),
        hint="Rename",
    ),
    warning(
        "T178",
        (C, REGEX, "- name: CRFEntityExtractor\n"),
        (N, "[Lima](city)", "[Lim](city)a"),
        at=(N, "[Lim]"),
        hint="whole words",
    ),
    warning(
        "T181",
        (N, "intent: bye", "intent: greet"),
        (N, "intent: book", "intent: greet"),
        at=("", ""),
        hint="two intents",
    ),
    warning(
        "T182",
        FAQ,
        FAQ_INTENT,
        FAQ_ANSWERS,
        FAQ_RULE,
        (C, REGEX, REGEX + "- name: ResponseSelector\n  retrieval_intent: fax\n"),
        at=("", ""),
        hint="faq",
    ),
    warning(
        "T183", (C, "pipeline:\n" + PIPELINE, ""), at=(C, ""), hint="Write it down", fails="never"
    ),
    error(
        "T502", (C, "CountVectorsF", "CountVectorF"), at=(C, "CountVectorF"), hint="CountVectorsF"
    ),
    warning(
        "T503", (C, COUNTS, COUNTS + "- name: MitieNLP\n"), at=(C, "MitieNLP"), hint="Remove it"
    ),
]

POLICIES = [
    error("T105", (C, MEMORY, MEMORY + "  max_history: five\n"), at=(C, "five"), hint="Write"),
    error("T105", (C, MEMORY, MEMORY + "  max_history: 0\n"), at=(C, "max_history"), hint="null"),
    noted(
        "T106",
        (C, RULES, RULES + "- name: TEDPolicy\n  batch_size: 3\n"),
        at=(C, "TEDP"),
        hint="leave",
    ),
    error(
        "T107",
        (C, MEMORY, MEMORY + "  featurizer: [a, b]\n"),
        at=(C, "featurizer"),
        hint="one item",
    ),
    warning("T108", (C, MEMORY, MEMORY + "  priority: 4\n"), at=(C, RULES[2:-1]), hint="different"),
    error("T140", (C, RULES, ""), NO_RULE, at=(D, "trip:"), hint="RulePolicy"),
    warning(
        "T141",
        (C, RULES, ""),
        NO_FORM,
        rule("intent: bye", "action: utter_bye"),
        at=(S, "- rule: start"),
        hint="RulePolicy",
    ),
    warning("T142", (C, RULES, ""), NO_FORM, NO_RULE, at=("config.yml:10", ""), hint="RulePolicy"),
    warning(
        "T143",
        (S, STORIES, 'version: "3.1"\n'),
        at=("", ""),
        hint="to train dialogue",
        fails="never",
    ),
    warning("T144", (N, NLU, 'version: "3.1"\n'), at=("", ""), hint="/greet", fails="never"),
    warning(
        "T148",
        (C, "policies:\n" + MEMORY + RULES, ""),
        at=(C, ""),
        hint="Write them down",
        fails="never",
    ),
    error(
        "T184",
        (C, RULES, RULES + "  core_fallback_action_name: utter_gret\n"),
        at=(C, RULES[2:-1]),
        hint="utter_greet",
    ),
    error(
        "T187",
        (C, RULES, RULES + "- name: TEDPolicy\n"),
        (S, STORIES[: STORIES.index("rules:")], ""),
        at=(C, "TEDPolicy"),
        hint="Write a story",
    ),
    error(
        "T187",
        (C, RULES, RULES + "- name: UnexpecTEDIntentPolicy\n"),
        (S, STORIES[: STORIES.index("rules:")], ""),
        at=(C, "UnexpecTED"),
        hint="Write a story",
    ),
    error(
        "T502",
        (C, "MemoizationP", "MemorizationP"),
        at=(C, "Memorization"),
        hint="MemoizationPolicy",
    ),
]

DOMAINS = [
    error(
        "T212",
        (D, "- bye\n", "- bye: {triggers: utter_by}\n"),
        at=(D, "triggers"),
        hint="utter_bye",
    ),
    warning("T213", (D, "entity: city", "entity: citty"), at=(D, "- type: from"), hint="city"),
    warning(
        "T214", (D, MAPPING, MAPPING + "      not_intent: by\n"), at=(D, "- type: from"), hint="bye"
    ),
    warning(
        "T215",
        (D, "    - city\n", "    - city\n    - ctiy\n"),
        at=(D, "trip:"),
        hint="city",
        fails="always",
    ),
    warning(
        "T216",
        (D, MAPPING, MAPPING + "      conditions:\n      - active_loop: tirp\n"),
        at=(D, "- type: from"),
        hint="trip",
        fails="always",
    ),
    warning(
        "T219",
        (D, MAPPING, "    - type: custom\n      action: action_city\n"),
        at=(D, "- type: custom"),
        hint="action_listen",
    ),
    error("T220", (D, "type: text", "type: txet"), at=(D, "txet"), hint="text"),
    error("T222", (D, "    type: text\n", ""), at=(D, "    influence"), hint="type"),
    error("T227", (D, "      entity: city\n", ""), at=(D, "- type: from"), hint="entity"),
    error("T228", (D, "from_entity", "from_entities"), at=(D, "from_entities"), hint="from_entity"),
    error(
        "T229", (D, "    mappings:\n" + MAPPING, ""), at=(D, "    type: text"), hint="mappings: []"
    ),
    warning(
        "T233",
        (D, "responses:", "actions: [utter_later]\nresponses:"),
        story("intent: greet", "action: utter_greet", "intent: book", "action: utter_later"),
        at=(D, "utter_later"),
        hint="utter_bye",
    ),
    warning(
        "T245",
        (
            D,
            "  - text: Hello!\n",
            "  - text: Hello!\n    condition:\n    - {type: slot, name: ct, value: 1}\n",
        ),
        at=(D, "Hello"),
        hint="Did you mean 'city'?",
    ),
    warning("T246", (D, "{city}", "{citty}"), at=(D, "citty"), hint="city"),
    warning("T248", (D, "Hello!", "Hello }!"), at=(D, "Hello"), hint="}}"),
    error("T360", (D, DOMAIN, 'version: "3.1"\n'), NO_RULE, at=("", ""), hint="intents"),
    error(
        "T361",
        (D, "- bye\n", "- bye: {triggers: utter_bye}\n"),
        at=(D, "triggers"),
        hint="Write a rule",
    ),
]

EXAMPLES = [
    warning("T350", (N, "    - see you\n", ""), at=(N, "goodbye"), hint="two"),
    warning("T351", (N, "[Lima](city)", "Lima"), at=(N, "[Rome]"), hint="two"),
    warning("T352", (N, "see you", "hello"), at=("data/nlu.yml:10", ""), hint="one intent"),
    error(
        "T353",
        (N, "", "- regex: zip\n  examples: |\n    - '[0-9'\n"),
        at=(N, "[0-9"),
        hint="Escape",
    ),
    warning(
        "T354", FAQ, FAQ_INTENT, FAQ_RULE, SELECTOR, at=(N, "when open"), hint="utter_faq/hours"
    ),
    warning(
        "T355",
        (
            N,
            "",
            "- synonym: Rome\n  examples: |\n    - roma\n"
            "- synonym: Roma\n  examples: |\n    - roma\n",
        ),
        (C, REGEX, REGEX + "- name: EntitySynonymMapper\n"),
        at=("data/nlu.yml:24", ""),
        hint="Keep one",
    ),
    warning(
        "T362",
        (D, "- book\n", "- book\n- thank\n"),
        story("intent: thank", "action: utter_bye"),
        at=(D, "- thank"),
        hint="Add examples",
        fails="never",
    ),
    warning("T363", (N, "intent: bye", "intent: byes"), at=(N, "goodbye"), hint="'bye'"),
    warning("T371", (N, "[Lima](city)", "[Lima](town)"), at=(N, "town"), hint="entities"),
    warning(
        "T372",
        (D, "- city\nslots", "- city\n- land\nslots"),
        at=(D, "- land"),
        hint="(land)",
        fails="never",
    ),
    warning(
        "T377",
        FAQ,
        FAQ_INTENT,
        FAQ_ANSWERS,
        FAQ_RULE,
        SELECTOR,
        (D, "", "  utter_faq/place:\n  - text: Here.\n"),
        at=(D, "Here"),
        hint="faq/place",
        fails="never",
    ),
]

CONVERSATIONS = [
    warning("T310", story("intent: gret", "action: utter_bye"), at=(S, "gret"), hint="greet"),
    error(
        "T311",
        story("intent: book", "action: utter_by"),
        at=("data/stories.yml:12", ""),
        hint="utter_bye",
    ),
    warning(
        "T312",
        story("intent: bye", "slot_was_set: [{town: x}]", "action: utter_bye"),
        at=(S, "town"),
        hint="slots",
    ),
    warning(
        "T313",
        story(
            "intent: bye",
            "action: utter_bye",
            "{intent: greet, entities: [{town: x}]}",
            "action: utter_greet",
        ),
        at=(S, "town"),
        hint="entities",
    ),
    warning(
        "T314",
        story("intent: greet", "active_loop: tirp", "action: utter_greet"),
        at=(S, "tirp"),
        hint="trip",
        fails="always",
    ),
    error("T317", story("intent: bye", "actoin: utter_bye"), at=(S, "actoin"), hint="action"),
    warning(
        "T323",
        story("checkpoint: lost", "intent: bye", "action: utter_bye"),
        at=(S, "lost"),
        hint="ends with it",
    ),
    warning(
        "T324",
        story("intent: bye", "action: utter_bye", "checkpoint: lost"),
        at=(S, "lost"),
        hint="starts with it",
    ),
    warning(
        "T325",
        story("checkpoint: a", "intent: bye", "action: utter_bye", "checkpoint: a"),
        at=(S, "checkpoint: a"),
        hint="without a start",
    ),
    warning(
        "T326",
        story("intent: greet", "action: utter_bye"),
        at=("data/stories.yml:12", ""),
        hint="Let them do the same",
    ),
    warning(
        "T364",
        (D, "- book\n", "- book\n- thank\n"),
        (N, "", "- intent: thank\n  examples: |\n    - thanks\n    - ta\n"),
        at=(D, "- thank"),
        hint="Add a story",
        fails="never",
    ),
    warning(
        "T365",
        (D, "  utter_ask_city", "  utter_more:\n  - text: More?\n  utter_ask_city"),
        at=(D, "More?"),
        hint="Add a story",
        fails="never",
    ),
    noted(
        "T365",
        (D, "  utter_ask_city", "  utter_more:\n  - text: More?\n  utter_ask_city"),
        ACTION,
        CALL,
        at=(D, "More?"),
        hint="Leave them",
    ),
    noted("T374", ACTION, at=(D, "action_look"), hint="Leave them"),
    noted("T376", ACTION, CALL, at=(S, "action_look"), hint="action_endpoint"),
    noted(
        "T379",
        (C, LEARNED, LEARNED + "- name: FallbackClassifier\n"),
        at=(C, "Fallback"),
        hint="nlu_fallback",
    ),
    error(
        "T380",
        rule("intent: bye", "action: utter_bye", "intent: greet", "action: utter_greet"),
        at=("data/stories.yml:15", ""),
        hint="restrict_rules",
    ),
    error("T381", rule("intent: bye", "action: trip"), at=("data/stories.yml:15", ""), hint="null"),
    error(
        "T382",
        rule("intent: greet", "action: utter_bye"),
        at=(S, "- action: utter_greet"),
        hint="Change one",
    ),
    error(
        "T382",
        rule("intent: bye", "action: utter_greet"),
        rule("intent: bye", "action: utter_bye", name="third"),
        at=("data/stories.yml:18", ""),
        hint="Change one",
    ),
]

SLOTS = [
    warning(
        "T366",
        OTHER_SLOT,
        (
            D,
            "    mappings: []\n",
            "    mappings:\n    - type: from_text\n      conditions:\n      - active_loop: trip\n",
        ),
        at=(D, "- type: from_text"),
        hint="required_slots",
        fails="always",
    ),
    warning(
        "T369",
        (D, "- city\nslots", "- city\n- land\nslots"),
        (D, MAPPING, MAPPING + "    - type: from_entity\n      entity: land\n"),
        at=("domain.yml:16", ""),
        hint="(land)",
    ),
    warning(
        "T369",
        (D, "- city\nslots", "- city:\n    roles: [to]\nslots"),
        (D, MAPPING, MAPPING + "      role: to\n"),
        at=(D, "- type: from"),
        hint="Annotate it so",
    ),
    warning(
        "T369",
        (D, "- book\n", "- book\n- yes\n"),
        story("intent: yes", "action: utter_bye"),
        (D, MAPPING, MAPPING + "    - type: from_intent\n      intent: yes\n      value: x\n"),
        at=(D, "from_intent"),
        hint="Add examples",
    ),
    warning(
        "T369",
        OTHER_SLOT,
        (
            D,
            MAPPING,
            MAPPING + "      conditions:\n      - {active_loop: trip, requested_slot: size}\n",
        ),
        at=(D, "- type: from"),
        hint="required_slots",
    ),
    warning(
        "T369",
        (
            D,
            MAPPING,
            MAPPING
            + "    - type: from_trigger_intent\n      intent: bye\n      value: x\n"
            + "      conditions:\n      - active_loop: trip\n",
        ),
        at=(D, "from_trigger"),
        hint="Name an intent",
    ),
    warning(
        "T369",
        (D, MAPPING, MAPPING + "    - type: custom\n"),
        at=(D, "- type: custom"),
        hint="mappings: []",
    ),
    warning(
        "T370",
        (D, "  utter_ask_city:\n  - text: Where?\n", ""),
        at=(D, "trip:"),
        hint="utter_ask_trip_city",
    ),
    noted("T373", OTHER_SLOT, at=(D, "size:"), hint="another program"),
    warning("T375", NO_RULE, at=(D, "trip:"), hint="Add a rule", fails="never"),
    warning(
        "T378",
        OTHER_SLOT,
        story("intent: bye", "slot_was_set: [{size: huge}]", "action: utter_bye"),
        at=(S, "huge"),
        hint="Correct the value",
    ),
]

WRONG = [*CONFIGURATION, *POLICIES, *DOMAINS, *EXAMPLES, *CONVERSATIONS, *SLOTS]
"""Every mistake; a code may be there several times."""
