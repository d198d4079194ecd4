/**
 * One turn over the rest channel: a message goes out, the bot's messages come back one by one.
 *
 * Nothing is ever sent twice on its own: a second request follows only a status that says the
 * first was not run.
 */

/** The server refuses the streaming form itself; the turn was not run. */
const STREAMING_REFUSED = new Set([406, 501]);

/**
 * Why a turn did not end well.
 *
 * kind: "offline", "unreachable", "refused" (a status), "interrupted" (the answer broke off),
 * "unreadable" (not what this channel answers), "stopped" (the person stopped waiting) or
 * "reloaded" (the page went away during the turn).
 * Only "refused" has status, message, reason and retryAfter (seconds or null).
 */
export class Trouble extends Error {
  constructor(kind, facts = {}) {
    super(kind);
    this.kind = kind;
    this.facts = facts;
  }

  /** The server wants to know who asks, or does not take what it was told. */
  get asksForCredential() {
    return this.kind === "refused" && this.facts.status === 401;
  }

  /** The bot may have taken the message although the answer is missing or incomplete. */
  get received() {
    return ["interrupted", "unreadable", "stopped", "reloaded"].includes(this.kind);
  }
}

/**
 * Send a message and yield each answer as soon as it arrives.
 *
 * webhook: URL of the rest channel. signal: aborts the wait. credential: token or key, or null; it
 * goes into a header, since addresses end up in histories and logs.
 * Throws Trouble, after all answers that could be read were yielded.
 */
export async function* converse(webhook, { sender, message }, { signal, credential }) {
  const body = JSON.stringify({ sender, message, metadata: {} });
  const send = (url) => post(url, body, signal, credential);
  let response = await send(streamingPossible() ? `${webhook}?stream=true` : webhook);
  if (STREAMING_REFUSED.has(response.status) && streamingPossible()) {
    response = await send(webhook);
  }
  if (!response.ok) {
    throw await refusal(response);
  }
  const type = response.headers.get("Content-Type") ?? "";
  if (type.includes("html")) {
    throw new Trouble("unreadable");
  }
  const whole = type.includes("application/json") || !streamingPossible() || !response.body;
  yield* whole ? list(response, signal) : lines(response.body, signal);
}

function streamingPossible() {
  return typeof ReadableStream === "function" && "body" in Response.prototype;
}

async function post(url, body, signal, credential) {
  const shown = credential === null ? {} : { Authorization: `Bearer ${credential}` };
  try {
    return await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...shown },
      body,
      signal,
      cache: "no-store",
    });
  } catch {
    throw cut(signal, navigator.onLine === false ? "offline" : "unreachable");
  }
}

async function* lines(stream, signal) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let unreadable = false;
  for (;;) {
    const { done, value } = await chunk(reader, signal);
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const ready = rest.split("\n");
    rest = done ? "" : ready.pop();
    for (const line of ready.filter((text) => text.trim())) {
      const message = parse(line);
      unreadable ||= message === undefined;
      if (message !== undefined) {
        yield message;
      }
    }
    if (done) {
      break;
    }
  }
  if (unreadable) {
    throw new Trouble("unreadable");
  }
}

async function chunk(reader, signal) {
  try {
    return await reader.read();
  } catch {
    throw cut(signal, "interrupted");
  }
}

async function* list(response, signal) {
  let text;
  try {
    text = await response.text();
  } catch {
    throw cut(signal, "interrupted");
  }
  const messages = parse(text);
  if (!Array.isArray(messages)) {
    throw new Trouble("unreadable");
  }
  yield* messages;
}

function cut(signal, kind) {
  return new Trouble(signal.aborted ? "stopped" : kind);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function refusal(response) {
  const text = await response.text().catch(() => "");
  const said = parse(text);
  const word = (key) => (typeof said?.[key] === "string" ? said[key].trim() : "");
  return new Trouble("refused", {
    status: response.status,
    message: word("message"),
    reason: word("reason"),
    retryAfter: seconds(response.headers.get("Retry-After")),
  });
}

/** Retry-After holds seconds or a date; null when it holds neither, or the past. */
function seconds(header) {
  if (header === null) {
    return null;
  }
  const wait = /^\s*\d+\s*$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return wait > 0 ? Math.ceil(wait) : null;
}
