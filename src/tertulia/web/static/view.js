/**
 * The conversation on the page: shows entries, never decides anything.
 *
 * An entry is {kind: "user", text, payload, state, problem?}, {kind: "bot", message},
 * {kind: "note", text} or {kind: "trouble", problem, again}; the same object stands for the same
 * place on the page for as long as it is shown.
 */

import { make, partsOf } from "./parts.js";

/** Scrolled up by less than this many pixels still counts as reading the newest message. */
const NEAR_END = 96;

/** After this many milliseconds without an end of the turn, the page offers to stop waiting. */
const PATIENCE = 10_000;

export class View {
  #actions;
  #rows = new Map();
  #places = Object.fromEntries(
    ["log", "middle", "newer", "patience", "status", "waiting", "welcome"].map((id) => [id, document.getElementById(id)]),
  );
  #patience = 0;
  #following = true;
  #lastTop = 0;

  /** actions: choose(title, payload), retry(entry) and edit(entry), called by what is shown. */
  constructor(actions) {
    this.#actions = actions;
    const { log, middle, newer } = this.#places;
    newer.addEventListener("click", () => this.#toEnd());
    middle.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    // The newest message stays in sight when a phone's keyboard opens or an image arrives.
    const follower = new ResizeObserver(() => this.#follow());
    follower.observe(middle);
    follower.observe(log);
  }

  /** Show all of these and nothing else, without reading them out. */
  restore(entries) {
    const { log } = this.#places;
    log.setAttribute("aria-live", "off");
    this.clear();
    entries.forEach((entry) => this.#append(entry));
    this.#settleChoices();
    this.#following = true;
    this.#follow();
    requestAnimationFrame(() => log.setAttribute("aria-live", "polite"));
  }

  /** Show a new entry at the end. */
  add(entry) {
    this.#following ||= entry.kind === "user";
    this.#append(entry);
    this.#settleChoices();
    this.#places.newer.hidden = this.#following;
    this.#follow();
  }

  /** Show an entry whose state changed. */
  update(entry) {
    const fresh = this.#row(entry);
    this.#rows.get(entry).replaceWith(fresh);
    this.#rows.set(entry, fresh);
    this.#settleChoices();
    this.#follow();
  }

  remove(entry) {
    this.#rows.get(entry)?.remove();
    this.#rows.delete(entry);
    this.#settleChoices();
  }

  clear() {
    this.#rows.clear();
    this.#places.log.replaceChildren();
    this.#places.newer.hidden = true;
    this.#settleChoices();
  }

  /** Show whether a turn runs. */
  waiting(yes) {
    const { waiting, patience } = this.#places;
    clearTimeout(this.#patience);
    waiting.hidden = !yes;
    patience.hidden = true;
    this.announce(yes ? "The assistant is typing" : "");
    if (yes) {
      this.#patience = setTimeout(() => this.#offerToStop(), PATIENCE);
    }
    this.#follow();
  }

  /** Say something to people who listen to the page. */
  announce(text) {
    this.#places.status.textContent = text;
  }

  #offerToStop() {
    this.#places.patience.hidden = false;
    this.announce("The assistant is still working. You can stop waiting.");
    this.#follow();
  }

  #append(entry) {
    const row = this.#row(entry);
    this.#rows.set(entry, row);
    this.#places.log.append(row);
  }

  #row(entry) {
    switch (entry.kind) {
      case "user":
        return this.#userRow(entry);
      case "bot":
        return this.#botRow(entry);
      case "trouble":
        return wrap("row trouble-row", this.#trouble(entry.problem, [["Try again", entry.again]]));
      default:
        return make("p", "row note", entry.text);
    }
  }

  #userRow(entry) {
    const text = make("p", "bubble", entry.text);
    text.dir = "auto";
    const row = wrap("row user", make("span", "unseen", "You said:"), text);
    row.classList.toggle("unsent", entry.state === "failed");
    if (entry.problem) {
      const ways = [[entry.state === "failed" ? "Retry" : "Send again", () => this.#actions.retry(entry)]];
      if (entry.state === "failed" && entry.text === entry.payload) {
        ways.push(["Edit", () => this.#actions.edit(entry)]);
      }
      row.append(this.#trouble(entry.problem, ways));
    }
    return row;
  }

  #botRow(entry) {
    const body = wrap("said", ...partsOf(entry.message, this.#actions.choose));
    const avatar = make("span", "avatar");
    avatar.setAttribute("aria-hidden", "true");
    return wrap("row bot", avatar, make("span", "unseen", "The assistant said:"), body);
  }

  #trouble({ title, advice, detail }, ways) {
    const box = make("div", "trouble");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "Problem");
    box.append(make("p", "trouble-title", title));
    if (advice) {
      box.append(make("p", "", advice));
    }
    if (detail) {
      box.append(make("p", "trouble-detail", detail));
    }
    const buttons = ways.map(([name, act]) => {
      const button = make("button", "plain", name);
      button.type = "button";
      button.addEventListener("click", act);
      return button;
    });
    box.append(wrap("ways", ...buttons));
    return box;
  }

  /** Choices are open until the person says something that reached, or may reach, the bot. */
  #settleChoices() {
    const entries = [...this.#rows.keys()];
    this.#places.welcome.hidden = entries.some((entry) => entry.kind === "user" || entry.kind === "bot");
    let answer = null;
    for (const entry of entries.reverse()) {
      if (entry.kind === "user" && entry.state !== "failed") {
        answer = entry;
      } else if (entry.kind === "bot") {
        for (const button of this.#rows.get(entry).querySelectorAll("button.choice")) {
          button.disabled = answer !== null;
          button.classList.toggle("chosen", answer?.payload === button.dataset.payload);
        }
      }
    }
  }

  /** Only a person scrolls up; the page itself only moves down. */
  #onScroll() {
    const { middle, newer } = this.#places;
    const nearEnd = middle.scrollHeight - middle.scrollTop - middle.clientHeight < NEAR_END;
    if (nearEnd || middle.scrollTop < this.#lastTop) {
      this.#following = nearEnd;
    }
    newer.hidden ||= nearEnd;
    this.#lastTop = middle.scrollTop;
  }

  /** The welcome is read from its top, however small the screen. */
  #follow() {
    if (this.#following && this.#places.welcome.hidden) {
      this.#toEnd();
    }
  }

  #toEnd() {
    const { middle, newer } = this.#places;
    this.#following = true;
    newer.hidden = true;
    middle.scrollTop = middle.scrollHeight;
  }
}

function wrap(className, ...children) {
  const box = make("div", className);
  box.append(...children);
  return box;
}
