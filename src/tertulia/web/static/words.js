/** Troubles in words that a visitor understands: what happened, and what may help. */

const PLAIN = {
  offline: ["You seem to be offline.", "Your message is kept here. Send it again once you are back online."],
  unreachable: ["The server cannot be reached.", "It may have stopped or the network may be down. Your message is kept here."],
  interrupted: ["The connection broke before the answer was complete.", "The assistant may already have received your message."],
  unreadable: ["The answer could not be read.", "Something other than the assistant seems to have answered, at least in part."],
  stopped: ["You stopped waiting for the answer.", "The assistant may already have received your message."],
  reloaded: ["The page was closed or reloaded before the answer was complete.", "The assistant may already have received your message."],
};

const STATUS = {
  400: "The server did not understand this message.",
  401: "The assistant only talks to people it knows.",
  403: "The server does not let this page talk to the assistant.",
  404: "This server does not offer the chat: its rest channel is not enabled.",
  405: "This server does not offer the chat: its rest channel is not enabled.",
  408: "The server waited too long for this message.",
  409: "The assistant is not ready.",
  413: "This message is too long for the server.",
  429: "Too many messages in a short time.",
  502: "The server cannot be reached at the moment.",
  503: "The assistant is busy or not ready.",
  504: "The assistant took too long to answer.",
};

const ADVICE = {
  401: "Please enter a token or key below.",
  413: "Please make it shorter.",
  429: "Please wait a moment.",
  502: "Please try again in a moment.",
  503: "Please try again in a moment.",
  504: "Please try again in a moment.",
};

/** Return {title, advice, detail} for a Trouble; detail is the server's own account, or "". */
export function explain(trouble) {
  if (trouble.kind !== "refused") {
    const [title, advice] = PLAIN[trouble.kind];
    return { title, advice, detail: "" };
  }
  const { status, message, reason, retryAfter } = trouble.facts;
  const failed = status >= 500 ? "The assistant failed on this message." : "The server refused this message.";
  return {
    title: STATUS[status] ?? failed,
    advice: retryAfter === null ? (ADVICE[status] ?? "") : `Please try again in ${duration(retryAfter)}.`,
    detail: [message, `(${[reason, status].filter(Boolean).join(", ")})`].filter(Boolean).join(" "),
  };
}

function duration(seconds) {
  if (seconds < 90) {
    return seconds === 1 ? "1 second" : `${seconds} seconds`;
  }
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `${minutes} minutes` : `${Math.ceil(minutes / 60)} hours`;
}
