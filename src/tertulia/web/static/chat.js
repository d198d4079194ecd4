/** The chat page: takes what the person says to the bot, and what the bot says to the view. */

import { Memory } from "./memory.js";
import { converse, Trouble } from "./transport.js";
import { View } from "./view.js";
import { explain } from "./words.js";

const WEBHOOK = new URL("webhooks/rest/webhook", document.baseURI).href;
const RESTART = "/restart";
const FINE_POINTER = matchMedia("(pointer: fine)");

const memory = new Memory(location.pathname);
const view = new View({ choose, retry, edit });
const form = document.getElementById("composer");
const field = document.getElementById("message");
const send = document.getElementById("send");
const access = document.getElementById("access");
const credential = document.getElementById("credential");

const entries = [];

/** The AbortController of the turn in progress, or null. Only its owner may show answers. */
let turn = null;

function keep() {
  memory.keep(entries.filter((entry) => entry.kind !== "trouble"));
}

function add(entry) {
  entries.push(entry);
  view.add(entry);
  keep();
}

function drop(entry) {
  entries.splice(entries.indexOf(entry), 1);
  view.remove(entry);
  keep();
}

function settle(entry, state, problem) {
  entry.state = state;
  entry.problem = problem;
  view.update(entry);
  keep();
}

function clear() {
  entries.length = 0;
  view.clear();
  keep();
}

/** Begin to wait. The caller owns the turn until `turn` is another. */
function begin() {
  turn = new AbortController();
  send.setAttribute("aria-disabled", "true");
  view.waiting(true);
  return turn;
}

function end() {
  turn = null;
  send.removeAttribute("aria-disabled");
  view.waiting(false);
}

/** Leave the turn in progress, if any; its late answers are not shown. */
function abandon() {
  const left = turn;
  if (left !== null) {
    end();
    left.abort();
    const open = entries.find((entry) => entry.state === "pending");
    if (open) {
      settle(open, "unclear", explain(new Trouble("stopped")));
    }
  }
}

/** Say something; false when the bot still answers the last thing said. */
function say(text, payload = text) {
  if (turn !== null) {
    view.announce("Please wait for the answer first.");
    return false;
  }
  const entry = { kind: "user", text, payload, state: "pending" };
  add(entry);
  void run(entry);
  return true;
}

async function run(entry) {
  const own = begin();
  let answers = 0;
  try {
    for await (const message of converse(WEBHOOK, outgoing(entry.payload), means(own))) {
      if (turn !== own) {
        return;
      }
      answers += 1;
      add({ kind: "bot", message });
    }
    if (turn === own) {
      settle(entry, "sent");
    }
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) {
      throw trouble;
    }
    if (turn !== own) {
      return;
    }
    answers = -1;
    askIfAsked(trouble);
    settle(entry, trouble.received ? "unclear" : "failed", explain(trouble));
  } finally {
    if (turn === own) {
      end();
      if (answers === 0) {
        add({ kind: "note", text: "The assistant gave no answer to this." });
      }
    }
  }
}

function outgoing(message) {
  return { sender: memory.senderForSending(), message };
}

function means(own) {
  return { signal: own.signal, credential: memory.credential };
}

/** Let the person say who they are, where the server wants to know; what it refused is forgotten. */
function askIfAsked(trouble) {
  if (trouble.asksForCredential) {
    memory.forgetCredential();
    access.hidden = false;
    credential.focus();
  }
}

/** Keep what the person gave, and send again what was refused. */
function takeCredential(event) {
  event.preventDefault();
  memory.credential = credential.value.trim();
  credential.value = "";
  access.hidden = true;
  const refused = entries.findLast((entry) => entry.kind === "user" && entry.state === "failed");
  if (refused) {
    retry(refused);
  } else {
    focusField();
  }
}

/** Send the very same message again; it moves to the end, where its answer will appear. */
function retry(entry) {
  if (turn !== null) {
    view.announce("Please wait for the answer first.");
    return;
  }
  drop(entry);
  delete entry.problem;
  entry.state = "pending";
  add(entry);
  focusField();
  void run(entry);
}

/** Take a message that did not reach the bot back to be written anew. */
function edit(entry) {
  drop(entry);
  write([entry.text, field.value].filter(Boolean).join("\n"));
  field.focus();
}

function choose(title, payload) {
  if (say(title, payload)) {
    focusField();
  }
}

/** Let the bot forget the conversation; what was said stays until it has. */
async function restart() {
  abandon();
  entries.filter((entry) => entry.kind === "trouble").forEach(drop);
  const own = begin();
  const answers = [];
  try {
    for await (const message of converse(WEBHOOK, outgoing(RESTART), means(own))) {
      answers.push(message);
    }
    if (turn === own) {
      clear();
      add({ kind: "note", text: "The conversation was restarted." });
      answers.forEach((message) => add({ kind: "bot", message }));
    }
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) {
      throw trouble;
    }
    if (turn === own) {
      askIfAsked(trouble);
      const { title, advice, detail } = explain(trouble);
      const problem = { title: "The conversation was not restarted.", advice: `${title} ${advice}`.trim(), detail };
      add({ kind: "trouble", problem, again: () => void restart() });
    }
  } finally {
    if (turn === own) {
      end();
      focusField();
    }
  }
}

function beginAnew() {
  abandon();
  memory.forgetSender();
  clear();
  view.announce("A new conversation begins.");
  focusField();
}

/** On a touch screen the focus would open the keyboard over the answer. */
function focusField() {
  if (FINE_POINTER.matches) {
    field.focus({ preventScroll: true });
  } else {
    document.getElementById("middle").focus({ preventScroll: true });
  }
}

function write(text) {
  field.value = text;
  memory.draft = text;
  fit();
}

/** Grow the field with its text, up to the height that the style sheet allows. */
function fit() {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
}

function submit(event) {
  event.preventDefault();
  const text = field.value.trim();
  if (text && say(text)) {
    write("");
  }
}

function onKey(event) {
  // While an input method composes, Enter confirms its suggestion; Safari says so by the code 229.
  const composing = event.isComposing || event.keyCode === 229;
  if (event.key === "Enter" && !event.shiftKey && !composing) {
    event.preventDefault();
    form.requestSubmit();
  }
}

function restore() {
  const kept = memory.entries;
  for (const entry of kept) {
    if (entry.state === "pending") {
      entry.state = "unclear";
      entry.problem = explain(new Trouble("reloaded"));
    }
  }
  entries.push(...kept);
  if (kept.length === 0 && memory.sender !== null) {
    entries.push({ kind: "note", text: "You talked to this assistant before, and it may remember. For a clean start, choose New." });
  }
  view.restore(entries);
  write(memory.draft);
}

form.addEventListener("submit", submit);
access.addEventListener("submit", takeCredential);
field.addEventListener("keydown", onKey);
field.addEventListener("input", () => write(field.value));
document.getElementById("restart").addEventListener("click", () => void restart());
document.getElementById("anew").addEventListener("click", beginAnew);
document.getElementById("stop").addEventListener("click", () => turn?.abort());
document.getElementById("greet").addEventListener("click", () => choose("hi", "hi"));
addEventListener("resize", fit);
restore();
if (FINE_POINTER.matches) {
  field.focus();
}
