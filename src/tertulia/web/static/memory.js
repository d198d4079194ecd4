/**
 * What the browser remembers: who is talking (all tabs), what was said and half-typed, and a token or key (this tab).
 *
 * A browser may forbid storage altogether; then the page remembers until it is closed.
 */

const MOST_ENTRIES = 300;

export class Memory {
  #shared = open("localStorage");
  #own = open("sessionStorage");
  #prefix;

  /** scope: tells several assistants on one host apart. */
  constructor(scope) {
    this.#prefix = `tertulia:${scope}:`;
  }

  /** The id of the conversation begun in this browser, or null. */
  get sender() {
    return this.#shared.get(`${this.#prefix}sender`);
  }

  /** Return the id of the conversation, a new one when there is none. */
  senderForSending() {
    const known = this.sender;
    if (known) {
      return known;
    }
    const made = newId();
    this.#shared.set(`${this.#prefix}sender`, made);
    return made;
  }

  /** Forget the conversation's id; the next message begins another conversation. */
  forgetSender() {
    this.#shared.drop(`${this.#prefix}sender`);
  }

  /** The token or key that the person gave, for this tab alone, or null. */
  get credential() {
    return this.#own.get(`${this.#prefix}credential`);
  }

  set credential(text) {
    this.#own.set(`${this.#prefix}credential`, text);
  }

  forgetCredential() {
    this.#own.drop(`${this.#prefix}credential`);
  }

  get draft() {
    return this.#own.get(`${this.#prefix}draft`) ?? "";
  }

  set draft(text) {
    this.#own.set(`${this.#prefix}draft`, text);
  }

  /** The entries kept last, oldest first; [] when there are none or they are damaged. */
  get entries() {
    try {
      const kept = JSON.parse(this.#own.get(`${this.#prefix}entries`) ?? "[]");
      return Array.isArray(kept) ? kept.filter(wellFormed) : [];
    } catch {
      return [];
    }
  }

  /** Keep the newest entries; fewer of them where the browser's room is short. */
  keep(entries) {
    for (let most = MOST_ENTRIES; most > 0; most = Math.floor(most / 4)) {
      if (this.#own.set(`${this.#prefix}entries`, JSON.stringify(entries.slice(-most)))) {
        return;
      }
    }
  }
}

function wellFormed(entry) {
  switch (entry?.kind) {
    case "user":
      return typeof entry.text === "string" && typeof entry.payload === "string";
    case "bot":
      return "message" in entry;
    case "note":
      return typeof entry.text === "string";
    default:
      return false;
  }
}

/** Storage that never throws: what the browser does not keep is kept in the page. */
function open(name) {
  const page = new Map();
  const attempt = (act, otherwise) => {
    try {
      return act(window[name]);
    } catch {
      return otherwise;
    }
  };
  return {
    get: (key) => page.get(key) ?? attempt((storage) => storage.getItem(key), null),
    set(key, value) {
      const kept = attempt((storage) => (storage.setItem(key, value), true), false);
      if (kept) {
        page.delete(key);
      } else {
        page.set(key, value);
      }
      return kept;
    },
    drop(key) {
      page.delete(key);
      attempt((storage) => storage.removeItem(key), undefined);
    },
  };
}

/** crypto.randomUUID is missing on pages served over plain http, so it is not used. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
